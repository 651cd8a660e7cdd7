/** Workers on several hosts, also behind a relay, and killed at random: one of them has each thing. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { compiled } from '../setup/compiled.ts'
import { report } from './bus-measure.ts'
import { openLab } from './lab/lab.ts'
import { relayUrl, startRelay } from './lab-relay.ts'
import { commandsIn, type Copy } from './loss-transfer.ts'

test('workers of a segment and of a relay share lines and questions', async () => {
  const program = await compiled('test/net/sixcast.ts')
  await using lab = await openLab({ a: ['a1', 'a2', 'r'], b: ['b1', 'r'] })
  const commands = await commandsIn(lab, program)
  await startRelay(lab, commands, { host: 'r', on: 'a' })
  const linked = `--no-multicast --relay ${relayUrl(lab, 'r', 'b')}`
  const copies = [
    await commands.subscribe('a2', '--raw --share workers'),
    await commands.subscribe('b1', `--raw --share workers ${linked}`),
  ]
  const pub = commands.publish('--shared --require 2 --timeout 60 --rate 100 --linger 30')
  pub.end(Array.from({ length: 300 }, (_, n) => `${n}\n`).join(''))
  expect(await pub.exit).toMatchObject({ code: 0 })
  const parts = (await Promise.all(copies.map((copy) => copy.bytes()))).map(numbersIn)
  expect(parts.every((part) => part.length > 50)).toBe(true)
  expect(parts.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n))
  const answer = 'reply square --echo --share workers --log-level info'
  const workers = [commands.run('a2', answer), commands.run('b1', `${answer} ${linked}`)]
  for (const worker of workers) await worker.errorLine(/responding/, 60_000)
  const asking = ['a1', 'b1', 'a1'].map((host, n) => {
    return commands.run(host, `req square ${n} --all --json ${host === 'b1' ? linked : ''}`)
  })
  for (const one of asking) {
    expect(await one.exit).toMatchObject({ code: 0 })
    expect(one.stdout.match(/"type":"reply"/g)).toHaveLength(1)
  }
  const asked = workers.map(({ stderr }) => stderr.split('asked').length - 1)
  expect(asked[0]! + asked[1]!).toBe(3)
})

test('each of 3,000 lines is printed while workers are killed and started anew', async () => {
  const program = await compiled('test/net/sixcast.ts')
  await using lab = await openLab({ a: ['a1', 'a2', 'a3', 'a4'] })
  for (const host of lab.hosts) await host.loss({ probability: 0.02 })
  const commands = await commandsIn(lab, program)
  const hire = (host: string): Promise<Copy> => {
    return commands.subscribe(host, '--raw --share workers')
  }
  const hosts = ['a2', 'a3', 'a4']
  const workers = await Promise.all(hosts.map(hire))
  const copies = [...workers]
  const pub = commands.publish(`--shared --require 3 --timeout 60 --rate ${RATE} --linger 30`)
  pub.end(Array.from({ length: LINES }, (_, n) => `${n}\n`).join(''))
  for (let kill = 0; kill < KILLS; kill++) {
    const place = Math.floor(Math.random() * hosts.length)
    workers[place]!.process.signal('SIGKILL')
    await workers[place]!.process.exit
    const next = await hire(hosts[place]!)
    workers[place] = next
    copies.push(next)
    await sleep(Math.random() * 2000)
  }
  await pub.exit
  expect(pub.stderr).not.toMatch(/no member of a group/)
  for (const { process } of workers) process.signal('SIGINT')
  await Promise.all(workers.map(({ process }) => process.exit))
  const texts = await Promise.all(copies.map((copy) => copy.bytes()))
  const printed = texts.flatMap(numbersIn)
  const once = new Set(printed)
  report(`${LINES} lines, workers killed`, [{ printed: printed.length, lines: once.size }])
  expect(once.size).toBe(LINES)
})

function numbersIn(text: Buffer): number[] {
  return text.toString().split('\n').filter(Boolean).map(Number)
}

const LINES = 3000
/** Lines a second: a minute in all. */
const RATE = 50
const KILLS = 12
