/** Cuts a stream of bytes into lines at each newline, and at nothing else. */

/** A line may not be longer than a message; `sizeMax` bounds what is kept. */
export class Lines {
  readonly #sizeMax: number
  #kept: Uint8Array[] = []
  #keptSize = 0
  #count = 0

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  /** The number of the line that was given out last, from 1. */
  get count(): number {
    return this.#count
  }

  /** The lines that end in this chunk, without their newlines. Throws RangeError on a long one. */
  *take(chunk: Uint8Array): Generator<Uint8Array> {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end))
      start = end + 1
      yield this.#cut()
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
  }

  /** What follows the last newline, if anything does. */
  *rest(): Generator<Uint8Array> {
    if (this.#keptSize > 0) yield this.#cut()
  }

  #keep(part: Uint8Array): void {
    this.#keptSize += part.length
    this.#kept.push(part)
    if (this.#keptSize <= this.#sizeMax) return
    throw new RangeError(`line ${this.#count + 1} is longer than ${this.#sizeMax} bytes`)
  }

  #cut(): Uint8Array {
    const [first] = this.#kept
    const whole = this.#kept.length === 1 && first ? first : Buffer.concat(this.#kept)
    this.#kept = []
    this.#keptSize = 0
    this.#count += 1
    return whole
  }
}

const NEWLINE = 0x0a
