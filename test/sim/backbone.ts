/**
 * A backbone in the simulator: each record goes to all other relays that want it, with a delay, until
 * it breaks or one of them is cut off.
 *
 * What was on its way when it broke is lost.
 */
import type { TrunkRecord } from '../../relay/trunk-wire.ts'
import type { World } from './world.ts'

/** A relay, as a backbone sees it. */
export interface BackboneEnd {
  /** Of its start; 0 while it is not there. */
  readonly id: bigint
  backbone: SimBackbone | undefined
  relayMet(relay: bigint): void
  relayLost(relay: bigint): void
  fromBackbone(relay: bigint, record: TrunkRecord): void
}

export class SimBackbone {
  readonly #world: World
  readonly #ends: readonly BackboneEnd[]
  /** Those who are there, by their ids. */
  readonly #present = new Map<bigint, BackboneEnd>()
  readonly #groups = new Map<BackboneEnd, Set<string>>()
  /** Counts openings: what was sent before does not arrive. */
  #life = 0
  #isUp = true
  /** Copies of datagrams to groups that it has delivered. */
  carried = 0

  constructor(world: World, ends: readonly BackboneEnd[]) {
    this.#world = world
    this.#ends = ends
    for (const end of ends) {
      end.backbone = this
      this.enter(end)
    }
  }

  /** A relay has started. */
  enter(end: BackboneEnd): void {
    if (!this.#isUp || end.id === 0n || this.#present.has(end.id)) return
    const others = [...this.#present]
    this.#present.set(end.id, end)
    this.#groups.set(end, new Set())
    for (const [id, other] of others) {
      other.relayMet(end.id)
      end.relayMet(id)
    }
  }

  /** One is gone. */
  leave(end: BackboneEnd): void {
    const { id } = end
    if (!this.#present.delete(id)) return
    this.#groups.delete(end)
    for (const [other, one] of this.#present) {
      one.relayLost(id)
      end.relayLost(other)
    }
  }

  cut(): void {
    this.#life += 1
    this.#isUp = false
    for (const end of this.#ends) this.leave(end)
  }

  open(): void {
    if (this.#isUp) return
    this.#isUp = true
    for (const end of this.#ends) this.enter(end)
  }

  join(end: BackboneEnd, group: string): void {
    this.#groups.get(end)?.add(group)
  }

  leaveGroup(end: BackboneEnd, group: string): void {
    this.#groups.get(end)?.delete(group)
  }

  /** `relay`: whom it is for; 0: who wants the group, or all. */
  carry(from: BackboneEnd, relay: bigint, record: TrunkRecord): void {
    const { id } = from
    const life = this.#life
    if (!this.#present.has(id)) return
    this.#world.schedule.after(DELAY_MS, () => {
      if (life !== this.#life) return
      for (const [to, end] of this.#present) {
        if (to === id || (relay !== 0n && to !== relay)) continue
        if (record.type === 'group' && !this.#groups.get(end)?.has(record.group)) continue
        if (record.type === 'group') this.carried += 1
        end.fromBackbone(id, record)
      }
    })
  }
}

const DELAY_MS = 5
