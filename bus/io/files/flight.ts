/** What is still to be sent of a file, and what is on its way to receivers that ask for it. */
import { Ranges, type Span } from './ranges.ts'

/**
 * A status answers an offer: it tells what a receiver lacked when that came. What was sent behind
 * the offer is on its way to it, so that asking for it again means nothing. Hence the record of what
 * was sent behind each of the last offers.
 */
export class Flight {
  readonly #wanted = new Ranges()
  #behind: { readonly mark: number; readonly sent: Ranges }[] = []
  /** Where the last piece ended: the next one is looked for from there. */
  #position = 0

  /** An offer goes out. */
  mark(mark: number): void {
    this.#behind.push({ mark, sent: new Ranges() })
    if (this.#behind.length > MARKS_MAX) this.#behind.shift()
  }

  /** Whether something is to be sent that was not known before. */
  want(mark: number, lacks: readonly Span[], size: number): void {
    const at = this.#behind.findIndex((one) => one.mark === mark)
    // An answer to an older offer: the next one tells more.
    if (at < 0) return
    const asked = new Ranges(lacks.map(({ from, to }) => ({ from, to: Math.min(to, size) })))
    for (const { sent } of this.#behind.slice(at)) {
      for (const span of sent.spans) asked.remove(span)
    }
    for (const span of asked.spans) this.#wanted.add(span)
  }

  /** The next piece, which counts as sent from now on; `sizeMax` bytes at most. */
  next(sizeMax: number): Span | undefined {
    const span = this.#wanted.from(this.#position) ?? this.#wanted.from(0)
    if (!span) return undefined
    const piece = { from: span.from, to: Math.min(span.to, span.from + sizeMax) }
    this.#wanted.remove(piece)
    this.#behind.at(-1)?.sent.add(piece)
    this.#position = piece.to
    return piece
  }
}

const MARKS_MAX = 64
