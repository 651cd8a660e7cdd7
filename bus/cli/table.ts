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

/** Columns of a terminal: two for each of what a reader counts as characters, where it is wide. */
function widthOf(text: string): number {
  const characters = Array.from(SEGMENTER.segment(text), ({ segment }) => segment)
  return characters.reduce((width, one) => width + (WIDE.test(one) ? 2 : 1), 0)
}

const SEGMENTER = new Intl.Segmenter()
/** Emoji, and what East Asian scripts write in full width. */
const WIDE =
  /^(?![\uff61-\uffdc])(?:\p{Emoji_Presentation}|.+\ufe0f|[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\p{sc=Yi}\u3000-\u303e\u30fb\u30fc\uff01-\uff60\uffe0-\uffe6])/u
