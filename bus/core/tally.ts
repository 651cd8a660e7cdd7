/** Counts under a fixed set of names, zeros included. */

export class Tally<Name extends string> {
  readonly #counts: Record<Name, number>

  constructor(names: readonly Name[]) {
    const zeros = {} as Record<Name, number> // filled completely by the loop
    for (const name of names) zeros[name] = 0
    this.#counts = zeros
  }

  count(name: Name, by = 1): void {
    this.#counts[name] += by
  }

  get(name: Name): number {
    return this.#counts[name]
  }

  /** Every counter, zeros included. */
  snapshot(): Record<Name, number> {
    return { ...this.#counts }
  }
}
