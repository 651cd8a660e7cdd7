/** Logs between hosts that lose packets, stand still, restart or go dark: nothing is lost unseen. */
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { compiled } from '../setup/compiled.ts'
import { report } from './bus-measure.ts'
import { openLab } from './lab/lab.ts'
import {
  type Account,
  commandsIn,
  hashOf,
  interrupted,
  logText,
  memoryMax,
  transferLog,
} from './loss-transfer.ts'

let program: string
beforeAll(async () => {
  program = await compiled('test/net/sixcast.ts')
})

describe('a log of 50,000 lines to two hosts', () => {
  test.each([0.05, 0.3])(
    'is the same byte for byte when every host loses %d of what reaches it',
    async (probability) => {
      await using lab = await openLab({ a: ['a1', 'a2', 'a3'] })
      // Data and repairs at the subscribers; questions and confirmations at the publisher.
      for (const host of lab.hosts) await host.loss({ probability })
      const to = ['a2', 'a3']
      const outcome = await transferLog(lab, program, { lines: LINES, to })
      const { bytes, packets, overflows } = outcome
      report(`50,000 lines at a loss of ${probability}`, [{ bytes, packets, overflows }])
      expect(outcome).toMatchObject({ codes: [0, 0, 0], equal: 2 })
      for (const words of outcome.words) expect(words).not.toContain('gap')
    },
  )

  test('is the same byte for byte on a link of 1,280 bytes that loses some of it', async () => {
    await using lab = await openLab({ a: { hosts: ['a1', 'a2', 'a3'], mtu: 1280 } })
    for (const host of lab.hosts) await host.loss({ probability: 0.02 })
    const outcome = await transferLog(lab, program, { lines: LINES, to: ['a2', 'a3'] })
    expect(outcome).toMatchObject({ codes: [0, 0, 0], equal: 2 })
  })
})

test('a subscriber that is started anew in the midst of it accounts for all since then', async () => {
  await using lab = await openLab({ a: ['a1', 'a2', 'a3'] })
  for (const host of lab.hosts) await host.loss({ probability: 0.05 })
  const commands = await commandsIn(lab, program)
  const [steady, before] = await Promise.all([
    commands.subscribe('a2', '--raw'),
    commands.subscribe('a3', '--json'),
  ])
  const log = logText(LINES)
  const pub = commands.publish(`--require 2 --timeout 60 --rate ${RATE}`)
  pub.end(log)
  await before.reaches(LINES / 5)
  before.process.signal('SIGINT')
  expect((await before.process.exit).code).toBe(0)
  const after = await commands.subscribe('a3', '--json')
  const second = await after.reaches(LINES - 1)
  const first = await before.account()
  report('the two lives of a subscriber', [first, second])
  expect(first).toMatchObject({ first: 0, delivered: first.last + 1, lost: 0, faults: [] })
  accounted(second, LINES)
  expect(second.lost).toBe(0)
  expect(second.first).toBeGreaterThan(first.last / 2)
  await steady.holds(Buffer.byteLength(log))
  expect(hashOf(await steady.bytes())).toBe(hashOf(log))
  expect(await interrupted([steady.process, after.process])).toEqual([0, 0])
  expect((await pub.exit).code).toBe(0)
})

test.each([
  { flow: 'max', why: 'is left behind' },
  { flow: 'min', why: 'slows the others to a tenth of the rate' },
])('a subscriber that stands still for 5 s $why, and accounts for all', async ({ flow }) => {
  await using lab = await openLab({ a: ['a1', 'a2', 'a3', 'a4'] })
  const commands = await commandsIn(lab, program)
  const others = await Promise.all(['a2', 'a3'].map((name) => commands.subscribe(name, '--raw')))
  const frozen = await commands.subscribe('a4', '--json')
  const log = logText(LINES)
  const pub = commands.publish(`--require 3 --timeout 60 --rate ${RATE} --flow ${flow}`)
  pub.write(log)
  await frozen.reaches(LINES / 10)
  frozen.process.signal('SIGSTOP')
  await sleep(5000)
  await Promise.all(others.map((copy) => copy.holds(Buffer.byteLength(log))))
  frozen.process.signal('SIGCONT')
  const account = await frozen.reaches(LINES - 1)
  const processes = [pub, frozen.process, ...others.map(({ process }) => process)]
  const memory = await Promise.all(processes.map(({ pid }) => memoryMax(pid)))
  report('a subscriber that stood still for 5 s', [account, { memoryMiB: memory }])
  accounted(account, LINES)
  expect(account.first).toBe(0)
  for (const copy of others) expect(hashOf(await copy.bytes())).toBe(hashOf(log))
  for (const mebibytes of memory) expect(mebibytes).toBeLessThan(MEMORY_MAX)
  pub.end()
  // Who has lost messages is named, and is the reason for the code.
  expect((await pub.exit).code).toBe(account.lost > 0 ? 2 : 0)
  const codes = await interrupted(processes.slice(1))
  expect(codes).toEqual([account.lost > 0 ? 1 : 0, 0, 0])
})

test('a subscriber whose link is down for 2 s gets what it missed from the history', async () => {
  await using lab = await openLab({ a: ['a1', 'a2', 'a3'] })
  const commands = await commandsIn(lab, program)
  const steady = await commands.subscribe('a2', '--raw')
  const cut = await commands.subscribe('a3', '--json')
  const log = logText(LINES)
  const pub = commands.publish(`--require 2 --timeout 60 --rate ${RATE}`)
  pub.end(log)
  await cut.reaches(LINES / 5)
  await lab.host('a3').link('eth0', 'down')
  await sleep(2000)
  await lab.host('a3').link('eth0', 'up')
  const account = await cut.reaches(LINES - 1)
  report('a subscriber whose link was down for 2 s', [account])
  expect(account).toEqual({ first: 0, last: LINES - 1, delivered: LINES, lost: 0, faults: [] })
  await steady.holds(Buffer.byteLength(log))
  expect(hashOf(await steady.bytes())).toBe(hashOf(log))
  expect((await pub.exit).code).toBe(0)
  expect(await interrupted([steady.process, cut.process])).toEqual([0, 0])
})

/** Everything from the first to the last is delivered or reported, in order and once. */
function accounted(account: Account, published: number): void {
  const { first, last, delivered, lost, faults } = account
  expect(faults).toEqual([])
  expect(last).toBe(published - 1)
  expect(delivered + lost).toBe(published - first)
}

const LINES = 50_000
/** Lines a second, so that the sending lasts longer than the faults. */
const RATE = 8000
/** MiB: Node's own, the history and the queues at their bounds, and as much again for garbage. */
const MEMORY_MAX = 400
