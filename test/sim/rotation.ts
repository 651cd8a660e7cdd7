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
  /** Whom the newest page has a box for, by their names. */
  #boxed: ReadonlySet<string> = new Set()
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
    const identities = identitiesOf(members)
    this.#boxed = new Set(identities.keys())
    const page = this.#world.page({
      epoch: this.#epoch,
      isAtOnce,
      members: [...identities.values()].map((identity) => ({ identity, secret })),
      revoked: { identities: [], serials: [] },
    })
    const realm = { ...this.#world.realms[0]!, epoch: this.#epoch, epochKey: secret.key }
    this.#newest = { realm, page }
    this.#random.pick(open).command((peer, now) => peer.adopt(now, page))
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

/** Members need two seconds for each new key. */
const APART_MS = 3000
