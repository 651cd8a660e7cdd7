/** Elements of the page: whatever peers say of themselves is text in them, never markup. */

type Child = Node | string

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

/** A table whose rows say their columns' names where there is no room for columns. */
export class Table {
  readonly root: HTMLTableElement
  readonly #columns: readonly string[]
  readonly #empty: string
  readonly #body: HTMLTableSectionElement = element('tbody')

  constructor(name: string, columns: readonly string[], empty: string) {
    this.#columns = columns
    this.#empty = empty
    const heads = columns.map((column) => element('th', { scope: 'col' }, column))
    const head = element('thead', {}, element('tr', {}, ...heads))
    this.root = element('table', { id: name }, head, this.#body)
  }

  /** `more`: what there is beside these rows. */
  show(rows: readonly (readonly string[])[], more = 0): void {
    const made = rows.map((cells) => {
      const all = cells.map((cell, i) => {
        return element('td', { 'data-column': this.#columns[i] ?? '' }, cell)
      })
      return element('tr', {}, ...all)
    })
    const rest = more > 0 ? `${more} more are not shown` : rows.length === 0 ? this.#empty : ''
    if (rest !== '') made.push(element('tr', { class: 'rest' }, this.#wide(rest)))
    this.#body.replaceChildren(...made)
  }

  #wide(text: string): HTMLTableCellElement {
    return element('td', { colspan: String(this.#columns.length) }, text)
  }
}
