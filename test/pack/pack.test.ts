/** The tarball that users get: what is in it, its types, and that it runs on the Nodes they have. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeOf, npm, SUPPORTED } from './nodes.ts'
import { publicTypes } from './public-types.ts'

const project = mkdtempSync(join(tmpdir(), 'sixcast-pack-'))
afterAll(() => rmSync(project, { recursive: true }))

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const tarball = join(project, `sixcast-${version}.tgz`)
const files: string[] = []

beforeAll(() => {
  const packed = execFileSync(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--loglevel=error', '--pack-destination', project],
    { encoding: 'utf8' },
  )
  const [report] = JSON.parse(packed) as { files: { path: string }[] }[]
  files.push(...(report?.files ?? []).map(({ path }) => path))

  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }')
  npm(['install', tarball], project)
  copyFileSync('test/pack/smoke.js', join(project, 'smoke.js'))
})

describe('the tarball', () => {
  it('holds the built product and its papers, and nothing else', () => {
    const papers = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']
    const others = files.filter((path) => !/^dist\/(bus|relay|client)\//.test(path))
    expect(others.sort()).toEqual(papers)
  })

  it("has the command in a few files, which load sooner than hundreds, with nobody else's code", () => {
    const command = files.filter((path) => path.startsWith('dist/bus/cli/'))
    expect(command).toContain('dist/bus/cli/main.js')
    expect(command.length).toBeLessThan(25)
    for (const path of command) expect(readFileSync(path, 'utf8')).not.toContain('node_modules/')
  })

  it('is what publint asks of a package', () => {
    expect(() => tool('publint', 'run', '--strict', tarball)).not.toThrow()
  })

  it('has types that every ESM resolution finds', () => {
    expect(() =>
      tool('attw', '--profile', 'esm-only', '--no-definitely-typed', tarball),
    ).not.toThrow()
  })

  it("compiles into a user's program without skipLibCheck", () => {
    copyFileSync('test/pack/use.ts', join(project, 'use.ts'))
    const libraries = 'es2024,esnext.disposable,dom'
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess']
    const options = ['--noEmit', '--module', 'nodenext', '--lib', libraries, '--types', '']
    expect(() => tool('tsc', ...strict, ...options, 'use.ts')).not.toThrow()
  })

  it('has the public types that were reviewed (npm run pack -- -u accepts new ones)', async () => {
    await expect(publicTypes()).toMatchFileSnapshot('public-types.txt')
  })
})

describe.each(SUPPORTED)('on Node %i', (major) => {
  it('the package loads and two buses exchange a message', { timeout: 120_000 }, () => {
    const node = nodeOf(major)
    expect(() => run(node, join(project, 'smoke.js'))).not.toThrow()
  })

  it('the command prints its version', () => {
    const command = join(project, 'node_modules/.bin/sixcast')
    expect(run(nodeOf(major), command, '--version').trim()).toBe(version)
  })
})

describe('npx', () => {
  it('runs the command of the installed package', () => {
    expect(npm(['exec', '--', 'sixcast', '--version'], project).trim()).toBe(version)
  })
})

function tool(name: string, ...words: string[]): string {
  return run(resolve('node_modules/.bin', name), ...words)
}

/** Runs a program in the project; a failure carries what the program printed. */
function run(program: string, ...words: string[]): string {
  return execFileSync(program, words, { cwd: project, encoding: 'utf8', timeout: 60_000 })
}
