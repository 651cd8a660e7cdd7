/**
 * Numbers what happens in a storm, so that a plan can keep some of it and leave out the rest.
 *
 * The numbers follow the order in which a world plans its acts; who leaves one out changes what
 * chance brings afterwards, but in the same way each time.
 */

export class Acts {
  readonly #kept: ReadonlySet<number> | undefined
  #count = 0

  constructor(kept: ReadonlySet<number> | undefined) {
    this.#kept = kept
  }

  /** Acts that were planned so far, kept or not. */
  get count(): number {
    return this.#count
  }

  /** Whether the next act happens. */
  next(): boolean {
    const number = this.#count++
    return this.#kept?.has(number) ?? true
  }
}
