/**
 * The process with the peers that the measured one hears, on a network in the shape of a star. A few
 * are real buses: they publish what it has subscribed to, and one listens to all that it publishes.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus } from '../../../bus/index.ts'
import { Kind, readHeader } from '../../../bus/core/wire/packet.ts'
import { RealmKeys } from '../../../bus/core/seal/keys.ts'
import { connectOver } from '../../../bus/io/connect.ts'
import { nodeEnv } from '../../../bus/io/system.ts'
import { Bystander, type Realm } from './bystander.ts'
import { eachFrame, Frame, type Framed, framed } from './frames.ts'
import {
  type Answer,
  inTurns,
  MEETING_MS,
  type Scale,
  type Told,
  topicOf,
  type Work,
} from './plan.ts'
import { Star } from './star.ts'

class Crowd {
  readonly #scale: Scale
  readonly #star: Star
  readonly #buses: Bus[] = []
  /** The group on which all peers of a realm hear each other. */
  #control = ''
  /** The ports of the buses; the first of them listens to everything as well. */
  readonly #busPorts = new Set<number>()
  #published = 0
  #heard = 0

  private constructor(scale: Scale, socket: Socket) {
    this.#scale = scale
    this.#star = new Star((datagram, from) => {
      const frame = { type: Frame.from, text: from.address, port: from.port, datagram }
      socket.write(framed(frame))
    })
    eachFrame(socket, (frame) => this.#carry(frame))
  }

  static async gather(scale: Scale, given: { port: number; key: string }): Promise<Crowd> {
    const socket = connect({ host: '::1', port: given.port, noDelay: true })
    await once(socket, 'connect')
    const crowd = new Crowd(scale, socket)
    const key = new Uint8Array(Buffer.from(given.key, 'hex'))
    const { crypto } = await nodeEnv()
    const keys = new RealmKeys(crypto, { name: 'scale', root: new Uint8Array(key) })
    const realm = { crypto, keys, peers: scale.peers + 1 }
    for (let at = 0; at < scale.peers; at++) {
      if (at < BUSES) await crowd.#addBus(at, key)
      else crowd.#addBystander(realm, at)
    }
    crowd.#buses[0]!.subscribe('topics/**', () => void (crowd.#heard += 1))
    return crowd
  }

  get counts(): Answer {
    return { published: this.#published, heard: this.#heard }
  }

  begin(): Promise<void> {
    return inTurns(this.#scale.patterns, async (at) => {
      await this.#publisherOf(at).matched(topicOf(at), { timeout: MEETING_MS })
      this.#publish(at)
    })
  }

  async work({ forMs, perSecond }: Work): Promise<void> {
    const startedAt = performance.now()
    let published = 0
    for (let spent = 0; spent < forMs; spent = performance.now() - startedAt) {
      const due = Math.floor((spent * perSecond) / 1000)
      for (; published < due; published++) this.#publish(published % this.#scale.patterns)
      await sleep(5)
    }
  }

  #publish(at: number): void {
    this.#publisherOf(at).publish(topicOf(at), PAYLOAD)
    this.#published += 1
  }

  #publisherOf(topic: number): Bus {
    return this.#buses[topic % this.#buses.length]!
  }

  async #addBus(at: number, key: Uint8Array): Promise<void> {
    const transport = this.#star.transport()
    const join = transport.join.bind(transport)
    transport.join = (group) => {
      if (this.#control === '') this.#control = group
      join(group)
    }
    const bus = await connectOver(transport, {
      key: new Uint8Array(key),
      realm: 'scale',
      name: `peer ${at}`,
      // So many that the first of them listens to.
      limits: { memberBindings: 20_000 },
    })
    this.#busPorts.add(transport.port)
    this.#buses.push(bus)
  }

  #addBystander(realm: Realm, at: number): void {
    const transport = this.#star.transport()
    const send = (datagram: Uint8Array): void => transport.send(this.#control, datagram)
    const place = { name: `peer ${at}`, port: transport.port, send }
    const { hear } = new Bystander(realm, place)
    void transport.open({ datagram: hear, event: () => undefined })
    transport.join(this.#control)
  }

  #carry({ type, text, port, datagram }: Framed): void {
    if (type === Frame.join) return this.#star.joinMiddle(text)
    if (type === Frame.leave) return this.#star.leaveMiddle(text)
    // What would cost a thousand processes, and concerns a few, costs one process here.
    const few = text === this.#control && readHeader(datagram).kind === Kind.control
    const deaf = (tip: number): boolean => few && !this.#busPorts.has(tip)
    this.#star.carry(type === Frame.group ? text : port, datagram, deaf)
  }
}

/** They publish by turns what the measured process has subscribed to. */
const BUSES = 4
const PAYLOAD = new Uint8Array(64)

let crowd: Crowd | undefined

process.on('message', (told: Told) => {
  void obey(told).then((answer) => process.send!(answer))
})
// Nobody is left who could end it otherwise.
process.on('disconnect', () => process.exit())

async function obey(told: Told): Promise<Answer> {
  switch (told.type) {
    case 'gather':
      crowd = await Crowd.gather(told.scale, told)
      return {}
    case 'begin':
      await crowd?.begin()
      return {}
    case 'work':
      await crowd?.work(told.work)
      return {}
    case 'tell':
      return crowd?.counts ?? {}
  }
}
