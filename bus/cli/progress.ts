/** How far a file is, for people: one line on a terminal's standard error that is written anew. */
import { shown } from './shown.ts'

export class Progress {
  readonly #visible: boolean
  readonly #startedAt = performance.now()
  #startBytes: number | undefined
  #drawn = false

  /** Nothing is drawn where nobody looks, or where a program reads. */
  constructor(json: boolean) {
    this.#visible = !json && process.stderr.isTTY
  }

  draw(name: string, { done, size }: Part, note: string): void {
    if (!this.#visible) return
    this.#startBytes ??= done
    const seconds = (performance.now() - this.#startedAt) / 1000
    const rate = seconds > 0 ? (done - this.#startBytes) / seconds : 0
    const line = barOf({ name, done, size, rate, note, columns: process.stderr.columns ?? 80 })
    process.stderr.write(`\r\x1b[K${line}`)
    this.#drawn = true
  }

  /** Makes room for other lines. */
  clear(): void {
    if (!this.#drawn) return
    this.#drawn = false
    process.stderr.write('\r\x1b[K')
  }
}

interface Part {
  readonly done: number
  readonly size: number
}

interface Drawn extends Part {
  readonly name: string
  /** Bytes a second. */
  readonly rate: number
  readonly note: string
  readonly columns: number
}

/** Never wider than the terminal. */
export function barOf({ name, done, size, rate, note, columns }: Drawn): string {
  const share = size === 0 ? 1 : Math.min(1, done / size)
  const filled = Math.floor(share * BAR_WIDTH)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}]`
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`
  const line = `${shown(name)} ${bar} ${percent} ${amount(size)} ${amount(rate)}/s ${note}`
  return Array.from(line.trimEnd())
    .slice(0, Math.max(0, columns - 1))
    .join('')
}

/** `5.2 MB` */
export function amount(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(value < 99.95 ? 1 : 0)} ${UNITS[unit]}`
}

const BAR_WIDTH = 20
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']
