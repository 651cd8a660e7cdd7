/**
 * Inputs that are worth keeping: for each decoder some that each brought another outcome, found by
 * long runs. They are files, a line of hexadecimal digits for each, so that what was once found is
 * tried again by every run; `npm run fuzz -- --keep` writes them anew.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const CORPUS = 'test/fuzz/corpus'

/** Inputs kept of one decoder: the files shall stay small. */
const KEPT_MAX = 24
/** Larger ones are kept only where there are no two that are smaller. */
const SIZE_MAX = 320

/** Named as the decoder is. */
export function fileOf(name: string): string {
  return `${name.replaceAll(' ', '-')}.txt`
}

/** None where no run has kept any. */
export function keptOf(name: string): Uint8Array[] {
  let text = ''
  try {
    text = readFileSync(join(CORPUS, fileOf(name)), 'latin1')
  } catch {
    return []
  }
  const lines = text.split('\n').slice(0, -1)
  return lines.map((line) => new Uint8Array(Buffer.from(line, 'hex')))
}

/** Keeps some of what brought new outcomes, of the first ones and of the last. */
export function keep(name: string, found: readonly Uint8Array[]): void {
  const [, second = 0] = found.map(({ length }) => length).toSorted((a, b) => a - b)
  const small = found.filter(({ length }) => length <= Math.max(SIZE_MAX, second))
  const step = Math.max(1, small.length / KEPT_MAX)
  const some = small.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step))
  mkdirSync(CORPUS, { recursive: true })
  const lines = some.slice(0, KEPT_MAX).map((bytes) => `${Buffer.from(bytes).toString('hex')}\n`)
  writeFileSync(join(CORPUS, fileOf(name)), lines.join(''))
}
