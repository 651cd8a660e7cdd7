/** What happened, as a running hash (equal seeds must have equal ones) and, if wanted, as lines. */

export class Trace {
  readonly #line: ((line: string) => void) | undefined
  #low = 0x811c9dc5 | 0
  #high = 0x1b873593
  #count = 0

  /** `line` receives every event as text. */
  constructor(line?: (line: string) => void) {
    this.#line = line
  }

  get hash(): string {
    return [this.#high, this.#low]
      .map((word) => (word >>> 0).toString(16).padStart(8, '0'))
      .join('')
  }

  /** Events so far. */
  get count(): number {
    return this.#count
  }

  get wanted(): boolean {
    return this.#line !== undefined
  }

  /** One event; the bytes count by their size and their first `HASHED_SIZE`: header and tag. */
  add(time: number, text: string, bytes?: Uint8Array): void {
    this.#count += 1
    this.#number(Math.round(time * 1000))
    let hash = 0
    for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
    if (bytes) {
      hash = (Math.imul(hash, 31) + bytes.length) | 0
      const size = Math.min(bytes.length, HASHED_SIZE)
      for (let i = 0; i < size; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
    }
    this.#number(hash)
    if (this.#line) this.#line(`${time.toFixed(3).padStart(10)}  ${text}`)
  }

  #number(value: number): void {
    // Signed words: those above 2^31 would be objects on the heap.
    this.#low = Math.imul(this.#low ^ (value | 0), 0x01000193)
    this.#high = (Math.imul(this.#high ^ this.#low, 0xcc9e2d51) + value) | 0
  }
}

const HASHED_SIZE = 42
