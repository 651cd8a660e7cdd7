/** The file map of docs/architecture.md: one line a file, made of the files' own first sentences. */
import { openingSentence, type Source } from './source.ts'

export const MAPPED_FOLDERS = ['bus', 'relay', 'client'] as const
export const MAP_DOCUMENT = 'docs/architecture.md'

const fence = /(?<=```text file-map\n)[\s\S]*?(?=```)/
const COLUMN = 32

/** The lines of the map, a blank line between folders. */
export function fileMap(sources: readonly Source[]): string {
  let folder = ''
  return sources
    .map(({ path, text }) => {
      const before = folder
      folder = path.slice(0, path.lastIndexOf('/'))
      const gap = before !== '' && before !== folder ? '\n' : ''
      return `${gap}${path.padEnd(COLUMN)}  ${(openingSentence(text) ?? '').replace(/\.$/, '')}\n`
    })
    .join('')
}

/** The document with its map replaced. */
export function withMap(document: string, map: string): string {
  return document.replace(fence, () => map)
}

/** What differs between a document's map and the tree, as sentences. */
export function mapFaults(document: string, sources: readonly Source[]): string[] {
  const written = lines(fence.exec(document)?.[0] ?? '')
  const actual = lines(fileMap(sources))
  return [
    ...[...actual.keys()].filter((path) => !written.has(path)).map((path) => `missing: ${path}`),
    ...[...written.keys()].filter((path) => !actual.has(path)).map((path) => `stale: ${path}`),
    ...[...actual]
      .filter(([path, job]) => written.has(path) && written.get(path) !== job)
      .map(([path, job]) => `says something else: ${path}  ${job}`),
  ]
}

function lines(map: string): Map<string, string> {
  const entries = map.matchAll(/^(\S+) {2,}(.*)$/gm)
  return new Map([...entries].map(([, path = '', job = '']) => [path, job]))
}
