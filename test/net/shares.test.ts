/** Workers on four hosts that are killed at random: what one had not printed another one prints. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { compiled } from '../setup/compiled.ts'
import { report } from './bus-measure.ts'
import { openLab } from './lab/lab.ts'
import { commandsIn, type Copy } from './loss-transfer.ts'

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
  const printed = texts.flatMap((text) => text.toString().split('\n').filter(Boolean).map(Number))
  const once = new Set(printed)
  report(`${LINES} lines, workers killed`, [{ printed: printed.length, lines: once.size }])
  expect(once.size).toBe(LINES)
})

const LINES = 3000
/** Lines a second: a minute in all. */
const RATE = 50
const KILLS = 12
