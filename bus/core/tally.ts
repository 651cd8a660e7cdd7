/** Counts under a fixed set of names, zeros included. */

/** One count, to be added to where finding it by its name would take longer than what it counts. */
export interface Cell {
  value: number
}

export class Tally<Name extends string> {
  readonly #cells: Record<Name, Cell>

  constructor(names: readonly Name[]) {
    const cells = {} as Record<Name, Cell> // filled completely by the loop
    for (const name of names) cells[name] = { value: 0 }
    this.#cells = cells
  }

  count(name: Name, by = 1): void {
    this.#cells[name].value += by
  }

  get(name: Name): number {
    return this.#cells[name].value
  }

  cell(name: Name): Cell {
    return this.#cells[name]
  }

  /** Every counter, zeros included. */
  snapshot(): Record<Name, number> {
    const counts = {} as Record<Name, number> // filled completely by the loop
    for (const name of Object.keys(this.#cells) as Name[]) counts[name] = this.get(name)
    return counts
  }
}
