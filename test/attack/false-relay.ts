/**
 * A relay that lies: it stands before a true one and does to the datagrams that cross what only the
 * seal can find out. Everything else goes through, so that links open and stay.
 */
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { Reader, Writer } from '../../bus/core/wire/cursor.ts'
import { LINK_PROTOCOL } from '../../bus/core/wire/link.ts'
import type { Random } from '../../bus/testing/random.ts'
import { flipped } from './twins.ts'

export type Lie = 'flipped' | 'dropped' | 'repeated' | 'held'

/** Probabilities of each; what is held comes behind later ones. */
export type Lies = Readonly<Record<Lie, number>>

interface Crossing {
  readonly type: number
  readonly body: Uint8Array
}

export class FalseRelay implements AsyncDisposable {
  readonly told: { -readonly [lie in Lie]: number } = {
    flipped: 0,
    dropped: 0,
    repeated: 0,
    held: 0,
  }
  readonly #server: WebSocketServer
  readonly #sockets = new Set<WebSocket>()

  private constructor(server: WebSocketServer) {
    this.#server = server
  }

  static async before(url: string, lies: Lies, random: Random): Promise<FalseRelay> {
    const open = { host: '::1', port: 0, perMessageDeflate: false }
    const server = new WebSocketServer({ ...open, handleProtocols: () => LINK_PROTOCOL })
    await new Promise((done) => server.once('listening', done))
    const relay = new FalseRelay(server)
    server.on('connection', (near) =>
      relay.#join(near, url, () => new Liar(lies, random, relay.told)),
    )
    return relay
  }

  get url(): string {
    return `ws://[::1]:${(this.#server.address() as AddressInfo).port}` // it listens at a port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.terminate()
    await new Promise((done) => this.#server.close(done))
  }

  #join(near: WebSocket, url: string, liar: () => Liar): void {
    const far = new WebSocket(url, LINK_PROTOCOL, { perMessageDeflate: false })
    const opened = new Promise((done) => far.once('open', done))
    const [up, down] = [liar(), liar()]
    near.on('message', (message: Buffer) => void opened.then(() => far.send(up.warped(message))))
    far.on('message', (message: Buffer) => near.send(down.warped(message)))
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one)
      one.on('error', () => other.terminate())
      one.on('close', () => other.terminate())
    }
  }
}

/** One way of one link. */
class Liar {
  readonly #lies: Lies
  readonly #random: Random
  readonly #told: FalseRelay['told']
  /** What has crossed lately, and what has not yet. */
  readonly #past: Crossing[] = []
  readonly #held: Crossing[] = []

  constructor(lies: Lies, random: Random, told: FalseRelay['told']) {
    this.#lies = lies
    this.#random = random
    this.#told = told
  }

  /** One message for one, since links count them. */
  warped(message: Uint8Array): Uint8Array {
    const reader = new Reader(message)
    const records: Crossing[] = []
    while (reader.left > 0) {
      const record = { type: reader.uint8(), body: reader.block(reader.left).slice() }
      records.push(...(DATAGRAMS.has(record.type) ? this.#crossing(record) : [record]))
    }
    const writer = new Writer(message.length + MORE)
    for (const { type, body } of records) {
      if (writer.written.length + body.length + HEAD < writer.bytes.length) {
        writer.uint8(type).block(body)
      }
    }
    return writer.written
  }

  #crossing(record: Crossing): Crossing[] {
    const out: Crossing[] = []
    if (this.#is('dropped')) return out
    this.#past.push(record)
    if (this.#past.length > KEPT) this.#past.shift()
    if (this.#is('held')) this.#held.push(record)
    else out.push(this.#is('flipped') ? this.#turned(record) : record)
    if (this.#is('repeated')) out.push(this.#random.pick(this.#past))
    if (this.#held.length > 2 || (out.length > 0 && this.#random.chance(0.3))) {
      out.push(...this.#held.splice(0))
    }
    return out
  }

  #is(lie: Lie): boolean {
    const yes = this.#random.chance(this.#lies[lie])
    if (yes) this.#told[lie] += 1
    return yes
  }

  /** Behind the address, which only the link needs. */
  #turned({ type, body }: Crossing): Crossing {
    const from = Math.min(ADDRESS, body.length - 1) * 8
    return { type, body: flipped(body, this.#random.integer(from, body.length * 8 - 1)) }
  }
}

/** Multicast and unicast of a peer, datagrams of a relay. */
const DATAGRAMS = new Set([7, 8, 9])
/** An address, a zone, a port, and the length of the packet. */
const ADDRESS = 28
/** Room for what was held or is repeated, and for the head of a record. */
const MORE = 8192
const HEAD = 5
const KEPT = 64
