/**
 * Who may import whom, as a table, and the few rules of style that the linter has no words for.
 *
 * The table is read from the top; the first row that a file matches is its row. Folders that no row
 * names may import what they like, except Node, the front doors and the tests.
 */
import { isBuiltin } from 'node:module'
import { importsOf, openingSentence, type Source, wordsOnly } from './source.ts'

interface Row {
  readonly files: RegExp
  readonly may: readonly RegExp[]
}

/** Files at the top of the core that every layer shares: all but the peer that joins the layers. */
const shared = /^bus\/core\/(?!peer)[^/]+\.ts$/
const wire = /^bus\/core\/wire\//
const topic = /^bus\/core\/topic\//

/** The page of a relay's dashboard, for browsers. */
const page = /^relay\/dashboard\/page\//

/** What of a relay is told everything, as the core is. */
const pureRelay =
  /^relay\/(backbone\/(circle|keys|message)|arrival|asked|bridge|bridge-options|bridge-output|crossing|crossing-options|faces|gate|hellos|holds|link-groups|marks|prunes|trunk-proof|trunk-wire|instances|interest|judge|keys|memberships|neighbours|opener|outlet|permits|quota|repairs|rungs|seen|senders|takers|talk|yields|limits|counters)\.ts$/

const table: readonly Row[] = [
  { files: wire, may: [wire, /^bus\/core\/limits\.ts$/] },
  { files: topic, may: [topic, /^bus\/core\/limits\.ts$/] },
  ...['stream', 'seal', 'path', 'service'].map((layer) => ({
    files: new RegExp(`^bus/core/${layer}/`),
    may: [new RegExp(`^bus/core/${layer}/`), wire, topic, shared],
  })),
  { files: shared, may: [wire, topic, shared] },
  { files: /^bus\/core\//, may: [/^bus\/core\//] },
  { files: /^bus\/testing\//, may: [/^bus\/(testing|api|io|core)\//] },
  { files: /^client\//, may: [/^(?!relay\/|bus\/cli\/)/] },
  {
    files: page,
    may: [/^bus\/(core|io|api)\//, page, /^uplot$/, /^relay\/(counters|dashboard\/shown)\.ts$/],
  },
  { files: pureRelay, may: [/^bus\/core\//, pureRelay] },
  { files: /^relay\//, may: [/^(?!bus\/(cli|librecast|native)\/|client\/)/] },
  { files: /^bus\/cli\//, may: [/^(?!relay\/(?!index\.ts$))/] },
  { files: /^bus\/(?!cli\/)/, may: [/^(?!relay\/|client\/)/] },
]

/** These touch Node; `bus/index.ts` and `bus/api` do not. */
const node = /^(bus\/(io|cli|librecast|native)|relay|test|docs\/examples)\//

const doors = /^(bus|relay|client|bus\/(librecast|testing))\/index\.ts$/
/** The package's own simulator shares what users test with. */
const simulating = /^(bus\/testing|test|docs\/examples)\//
const throughDoors = /^(bus\/cli|test|docs\/examples)\//

/** These also run in browsers, so nothing they load, however indirectly, may be Node's. */
const portable = /^(bus\/(actors|api|core)|client|relay\/dashboard\/page)\//

/** Every breach of the dependency rules, as sentences. */
export function breaches(sources: readonly Source[]): string[] {
  const importsByPath = new Map(sources.map((source) => [source.path, importsOf(source)]))
  const found: string[] = []
  for (const [path, imports] of importsByPath) {
    const row = table.find(({ files }) => files.test(path))
    for (const { target } of imports) {
      const fault = faultOf(path, target, row)
      if (fault) found.push(`${path} imports ${target}: ${fault}`)
    }
    if (!portable.test(path)) continue
    const reached = reach(path, importsByPath, (target) => isBuiltin(target))
    if (reached.length > 2) found.push(`${reached.join(' -> ')}: browsers load this too`)
  }
  return found
}

function faultOf(path: string, target: string, row: Row | undefined): string | undefined {
  if (isBuiltin(target) && !node.test(path))
    return 'only io, cli, librecast, native and relay touch Node'
  if (row && !row.may.some((allowed) => allowed.test(target))) return 'not in its row of the table'
  if (doors.test(target) && !throughDoors.test(path)) return 'the front doors are for users'
  if (target.startsWith('bus/testing/') && !simulating.test(path))
    return 'what simulates is for tests'
  if (target.startsWith('test/') && !path.startsWith('test/'))
    return 'the product does not know its tests'
  return undefined
}

/** The chain of imports from a file to the first target that is looked for; type imports load nothing. */
function reach(
  start: string,
  importsByPath: ReadonlyMap<string, ReturnType<typeof importsOf>>,
  wanted: (target: string) => boolean,
): string[] {
  const cameFrom = new Map<string, string | undefined>([[start, undefined]])
  for (const path of cameFrom.keys()) {
    if (wanted(path)) return chain(path, cameFrom)
    for (const { target, typeOnly } of importsByPath.get(path) ?? []) {
      if (!typeOnly && !cameFrom.has(target)) cameFrom.set(target, path)
    }
  }
  return []
}

function chain(end: string, cameFrom: ReadonlyMap<string, string | undefined>): string[] {
  const path: string[] = []
  for (let at: string | undefined = end; at !== undefined; at = cameFrom.get(at)) path.unshift(at)
  return path
}

/** What is wrong with one file by itself, as sentences. */
export function faults({ path, text }: Source): string[] {
  const words = wordsOnly(text)
  const checks: readonly [boolean, string][] = [
    [!openingSentence(text), 'does not open with a /** one-sentence job. */'],
    [/\b(utils?|helpers?|manager|impl)\b/i.test(path), 'is named after no idea'],
    [/(\/\/|\*)\s*\bTODO(?!\(#\d+\))/.test(text), 'has a TODO without an issue number: TODO(#12)'],
    [
      path.startsWith('bus/core/') && /(?<![#.\w])(async|await)\b/.test(words),
      'waits, and the core never waits',
    ],
  ]
  return checks.filter(([wrong]) => wrong).map(([, fault]) => `${path} ${fault}`)
}
