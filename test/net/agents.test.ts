/**
 * Many agents, each a process of its own, on ten hosts: one question, and one outcome each.
 *
 * Twenty-four, or as many as AGENTS says. From 37 on their beacons are 74 a second together, each of
 * which every process hears: a hundred on one machine need more than two processors for that alone.
 */
import { existsSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { type CpuInfo, cpus, setPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keyText } from '../../bus/io/key-text.ts'
import { compiled } from '../setup/compiled.ts'
import { report } from './bus-measure.ts'
import { openLab, type Lab } from './lab/lab.ts'
import type { HostProcess } from './lab/process.ts'

const COUNT = Number(process.env['AGENTS'] ?? 24)
const HOSTS = 10
/** So many start at once: more would take the time from those that are there. */
const AT_ONCE = 4
let lab: Lab
let program: string
let env: Record<string, string>

beforeAll(async () => {
  const hosts = Array.from({ length: HOSTS }, (_, number) => `h${number}`)
  lab = await openLab({ a: ['desk', ...hosts] })
  program = await compiled('test/net/sixcast.ts')
  const realms = join(lab.directory, 'sixcast', 'realms')
  await mkdir(realms, { recursive: true })
  await writeFile(join(realms, 'site.key'), keyText(new Uint8Array(32).fill(0x5f)))
  await chmod(join(realms, 'site.key'), 0o600)
  env = { XDG_CONFIG_HOME: lab.directory, SIXCAST_REALM: 'site', SIXCAST_SCOPE: 'link' }
})
afterAll(async () => await lab.close())

test('each of many agents answers one question with its load', async () => {
  const agents: HostProcess[] = []
  while (agents.length < COUNT) {
    const places = Array.from({ length: AT_ONCE }, (_, more) => agents.length + more)
    const starting = places.filter((place) => place < COUNT).map((place) => agent(place))
    agents.push(...(await Promise.all(starting)))
  }
  await settled()
  const words = [program, 'get', 'host/load', '--json', '--timeout', '30']
  const { code, stdout, stderr } = await lab
    .host('desk')
    .run('node', words, { env, timeoutMs: 60_000 })
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
  const { end, outcomes = [] } = lines.at(-1) ?? {}
  const readings = lines.slice(0, -1)
  const answered = outcomes.filter(({ type }) => type === 'answered').length
  const lastMs = Math.max(...readings.map(({ rtt = 0 }) => rtt))
  report(`${COUNT} agents`, [{ met: outcomes.length, answered, lastMs }])
  expect({ stderr, end, code }).toEqual({ stderr: '', end: 'complete', code: 0 })
  expect(answered).toBe(COUNT)
  expect(new Set(outcomes.map(({ from }) => from)).size).toBe(outcomes.length)
  expect(outcomes.length).toBe(COUNT)
  expect(new Set(readings.map(({ from }) => from)).size).toBe(COUNT)
  expect(readings.every(({ value }) => typeof value === 'number' && value >= 0)).toBe(true)
  await Promise.all(agents.map((one) => one.stop()))
}, 400_000)

/** A line of `get --json`: a reading, or the report at the end. */
interface Line {
  readonly from?: string
  readonly value?: unknown
  readonly rtt?: number
  readonly end?: string
  readonly outcomes?: readonly { readonly from: string; readonly type: string }[]
}

/** Until all have met, which is the work of a while: on two processors nobody is answered before. */
async function settled(): Promise<void> {
  await expect.poll(idlePart, { timeout: 120_000, interval: 0 }).toBeGreaterThan(0.1)
}

/** The part of two seconds in which the processors have nothing to do. */
async function idlePart(): Promise<number> {
  const before = cpus()
  await setTimeout(2000)
  const after = cpus()
  const spent = (all: typeof before, names: readonly (keyof CpuInfo['times'])[]): number =>
    all.reduce((sum, { times }) => sum + names.reduce((part, name) => part + times[name], 0), 0)
  const of = (names: readonly (keyof CpuInfo['times'])[]): number =>
    spent(after, names) - spent(before, names)
  return of(['idle']) / of(['user', 'nice', 'sys', 'idle', 'irq'])
}

/**
 * Who starts or asks would have a machine of its own, and not one part in a hundred of this one. Each
 * process leads a session, and where Linux shares the time among sessions (sched(7)), it is their
 * niceness that counts.
 */
async function giveWay(pid: number): Promise<void> {
  setPriority(pid, 19)
  const file = `/proc/${pid}/autogroup`
  if (existsSync(file)) await writeFile(file, '19')
}

async function agent(place: number): Promise<HostProcess> {
  const own = { ...env, SIXCAST_NAME: `agent-${place}`, SIXCAST_LOG_LEVEL: 'info' }
  const host = lab.host(`h${place % HOSTS}`)
  const started = host.spawn('node', [program, 'agent'], { env: own })
  await started.errorLine(/serving/, 120_000)
  await giveWay(started.pid)
  return started
}
