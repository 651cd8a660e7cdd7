/**
 * The owner of a simulated realm draws new keys in the midst of the storm.
 *
 * One process is given the page, and the others have it from each other. Who starts later knows the
 * newest keys, as from its key file; who comes back may have slept, and knows those of before.
 *
 * In some worlds the owner removes a member each time. It goes on listening, for the program that
 * has the keys of before need not be an honest one, and is to read nothing that is published by
 * whoever is in the new epoch.
 */
import { Random } from '../../bus/testing/random.ts'
import { mayRevoke } from './plan.ts'
import type { Deliver } from './ledger.ts'
import type { Known, Process } from './process.ts'
import { check } from './violation.ts'
import type { Launch, World } from './world.ts'

export class Rotation {
  readonly #world: World
  readonly #random: Random
  #epoch = 0
  /** Whom the newest page has a box for, by their names. */
  #boxed: ReadonlySet<string> = new Set()
  #newest: Known
  /** When processes have come into which epochs. */
  readonly #entered = new Map<Process, { readonly epoch: number; readonly at: number }[]>()
  /** Who was removed, and the first epoch that it has no key of. */
  readonly #removed = new Map<Process, number>()
  readonly #axe: Random

  constructor(world: World, random: Random) {
    this.#world = world
    this.#random = random
    this.#newest = { realm: world.realms[0]! }
    world.knownTo = (like) => this.#knownTo(like)
    this.#axe = new Random(world.plan.seed, 'removal')
    world.onEpoch = (process, { state, epoch }) => {
      if (state !== 'entered') return
      const entered = this.#entered.get(process) ?? []
      this.#entered.set(process, [...entered, { epoch, at: world.schedule.time }])
    }
    world.onDelivered = (process, _index, notice) => this.#assertOld(process, notice)
  }

  /** In the storm, not in its first moments, and with the time between them that an owner leaves. */
  plan(count: number): void {
    const { stormMs } = this.#world.plan
    const most = Math.max(1, Math.min(count, Math.floor(stormMs / APART_MS)))
    const share = (stormMs * 0.9) / most
    for (let i = 0; i < most; i++) {
      const from = stormMs * 0.05 + i * share
      const spare = Math.max(0, share - (most > 1 ? APART_MS : 0))
      const at = from + this.#random.between(0, spare)
      const isAtOnce = this.#random.chance(0.3)
      if (this.#world.acts.next()) this.#world.schedule.at(at, () => this.#rotate(isAtOnce))
    }
  }

  #rotate(isAtOnce: boolean): void {
    const members = this.#world.processes.filter(({ options }) => options.realm === 0)
    const victim = this.#remove(members.filter((process) => process.open))
    const open = members.filter((process) => process.open)
    if (open.length === 0) return
    this.#epoch += 1
    const secret = { key: this.#random.bytes(32) }
    if (victim) this.#removed.set(victim, this.#epoch)
    const out = identitiesOf([...this.#removed.keys()])
    const identities = new Map([...identitiesOf(members)].filter(([name]) => !out.has(name)))
    this.#boxed = new Set(identities.keys())
    const page = this.#world.page({
      epoch: this.#epoch,
      isAtOnce: isAtOnce || victim !== undefined,
      members: [...identities.values()].map((identity) => ({ identity, secret })),
      revoked: { identities: [...out.values()], serials: [] },
    })
    const realm = { ...this.#world.realms[0]!, epoch: this.#epoch, epochKey: secret.key }
    this.#newest = { realm, page }
    this.#random.pick(open).command((peer, now) => peer.adopt(now, page))
  }

  /** One of these who can be done without; its program publishes no more, and its peer hears on. */
  #remove(open: readonly Process[]): Process | undefined {
    const { plan, schedule } = this.#world
    if (!mayRevoke(plan) || open.length < 3 || !this.#axe.chance(0.7)) return undefined
    const victim = this.#axe.pick(open)
    victim.closingAt = schedule.time
    schedule.after(LISTENING_MS, () => {
      if (victim.alive) this.#world.end(victim)
    })
    return victim
  }

  /** What somebody who was removed is given was published before its publisher knew of that. */
  #assertOld(process: Process, { stream, payload }: Deliver): void {
    const epoch = this.#removed.get(process)
    if (epoch === undefined) return
    const { ledger } = this.#world
    const found = ledger.streams.find(({ publisher, topic }) => {
      return publisher.peer.instance === stream.from && topic === stream.topic
    })
    const enteredAt = found ? this.#enteredAt(found.publisher, epoch) : Infinity
    const isOld = found?.messages.some((one) => {
      return one.at <= enteredAt && Buffer.compare(one.payload, payload) === 0
    })
    check(isOld === true, 'removed', () => {
      return `${process.id} reads "${stream.topic}" of ${found?.publisher.id}, in epoch ${epoch} since ${enteredAt}`
    })
  }

  #enteredAt(publisher: Process, epoch: number): number {
    const known = publisher.options.config.realm.epoch ?? 0
    if (known >= epoch) return publisher.startedAt
    const entered = this.#entered.get(publisher) ?? []
    return Math.min(...entered.filter((one) => one.epoch >= epoch).map(({ at }) => at))
  }

  #knownTo({ realm, signer }: Launch): Known {
    const first = { realm: this.#world.realms[realm]! }
    if (realm !== 0) return first
    // Who was invited later has the newest keys: the page has no box for it.
    const isBoxed = signer !== undefined && this.#boxed.has(nameOf(signer.identity))
    return isBoxed && this.#random.chance(0.5) ? first : this.#newest
  }
}

/** A process that came back has the identity of the one before it. */
function identitiesOf(processes: readonly Process[]): ReadonlyMap<string, Uint8Array> {
  const byName = new Map<string, Uint8Array>()
  for (const { options } of processes) {
    const { identity } = options.signer
    byName.set(nameOf(identity), identity)
  }
  return byName
}

function nameOf(identity: Uint8Array): string {
  return Buffer.from(identity).toString('hex')
}

/** How long the one who was removed is there after that. */
const LISTENING_MS = 5000
/** Members need two seconds for each new key. */
const APART_MS = 3000
