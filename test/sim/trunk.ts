/**
 * A trunk between two relays in the simulator: records in order, with a delay, until it breaks.
 *
 * What was on its way when it broke is lost, both ways.
 */
import type { TrunkRecord } from '../../relay/trunk-wire.ts'
import type { World } from './world.ts'

/** A relay, as a trunk sees it. */
export interface TrunkEnd {
  /** Of its start; 0 while it is not there. */
  readonly id: bigint
  readonly trunks: SimTrunk[]
  trunkOpened(relay: bigint): void
  trunkClosed(relay: bigint): void
  fromTrunk(relay: bigint, record: TrunkRecord): void
}

export class SimTrunk {
  readonly #world: World
  readonly #ends: readonly [TrunkEnd, TrunkEnd]
  readonly #delayMs: number
  #ids: readonly [bigint, bigint] | undefined
  /** Counts openings: what was sent before does not arrive. */
  #life = 0
  /** Datagrams to groups that have gone by it, both ways. */
  carried = 0

  constructor(world: World, ends: readonly [TrunkEnd, TrunkEnd], delayMs = DELAY_MS) {
    this.#world = world
    this.#ends = ends
    this.#delayMs = delayMs
    for (const end of ends) end.trunks.push(this)
    this.open()
  }

  /** As soon as both relays are there. */
  open(): void {
    const [a, b] = this.#ends
    if (this.#ids || a.id === 0n || b.id === 0n) return
    this.#ids = [a.id, b.id]
    a.trunkOpened(b.id)
    b.trunkOpened(a.id)
  }

  cut(): void {
    if (!this.#ids) return
    const [a, b] = this.#ids
    this.#ids = undefined
    this.#life += 1
    this.#ends[0].trunkClosed(b)
    this.#ends[1].trunkClosed(a)
  }

  leadsTo(from: TrunkEnd, relay: bigint): boolean {
    return this.#ids?.[from === this.#ends[0] ? 1 : 0] === relay
  }

  carry(from: TrunkEnd, record: TrunkRecord): void {
    if (!this.#ids) return
    const [at, to] = from === this.#ends[0] ? ([0, 1] as const) : ([1, 0] as const)
    const id = this.#ids[at]
    const life = this.#life
    if (record.type === 'group') this.carried += 1
    this.#world.schedule.after(this.#delayMs, () => {
      if (life === this.#life) this.#ends[to].fromTrunk(id, record)
    })
  }
}

const DELAY_MS = 5
