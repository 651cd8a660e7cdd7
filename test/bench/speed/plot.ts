/** Plots of the benchmark as SVG: bars for each contestant, one for each number of subscribers. */

export interface Plot {
  readonly title: string
  /** Machine, date and what was run. */
  readonly note: string
  /** What the bars of a row stand for, the same in all rows. */
  readonly series: readonly string[]
  readonly panels: readonly Panel[]
}

/** One scale, from 0 to the longest bar. */
export interface Panel {
  readonly title: string
  readonly rows: readonly Row[]
}

export interface Row {
  readonly name: string
  /** One for each of the series; undefined where nothing was measured. */
  readonly values: readonly (number | undefined)[]
}

/** A whole SVG document, which needs nothing else. */
export function svgOf({ title, note, series, panels }: Plot): string {
  const parts: string[] = []
  let y = MARGIN + TITLE
  parts.push(text(title, { x: MARGIN, y, className: 'title' }))
  y += GAP
  parts.push(legend(series, y))
  y += LINE
  for (const panel of panels) {
    y += PANEL_GAP
    parts.push(text(panel.title, { x: MARGIN, y, className: 'panel' }))
    y += GAP / 2
    const longest = Math.max(
      0,
      ...panel.rows.flatMap(({ values }) => values.map((one) => one ?? 0)),
    )
    for (const row of panel.rows) {
      parts.push(...bars(row, { y, longest }))
      y += heightOf(row)
    }
  }
  y += LINE
  const lines = wrapped(note)
  for (const line of lines) parts.push(text(line, { x: MARGIN, y: (y += LINE), className: 'note' }))
  const height = y + MARGIN
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`
  const about = `role="img" aria-label="${escaped(title)}"`
  const ground = `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`
  const open = `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${about}>`
  return [open, STYLE, ground, ...parts, '</svg>', ''].join('\n')
}

/** In three digits at most, with k and M for thousands and millions. */
export function compact(value: number): string {
  for (const [unit, letter] of UNITS) {
    if (value >= unit * 0.9995) return `${threeDigits(value / unit)}${letter}`
  }
  return threeDigits(value)
}

function threeDigits(value: number): string {
  const places = value >= 99.95 || value === 0 ? 0 : value >= 9.995 ? 1 : 2
  return value.toFixed(places)
}

function bars(
  row: Row,
  { y, longest }: { readonly y: number; readonly longest: number },
): string[] {
  const height = heightOf(row)
  const className = row.name.startsWith('sixcast') ? 'own name' : 'name'
  const middle = y + (height - ROW_GAP) / 2 + ASCENT
  const parts = [text(row.name, { x: BAR_X - GAP / 2, y: middle, className })]
  let at = y
  for (const [one, value] of row.values.entries()) {
    if (value === undefined) continue
    const width = longest > 0 ? Math.max(1, (value / longest) * BAR_WIDTH) : 1
    const place = `x="${BAR_X}" y="${at}" width="${width.toFixed(1)}" height="${BAR - 1}"`
    parts.push(`<rect ${place} fill="${shade(one, row.values.length)}"/>`)
    const after = { x: BAR_X + width + 4, y: at + BAR - 2.5, className: 'value' }
    parts.push(text(compact(value), after))
    at += BAR
  }
  return parts
}

function heightOf({ values }: Row): number {
  const present = values.filter((value) => value !== undefined).length
  return Math.max(1, present) * BAR + ROW_GAP
}

function legend(series: readonly string[], y: number): string {
  return series
    .map((name, at) => {
      const x = MARGIN + at * LEGEND_WIDTH
      const fill = shade(at, series.length)
      const box = `<rect x="${x}" y="${y}" width="${BAR}" height="${BAR}" fill="${fill}"/>`
      return `${box}\n${text(name, { x: x + BAR + 5, y: y + BAR - 1, className: 'note' })}`
    })
    .join('\n')
}

/** From light to dark, as what they stand for grows. */
function shade(at: number, of: number): string {
  const place = of < 2 ? SHADES.length - 1 : Math.round((at * (SHADES.length - 1)) / (of - 1))
  return SHADES[place]!
}

interface Placed {
  readonly x: number
  readonly y: number
  readonly className: string
}

function text(content: string, { x, y, className }: Placed): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" class="${className}">${escaped(content)}</text>`
}

function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (one) => ENTITIES[one]!)
}

/** At spaces, as lines that fit. */
function wrapped(content: string): string[] {
  const lines: string[] = []
  for (const word of content.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length >= LINE_LENGTH) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

const WIDTH = 760
const MARGIN = 16
const TITLE = 12
const GAP = 14
const PANEL_GAP = 24
const LINE = 14
const LINE_LENGTH = 125
const BAR = 10
const ROW_GAP = 6
/** From a row's middle down to the base line of its name. */
const ASCENT = 4
const BAR_X = 190
const BAR_WIDTH = 500
const LEGEND_WIDTH = 110
const SHADES = ['#a6c8e4', '#6aa5d3', '#3179b5', '#0b4a84']
const UNITS: readonly (readonly [number, string])[] = [
  [1e6, 'M'],
  [1e3, 'k'],
]
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}
const STYLE = `<style>
text { font: 11px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.panel { font-weight: 600 }
.name { text-anchor: end }
.own { font-weight: 700 }
.value { font-size: 9px; fill: #57606a }
.note { fill: #57606a }
</style>`
