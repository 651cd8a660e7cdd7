/**
 * When the messages that a stream no longer keeps were published, roughly.
 *
 * Who asks for everything since an hour ago, and comes to a publisher that has kept ten seconds, is
 * told how much of it is gone. A few dozen pairs of time and index are enough for that: the farther
 * back they lie, the wider they may stand. Between two of them the earlier one counts, so that
 * rather too much is reported as lost than anything is lost in silence.
 */

interface Milestone {
  readonly at: number
  readonly index: number
}

export class Milestones {
  readonly #stones: Milestone[] = []

  /** A packet is forgotten whose first message was this one, published at `at`. */
  add({ at, index }: Milestone): void {
    const last = this.#stones.at(-1)
    if (last && at - last.at < APART_MS) return
    this.#stones.push({ at, index })
    if (this.#stones.length > STONES_MAX) this.#thin(at)
  }

  /** Index of the last known message published before or at `at`; 0 is the first of all. */
  indexAt(at: number): number {
    let found = 0
    for (const stone of this.#stones) if (stone.at <= at) found = stone.index
    return found
  }

  /** Takes out the one whose neighbours are closest for their distance from now. */
  #thin(now: number): void {
    let least = 1
    let leastGap = Infinity
    for (let i = 1; i < this.#stones.length - 1; i++) {
      const width = this.#stones[i + 1]!.at - this.#stones[i - 1]!.at
      const gap = width / (now - this.#stones[i - 1]!.at)
      if (gap >= leastGap) continue
      least = i
      leastGap = gap
    }
    this.#stones.splice(least, 1)
  }
}

/** Nearer to each other they tell nothing that matters. */
const APART_MS = 10
const STONES_MAX = 64
