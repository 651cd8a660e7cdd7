/** The instances that are here: a bounded table that forgets who has fallen silent. */

export interface Present {
  readonly instance: bigint
  /** When it was last heard, ms of the driver's clock. */
  heardAt: number
  /** The longest beacon interval it stated, ms. */
  intervalMs: number
}

/** A peer expires after this many of its own stated intervals, and not before `EXPIRY_MIN_MS`. */
const EXPIRY_INTERVALS = 3
const EXPIRY_MIN_MS = 5000
/** A stated interval counts up to this, so that nobody stays for ever by one packet. */
const INTERVAL_MAX_MS = 60_000

export class Roster<P extends Present> implements Iterable<P> {
  readonly #peersByInstance = new Map<bigint, P>()
  readonly #sizeMax: number

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  get size(): number {
    return this.#peersByInstance.size
  }

  get(instance: bigint): P | undefined {
    return this.#peersByInstance.get(instance)
  }

  /** False when the table is full. */
  add(peer: P): boolean {
    if (this.#peersByInstance.size >= this.#sizeMax) return false
    this.#peersByInstance.set(peer.instance, peer)
    return true
  }

  remove(instance: bigint): boolean {
    return this.#peersByInstance.delete(instance)
  }

  /** Those whose time is over; the caller removes them. */
  expired(now: number): P[] {
    return [...this].filter((peer) => expiresAt(peer) <= now)
  }

  /** Time in which this process could not hear does not count against anybody. */
  forgive(lateMs: number): void {
    for (const peer of this) peer.heardAt += lateMs
  }

  [Symbol.iterator](): Iterator<P> {
    return this.#peersByInstance.values()
  }
}

function expiresAt(peer: Present): number {
  return peer.heardAt + silenceMs(peer)
}

/** How long a peer may be silent before it counts as gone, ms. */
export function silenceMs({ intervalMs }: Pick<Present, 'intervalMs'>): number {
  return Math.max(EXPIRY_MIN_MS, EXPIRY_INTERVALS * Math.min(intervalMs, INTERVAL_MAX_MS))
}
