/** A set of byte positions, kept as ranges in order: what is here, what is wanted, what was sent. */

/** The bytes from `from` up to, not including, `to`. */
export interface Span {
  readonly from: number
  readonly to: number
}

export class Ranges {
  #spans: Span[] = []
  #size = 0

  constructor(spans: readonly Span[] = []) {
    for (const span of spans) this.add(span)
  }

  /** Bytes in all ranges together. */
  get size(): number {
    return this.#size
  }

  get spans(): readonly Span[] {
    return this.#spans
  }

  /** Returns how many bytes of it are new. */
  add({ from, to }: Span): number {
    if (from >= to) return 0
    const start = this.#find(from)
    let end = start
    let merged = { from, to }
    let before = 0
    for (let span = this.#spans[end]; span && span.from <= to; span = this.#spans[++end]) {
      merged = { from: Math.min(merged.from, span.from), to: Math.max(merged.to, span.to) }
      before += span.to - span.from
    }
    this.#spans.splice(start, end - start, merged)
    const added = merged.to - merged.from - before
    this.#size += added
    return added
  }

  remove({ from, to }: Span): void {
    if (from >= to) return
    const start = this.#find(from)
    let end = start
    const rest: Span[] = []
    for (let span = this.#spans[end]; span && span.from < to; span = this.#spans[++end]) {
      const kept = [
        { from: span.from, to: Math.min(from, span.to) },
        { from: Math.max(to, span.from), to: span.to },
      ].filter((piece) => piece.from < piece.to)
      rest.push(...kept)
      this.#size -= span.to - span.from - kept.reduce((sum, one) => sum + one.to - one.from, 0)
    }
    this.#spans.splice(start, end - start, ...rest)
  }

  /** The first piece at or behind this position. */
  from(position: number): Span | undefined {
    const span = this.#spans[this.#find(position + 1)]
    return span && { from: Math.max(position, span.from), to: span.to }
  }

  /** What lies between 0 and `size` and is not in the set; `countMax` pieces at most. */
  lacking(size: number, countMax: number = Infinity): Span[] {
    const lacks: Span[] = []
    let from = 0
    for (const span of this.#spans) {
      if (lacks.length >= countMax || span.from >= size) break
      if (span.from > from) lacks.push({ from, to: span.from })
      from = span.to
    }
    if (from < size && lacks.length < countMax) lacks.push({ from, to: size })
    return lacks
  }

  clear(): void {
    this.#spans = []
    this.#size = 0
  }

  /** Place of the first range that does not end before `position`. */
  #find(position: number): number {
    let low = 0
    let high = this.#spans.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#spans[middle]!.to < position) low = middle + 1
      else high = middle
    }
    return low
  }
}
