/** The private ports that a relay holds for peers who are elsewhere: which ones, and for whom. */

export interface HoldsEvents {
  /** Unicast to that port, on any segment, is for somebody elsewhere; or no more. */
  hold(port: number): void
  release(port: number): void
}

export class Holds {
  readonly #events: HoldsEvents
  /** How many instances want each port held, and which one each of them does. */
  readonly #holders = new Map<number, number>()
  readonly #portByInstance = new Map<bigint, number>()

  constructor(events: HoldsEvents) {
    this.#events = events
  }

  has(port: number): boolean {
    return this.#holders.has(port)
  }

  /** The instance's port from now on; 0: none. */
  hold(instance: bigint, port: number): void {
    const before = this.#portByInstance.get(instance) ?? 0
    if (before === port) return
    if (port > 0) this.#portByInstance.set(instance, port)
    else this.#portByInstance.delete(instance)
    if (before > 0) this.#count(before, -1)
    if (port > 0) this.#count(port, 1)
  }

  #count(port: number, by: number): void {
    const holders = (this.#holders.get(port) ?? 0) + by
    if (holders > 0) this.#holders.set(port, holders)
    else this.#holders.delete(port)
    if (holders === 0) this.#events.release(port)
    if (holders === 1 && by > 0) this.#events.hold(port)
  }
}
