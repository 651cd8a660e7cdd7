/** Tables of a document that a program writes between two markers. */
import { readFileSync, writeFileSync } from 'node:fs'

/** The first row names the columns. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const [head = [], ...rest] = rows
  const rule = head.map(() => '---')
  return [head, rule, ...rest].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** Replaces what stands between `<!-- name -->` and `<!-- end of name -->`. */
export function writeBetween(path: string, name: string, text: string): void {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
  const document = readFileSync(path, 'utf8')
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from < 0 || to < from) throw new Error(`${path} lacks the markers of ${name}`)
  const before = document.slice(0, from + begin.length)
  writeFileSync(path, `${before}\n\n${text}\n\n${document.slice(to)}`)
}

/** The value that this part of all values, in order, does not exceed. */
export function quantile(ordered: readonly number[], part: number): number {
  return ordered[Math.max(0, Math.ceil(ordered.length * part) - 1)] ?? 0
}

export function percent(part: number): string {
  return `${Math.round(part * 100)} %`
}

/** Progress, for people. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Where the tables of what reliable delivery costs stand. */
export const DOCUMENT = 'docs/reliability.md'
