/** The public types as text: the one list of public names, and the files it takes them from. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const LIST = 'dist/bus/public.d.ts'

/** Declarations without comments, so that a difference is a change of a type. */
export function publicTypes(): string {
  const list = readFileSync(LIST, 'utf8')
  const sources = [...list.matchAll(/from '(\.[^']+)'/g)]
    .map(([, path = '']) => join(dirname(LIST), path.replace(/\.(ts|js)$/, '.d.ts')))
    .toSorted()
  return [LIST, ...new Set(sources)].map((path) => `// ${path}\n\n${declarations(path)}`).join('\n')
}

function declarations(path: string): string {
  return readFileSync(path, 'utf8')
    .replace(/^[ \t]*\/\*\*[\s\S]*?\*\/\n/gm, '')
    .replace(/^\/\/# .*\n?/gm, '')
}
