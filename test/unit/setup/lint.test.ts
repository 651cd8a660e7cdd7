/** Each rule of the linter and of the core's compiler settings, proved by a file that breaks it. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const root = mkdtempSync(join(tmpdir(), 'sixcast-lint-'))
afterAll(() => rmSync(root, { recursive: true }))

for (const name of ['.oxlintrc.json', 'tsconfig.json', 'bus/tsconfig.json']) {
  cpSync(name, join(root, name))
}
symlinkSync(resolve('node_modules'), join(root, 'node_modules'))

const core = 'export const found: unknown = '

describe('the linter', () => {
  const probes: readonly [file: string, rule: string, text: string][] = [
    ['bus/api/long-file.ts', 'max-lines', 'a()\n'.repeat(351)],
    ['bus/api/long-function.ts', 'max-lines-per-function', functionOf(61)],
    ['bus/api/params.ts', 'max-params', 'export function a(b: 1, c: 1, d: 1, e: 1): void {}'],
    [
      'bus/core/params.ts',
      'max-params',
      'export function a(b: 1, c: 1, d: 1, e: 1, f: 1): void {}',
    ],
    ['bus/api/depth.ts', 'max-depth', 'if (a) { if (b) { if (c) { if (d) { e() } } } }'],
    ['bus/api/default.ts', 'no-default-export', 'export default 1'],
    ['bus/api/cycle-a.ts', 'no-cycle', "import { b } from './cycle-b.ts'\nexport const a = b"],
    ['bus/api/cycle-b.ts', 'no-cycle', "import { a } from './cycle-a.ts'\nexport const b = a"],
    ['bus/api/barrel.ts', 'no-barrel-file', "export * from './default.ts'"],
    ['bus/api/any.ts', 'no-explicit-any', 'export const a: any = 1'],
    ['bus/api/console.ts', 'no-console', "console.log('a')"],
    ['bus/api/floating.ts', 'no-floating-promises', 'async function a() {}\na()'],
    ['bus/api/switch.ts', 'switch-exhaustiveness-check', switchOver("'a' | 'b'", 'a')],
    ['bus/api/type-import.ts', 'consistent-type-imports', "import { A } from './any.ts'\nlet a: A"],
    ['bus/api/camelCase.ts', 'filename-case', 'export const a = 1'],
    ['bus/api/node.ts', 'no-restricted-imports', "import 'node:dgram'"],
    ['bus/index.ts', 'no-restricted-imports', "import 'node:dgram'"],
    ['client/node.ts', 'no-restricted-imports', "import 'node:dgram'"],
    ['bus/core/now.ts', 'no-restricted-globals', `${core}Date.now()`],
    ['bus/core/high.ts', 'no-restricted-globals', `${core}performance.now()`],
    ['bus/core/timer.ts', 'no-restricted-globals', `${core}setTimeout`],
    ['bus/core/random.ts', 'no-restricted-properties', `${core}Math.random()`],
    ['bus/core/console.ts', 'no-console', 'console.log(1)'],
  ]
  const found = lint(probes)

  it.each(probes)('flags %s with %s', (path, rule) => {
    expect(found.get(path) ?? []).toContain(rule)
  })
})

describe('the linter allows', () => {
  const allowed: readonly [file: string, rule: string, text: string][] = [
    ['bus/core/four.ts', 'max-params', 'export function a(b: 1, c: 1, d: 1, e: 1): void {}'],
    ['bus/io/node.ts', 'no-restricted-imports', "import 'node:dgram'"],
    ['bus/cli/node.ts', 'no-restricted-imports', "import 'node:dgram'"],
    ['bus/cli/console.ts', 'no-console', 'console.log(1)'],
    ['bus/librecast/node.ts', 'no-restricted-imports', "import 'node:dgram'"],
    ['bus/public.ts', 'no-barrel-file', "export * from './core/four.ts'"],
    ['bus/librecast/index.ts', 'no-barrel-file', "export * from '../core/four.ts'"],
  ]
  const found = lint(allowed)

  it.each(allowed)('%s what %s refuses elsewhere', (path, rule) => {
    expect(found.get(path) ?? []).not.toContain(rule)
  })
})

describe('the compiler settings of the core', () => {
  it('know nothing of Node and browsers', () => {
    const words = ['setTimeout', 'console', 'crypto', 'Buffer', 'process', 'performance', 'fetch']
    const lines = words.map((word, index) => `export const a${index}: unknown = ${word}`)
    write('bus/core/impure.ts', [...lines, "import 'node:dgram'", 'export enum E { a }'].join('\n'))
    const { stdout } = run('tsc', ['-p', 'bus'])
    const faulty = new Set([...stdout.matchAll(/core\/impure\.ts\((\d+),/g)].map(([, at]) => at))
    expect(faulty.size).toBe(words.length + 2)
  })
})

/** The rules that each file breaks, by its path. */
function lint(
  probes: readonly [file: string, rule: string, text: string][],
): Map<string, string[]> {
  for (const [path, , text] of probes) write(path, text)
  const { stdout } = run('oxlint', ['--type-aware', '--format=unix', 'bus', 'client'])
  const rulesByPath = new Map<string, string[]>()
  for (const [, path = '', rule = ''] of stdout.matchAll(
    /^(\S+?):\d+:\d+:.*\/\w+\(([\w-]+)\)\]$/gm,
  )) {
    rulesByPath.set(path, [...(rulesByPath.get(path) ?? []), rule])
  }
  return rulesByPath
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

function run(tool: string, options: string[]): { stdout: string } {
  return spawnSync(resolve('node_modules/.bin', tool), options, { cwd: root, encoding: 'utf8' })
}

function functionOf(lines: number): string {
  return `export function a(): void {\n${'a()\n'.repeat(lines - 2)}}`
}

function switchOver(type: string, only: string): string {
  return `declare const a: ${type}\nswitch (a) {\n  case '${only}':\n    break\n}`
}
