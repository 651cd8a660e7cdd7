/**
 * A realm that works on for as long as one likes: members who stay, visitors who come and go each
 * second, losses, new keys every half a minute; what everybody holds must not grow.
 *
 * `node .build/test/sim/soak.js --minutes 120` (`npm run soak`) tells each minute of virtual time.
 */
import { parseArgs } from 'node:util'
import type { Bus, Identity } from '../../bus/index.ts'
import { newIdentity } from '../../bus/io/ed25519.ts'
import { grant, newRealm } from '../../bus/io/grants.ts'
import { identityName } from '../../bus/io/identity.ts'
import { rotate } from '../../bus/io/rotate.ts'
import { simulate, type Simulation } from '../../bus/testing/index.ts'
import { memory } from '../attack/memory.ts'

export interface Minute {
  /** Bytes of heap and buffers. */
  readonly memory: number
  /** Peers that the members see, all together. */
  readonly seen: number
  readonly published: number
  readonly delivered: number
  /** Messages that were reported as lost. */
  readonly lost: number
  /** Places between two messages where some are missing without a word. */
  readonly undeclared: number
  readonly visits: number
  readonly epoch: number
}

/** One after the other, so many minutes of virtual time. */
export async function* soak(minutes: number, seed: number): AsyncGenerator<Minute> {
  const estate = new Estate()
  await using net = simulate({ seed, loss: 0.01, delay: [0.2, 2] })
  const members = await estate.members(net)
  let [published, visits, epoch] = [0, 0, 0]
  const counts = { delivered: 0, lost: 0, undeclared: 0 }
  for (const bus of members) void listen(bus, counts)
  await net.run(MET_MS)
  for (let minute = 0; minute < minutes; minute++) {
    for (let second = 0; second < 60; second++) {
      if (second % 30 === 15) epoch = await estate.turn(members[0]!)
      const visitor = await estate.visit(net, visits++)
      published = await talk(net, members, published)
      // Every other one crashes; the simulation forgets both.
      if (visits % 2 === 0) await net.until(visitor.close())
      net.crash(visitor)
    }
    await net.run(REST_MS)
    const seen = members.reduce((sum, bus) => sum + bus.presence.size, 0)
    yield { memory: memory(), seen, published, ...counts, visits, epoch }
  }
}

/** For a second, each of them in turn; gives the number after the last. */
async function talk(net: Simulation, members: readonly Bus[], from: number): Promise<number> {
  let number = from
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [i, bus] of members.entries()) bus.publish(`soak/${i}`, number++)
    await net.run(1000 / TURNS)
  }
  return number
}

/** Counts what comes, and what is missing without having been reported. */
async function listen(
  bus: Bus,
  counts: { delivered: number; lost: number; undeclared: number },
): Promise<void> {
  const nextByTopic = new Map<string, number>()
  for await (const item of bus.subscribe<number>('soak/*', { gaps: true, queue: 100_000 })) {
    if (item.type === 'gap') {
      counts.lost += item.count
      // What follows a gap may begin anywhere.
      nextByTopic.delete(item.topic)
      continue
    }
    counts.delivered += 1
    const next = nextByTopic.get(item.topic)
    if (next !== undefined && next !== item.value) counts.undeclared += 1
    // Each member publishes one of so many numbers in turn.
    nextByTopic.set(item.topic, item.value + MEMBERS)
  }
}

/** The owner of the realm, who lets in and draws new keys. */
class Estate {
  readonly #realm = newRealm(REALM)
  readonly #known: Identity[] = []
  readonly #visitors: Identity[] = Array.from({ length: VISITORS }, () => newIdentity())
  #key: string = this.#realm.key

  async members(net: Simulation): Promise<Bus[]> {
    const found: Bus[] = []
    for (let i = 0; i < MEMBERS; i++) found.push(await this.#connect(net, newIdentity(), `m${i}`))
    this.#known.push(...this.#visitors)
    return found
  }

  async visit(net: Simulation, count: number): Promise<Bus> {
    const bus = await this.#connect(net, this.#visitors[count % VISITORS]!, `v${count % VISITORS}`)
    bus.subscribe('soak/*', () => undefined)
    return bus
  }

  /** One member is given the page; the others have it from it. */
  async turn(member: Bus): Promise<number> {
    const members = this.#known.map((one) => ({ identity: identityName(one) }))
    const { owner } = this.#realm
    const turned = await rotate({ realm: REALM, key: this.#key, owner, members })
    this.#key = turned.key
    member.adopt(turned.page)
    return turned.epoch
  }

  async #connect(net: Simulation, identity: Identity, name: string): Promise<Bus> {
    if (!this.#visitors.includes(identity)) this.#known.push(identity)
    const everything = { publish: ['**'], subscribe: ['**'] }
    const { owner } = this.#realm
    const about = { realm: REALM, key: this.#key, issuer: owner, ...TIMES, ...everything }
    const rights = await grant({ ...about, to: identityName(identity) })
    return net.until(net.connect({ realm: REALM, key: this.#key, identity, rights, name }))
  }
}

const REALM = 'soak'
const MEMBERS = 4
const VISITORS = 3
/** Of publishing, in each second. */
const TURNS = 10
const MET_MS = 5000
/** What is missing has come, and whoever crashed is missed. */
const REST_MS = 15_000
/** Of rights, on the clock of a simulation. */
const TIMES = { from: new Date('2000-01-01'), until: new Date('2100-01-01') }

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
  })
  for await (const minute of soak(Number(values.minutes), Number(values.seed))) {
    process.stdout.write(`${JSON.stringify(minute)}\n`)
  }
}
