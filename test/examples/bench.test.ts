/** The benchmark itself runs: what is published reaches every subscriber of everybody who needs no server. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Taken } from '../bench/scale/measured.ts'
import type { Measured } from '../bench/speed/scene.ts'
import { compiled } from '../setup/compiled.ts'

const folder = mkdtempSync(join(tmpdir(), 'bench-test-'))
let program: string

beforeAll(async () => {
  program = await compiled('test/bench/speed/main.ts')
})

afterAll(() => rmSync(folder, { recursive: true }))

it('counts what reached two subscribers, of each peer and size, and writes JSON and tables', () => {
  const json = join(folder, 'runs.json')
  const asked = `--quick --peers sixcast,raw,ws --sizes 64,1024 --subscribers 2 --json ${json}`
  const { status, stdout, stderr } = run(asked.split(' '))
  expect({ status, stderr }).toMatchObject({ status: 0 })
  const { runs } = JSON.parse(readFileSync(json, 'utf8')) as { runs: Measured[] }
  expect(runs.map(({ peer, size }) => `${peer} ${size}`)).toEqual([
    'sixcast 64',
    'sixcast 1024',
    'raw 64',
    'raw 1024',
    'ws 64',
    'ws 1024',
  ])
  expect(runs.map(({ messages, subscribers }) => [messages, subscribers])).toEqual(
    runs.map(() => [2048, 2]),
  )
  // Plain datagrams may be lost, and nobody would know.
  const sure = runs.filter(({ peer }) => peer !== 'raw')
  expect(sure.map(({ lost, disordered }) => [lost, disordered])).toEqual(sure.map(() => [0, 0]))
  expect(stdout).toContain('| sixcast | sealed, reliable, native |')
})

it('names an option that is wrong, and how it is used', () => {
  const { status, stderr } = run(['--peers', 'nobody'])
  expect(status).toBe(1)
  expect(stderr).toContain("there is no 'nobody', but sixcast")
  expect(stderr).toContain('npm run bench -- [options]')
})

it('measures one process that knows many, and every message of its load arrives', async () => {
  const json = join(folder, 'scale.json')
  const scale = await compiled('test/bench/scale/main.ts')
  const words = ['--expose-gc', scale, '--quick', '--json', json]
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
  expect({ status, stderr }).toMatchObject({ status: 0 })
  const taken = JSON.parse(readFileSync(json, 'utf8')) as Taken[]
  expect(taken.map(({ scale: { topics, patterns, peers } }) => [topics, patterns, peers])).toEqual([
    [10, 10, 10],
    [100, 20, 20],
  ])
  for (const { published, heard, sent, delivered } of taken) {
    expect(Math.min(published, sent)).toBeGreaterThan(0)
    expect([heard, delivered]).toEqual([published, sent])
  }
  expect(stdout).toContain('| messages lost | 0 | 0 |')
})

function run(args: readonly string[]): ReturnType<typeof spawnSync> & { stderr: string } {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })
}
