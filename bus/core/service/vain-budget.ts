/**
 * How many packets may be opened in vain in one second: in all, and from one source.
 *
 * A source from which something has opened has its share beside that of all, so that nobody's junk
 * from elsewhere keeps it from being heard.
 */
export class VainBudget {
  #failures = 0
  readonly #failuresBySource = new Map<string, number>()
  /** Sources from which something has opened; the last is the one that was so last. */
  readonly #known = new Set<string>()
  #secondEnds = 0

  /** Whether another packet from there may be tried. */
  allows(now: number, source: string): boolean {
    if (now >= this.#secondEnds) {
      this.#secondEnds = now + 1000
      this.#failures = 0
      this.#failuresBySource.clear()
    }
    if ((this.#failuresBySource.get(source) ?? 0) >= SOURCE_MAX) return false
    return this.#known.has(source) || this.#failures < FAILURES_MAX
  }

  failed(source: string): void {
    if (!this.#known.has(source)) this.#failures += 1
    this.#failuresBySource.set(source, (this.#failuresBySource.get(source) ?? 0) + 1)
  }

  opened(source: string): void {
    this.#known.delete(source)
    this.#known.add(source)
    if (this.#known.size <= KNOWN_MAX) return
    for (const oldest of this.#known) {
      this.#known.delete(oldest)
      return
    }
  }
}

/** Packets a second that do not open; at 3 us each they cost little. */
const FAILURES_MAX = 2000
const SOURCE_MAX = 500
const KNOWN_MAX = 64
