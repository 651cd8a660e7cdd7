/**
 * The owner of a simulated realm draws new keys in the midst of the storm.
 *
 * One process is given the page, and the others have it from each other. Who starts later knows the
 * newest keys, as from its key file; who comes back may have slept, and knows those of before.
 */
import type { Random } from '../../bus/testing/random.ts'
import type { Known, Process } from './process.ts'
import type { Launch, World } from './world.ts'

export class Rotation {
  readonly #world: World
  readonly #random: Random
  #epoch = 0
  #newest: Known

  constructor(world: World, random: Random) {
    this.#world = world
    this.#random = random
    this.#newest = { realm: world.realms[0]! }
    world.knownTo = (like) => this.#knownTo(like)
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
    const open = members.filter((process) => process.open)
    if (open.length === 0) return
    this.#epoch += 1
    const secret = { key: this.#random.bytes(32) }
    const page = this.#world.page({
      epoch: this.#epoch,
      isAtOnce,
      members: identitiesOf(members).map((identity) => ({ identity, secret })),
      revoked: { identities: [], serials: [] },
    })
    const realm = { ...this.#world.realms[0]!, epoch: this.#epoch, epochKey: secret.key }
    this.#newest = { realm, page }
    this.#random.pick(open).command((peer, now) => peer.adopt(now, page))
  }

  #knownTo({ realm, signer }: Launch): Known {
    const first = { realm: this.#world.realms[realm]! }
    if (realm !== 0) return first
    // A new identity is invited with the newest keys: the pages of before have no box for it.
    return signer && this.#random.chance(0.5) ? first : this.#newest
  }
}

/** A process that came back has the identity of the one before it. */
function identitiesOf(processes: readonly Process[]): readonly Uint8Array[] {
  const byName = new Map<string, Uint8Array>()
  for (const { options } of processes) {
    const { identity } = options.signer
    byName.set(Buffer.from(identity).toString('hex'), identity)
  }
  return [...byName.values()]
}

/** Members need two seconds for each new key. */
const APART_MS = 3000
