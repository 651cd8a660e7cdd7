/** The programs of docs/examples as tests see them: their text, and what they say they print. */
import { readdirSync, readFileSync } from 'node:fs'

export interface Example {
  readonly name: string
  readonly text: string
  /** The lines that it promises to print; undefined: it is not run. */
  readonly prints: readonly string[] | undefined
  /** Two peers print, and nothing says whose line comes first. */
  readonly anyOrder: boolean
}

export function readExamples(): Example[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => exampleOf(file.slice(0, -3), readFileSync(new URL(file, FOLDER), 'utf8')))
}

function exampleOf(name: string, text: string): Example {
  const promise = /^\/\/ Prints(, in one order or another)?:\n((?:\/\/ .*\n)+)/m.exec(text)
  const prints = promise?.[2]?.trimEnd().split('\n')
  return {
    name,
    text,
    prints: prints?.map((line) => line.slice(3)),
    anyOrder: promise?.[1] !== undefined,
  }
}

const FOLDER = new URL('../../docs/examples/', import.meta.url)
