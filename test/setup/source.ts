/** Reads source files as text: what they import, what they say they do, and their code without comments. */
import { readdirSync, readFileSync, statSync } from 'node:fs'

export interface Source {
  readonly path: string
  readonly text: string
}

export interface Import {
  /** A path from the root of the repository, or the name of a package. */
  readonly target: string
  readonly typeOnly: boolean
}

/** Every TypeScript file below the folders that exist, by path from the repository's root. */
export function readSources(folders: readonly string[]): Source[] {
  return folders
    .flatMap((folder) => list(folder))
    .filter((path) => path.endsWith('.ts'))
    .sort((a, b) => (filesFirst(a) < filesFirst(b) ? -1 : 1))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

/** The first sentence of the comment that opens a file, or undefined where there is none. */
export function openingSentence(text: string): string | undefined {
  const comment = /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\//.exec(text)?.[1]
  const prose = comment
    ?.replace(/^[ \t]*\*/gm, '')
    .split(/\n\s*\n/)[0]
    ?.replace(/\s+/g, ' ')
    .trim()
  return /^.+?[.!](?= [A-Z`]|$)/.exec(prose ?? '')?.[0]
}

/** What a file imports or re-exports, static and dynamic, relative paths resolved. */
export function importsOf(source: Source): Import[] {
  const code = withoutComments(source.text)
  const clause =
    /^\s*(?:import\b(\s+type\b)?(?:[^'"=();]*?\bfrom)?|export(\s+type)?\s*(?:\*[^'"]*?|\{[^}]*\})\s*from)\s*['"]([^'"\n]+)/gm
  const call = /\bimport\s*\(\s*['"]([^'"\n]+)/g
  return [
    ...[...code.matchAll(clause)].map(([, importType, exportType, specifier = '']) => ({
      specifier,
      typeOnly: (importType ?? exportType) !== undefined,
    })),
    ...[...code.matchAll(call)].map(([, specifier = '']) => ({ specifier, typeOnly: false })),
  ].map(({ specifier, typeOnly }) => ({ target: resolve(source.path, specifier), typeOnly }))
}

/** The code with comments taken out; strings stay, so that import paths can be read. */
function withoutComments(text: string): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g
  return text.replace(token, (found) => (found.startsWith('/') ? '' : found))
}

/** The code with comments and strings taken out, for rules about words. */
export function wordsOnly(text: string): string {
  return withoutComments(text).replace(
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g,
    "''",
  )
}

function list(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? list(path) : [path]
  })
}

/** Sorts the files of a folder before its folders, as a reader walks down. */
function filesFirst(path: string): string {
  return path.replace(/\/([^/]*)$/, '\0$1')
}

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier
  return new URL(specifier, `file:///${from}`).pathname.slice(1)
}
