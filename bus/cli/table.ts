/** Columns for people: as wide as their widest cell, the last one as long as it is. */
import { shown } from './shown.ts'

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows].map((row) => row.map(shown))
  const widths = head.map((_, column) =>
    Math.max(...lines.map((line) => widthOf(line[column] ?? ''))),
  )
  const padded = lines.map((line) => line.map((cell, column) => pad(cell, widths[column] ?? 0)))
  return padded.map((line) => `${line.join('  ').trimEnd()}\n`).join('')
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - widthOf(cell)))
}

/** What a reader counts as characters. */
function widthOf(text: string): number {
  return Array.from(SEGMENTER.segment(text)).length
}

const SEGMENTER = new Intl.Segmenter()
