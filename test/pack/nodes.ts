/** The Node versions that users have, each as a program to run: this one, and others from the registry. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'

export const SUPPORTED = [20, 22, 24] as const

/** The program of a Node version; fetched once, then kept until the next clean install. */
export function nodeOf(major: number): string {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath
  const folder = resolve(`node_modules/.cache/sixcast/node-${major}`)
  const name = `node-${process.platform}-${process.arch}`
  const program = resolve(folder, 'node_modules', name, 'bin/node')
  if (!existsSync(program)) fetchNode(`${name}@${major}`, folder)
  return program
}

function fetchNode(wanted: string, folder: string): void {
  mkdirSync(folder, { recursive: true })
  try {
    npm(['install', '--ignore-scripts', '--no-save', '--no-package-lock', wanted], folder)
  } catch (cause) {
    throw new Error(`The package must be tried on ${wanted}, which npm could not fetch.`, { cause })
  }
}

/** Runs npm in a folder that is not this project, and returns what it prints. */
export function npm(words: readonly string[], folder: string): string {
  const options = ['--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error']
  return execFileSync('npm', [...words, ...options], { cwd: folder, encoding: 'utf8' })
}
