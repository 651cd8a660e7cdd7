/** The public types as text: the one list of public names, what it takes them from, and the door. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const DOOR = 'dist/bus/index.d.ts'
const TESTING = 'dist/bus/testing/index.d.ts'
const LIST = 'dist/bus/public.d.ts'
/** The other door, and what it lets out. */
const RELAY = ['index', 'types', 'limits'].map((name) => `dist/relay/${name}.d.ts`)
const VAULT = 'dist/client/vault.d.ts'

/** Declarations without comments, so that a difference is a change of a type. */
export function publicTypes(): string {
  const list = readFileSync(LIST, 'utf8')
  const sources = [...list.matchAll(/from '(\.[^']+)'/g)]
    .map(([, path = '']) => join(dirname(LIST), path.replace(/\.(ts|js)$/, '.d.ts')))
    .toSorted()
  const files = [LIST, ...new Set(sources), typesOf(TESTING), ...RELAY, VAULT].map((path) => {
    return `// ${path}\n\n${declarations(path)}`
  })
  const doors = [DOOR, TESTING].map((door) => `// ${door}\n\n${functionsOf(door)}`)
  return [...doors, ...files].join('\n')
}

/** Only what the door lets out of the files behind it. */
function functionsOf(door: string): string {
  const exported = readFileSync(door, 'utf8').matchAll(/export \{ (\w+) \} from '\.([^']+)'/g)
  return [...exported]
    .map(([, name = '', path = '']) => {
      const text = declarations(join(dirname(door), path.replace(/\.(ts|js)$/, '.d.ts')))
      return new RegExp(`^export declare function ${name}\\b.*\\n`, 'm').exec(text)?.[0] ?? ''
    })
    .join('')
}

function typesOf(door: string): string {
  return join(dirname(door), 'options.d.ts')
}

function declarations(path: string): string {
  return readFileSync(path, 'utf8')
    .replace(/^[ \t]*\/\*\*[\s\S]*?\*\/\n/gm, '')
    .replace(/^\/\/# .*\n?/gm, '')
}
