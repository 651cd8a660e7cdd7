/** The packages of the others: installed apart, since nobody needs them to work on sixcast. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Their own modules: nothing here is typed by the package itself, which may not be installed. */
export async function load<T>(name: string): Promise<T> {
  const require = createRequire(join(FOLDER, 'package.json'))
  return (await import(pathToFileURL(require.resolve(name)).href)) as T
}

/** Installs them the first time; what npm complains of, where they cannot be had. */
export function install(): string | undefined {
  mkdirSync(FOLDER, { recursive: true })
  for (const file of ['package.json', 'package-lock.json']) {
    copyFileSync(join(SOURCE, file), join(FOLDER, file))
  }
  if (existsSync(join(FOLDER, 'node_modules/.package-lock.json'))) return undefined
  const options = { cwd: FOLDER, encoding: 'utf8' } as const
  const { status, stderr, error } = spawnSync('npm', ['ci', '--ignore-scripts'], options)
  if (status === 0) return undefined
  return error?.message ?? stderr.trim()
}

/** The programs run from `.build/test/bench/peers`. */
const ROOT = join(import.meta.dirname, '../../../..')
const SOURCE = join(ROOT, 'test/bench/peers')
const FOLDER = join(ROOT, '.build/bench-peers')
