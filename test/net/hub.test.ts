/** A host with nothing but loopback: processes meet without multicast, hubs are killed, and it comes. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { compiled } from '../setup/compiled.ts'
import type { Host } from './lab/host.ts'
import { openLab } from './lab/lab.ts'
import { arrive } from './lab-relay.ts'
import { commandsIn, type Copy, interrupted, logText } from './loss-transfer.ts'

let program: string
beforeAll(async () => {
  program = await compiled('test/net/sixcast.ts')
})

test('processes meet by a hub, and nothing is lost or doubled when hubs are killed', async () => {
  await using lab = await openLab({ a: ['a1'] })
  await lab.host('a1').deleteInterface('eth0')
  const commands = await commandsIn(lab, program, 'host')
  // The first four have the ports; the others find each other by them.
  const copies = []
  for (let count = 0; count < 6; count++) copies.push(await commands.subscribe('a1', '--raw'))
  const log = logText(LINES)
  const size = Buffer.byteLength(log)
  const source = join(lab.directory, 'source.log')
  await writeFile(source, log)
  const flags = `--require 6 --timeout 60 --linger 5 --rate ${RATE} --log-level info`
  const pub = commands.publish(flags, source)
  const [first, second, ...rest] = copies
  await Promise.all(copies.map((copy) => copy.holds(size / 8)))
  await killed(first!)
  await Promise.all(rest.map((copy) => copy.holds(size / 4)))
  await killed(second!)
  await arrive(log, rest)
  // It names those that were killed, and no other.
  expect(await pub.exit).toMatchObject({ code: 2 })
  expect(pub.stderr).toMatch(/not confirmed .* by [^,]*, [^,]*$/m)
  for (const { process } of rest) expect(process.stderr).not.toMatch(/gap/)
  // Their ports have new owners, and a newcomer meets everybody.
  const peers = commands.run('a1', 'peers --json --timeout 5')
  expect(await peers.exit).toMatchObject({ code: 0 })
  const paths = peers.stdout.trim().split('\n')
  expect(paths.filter((line) => line.includes('"unicast"'))).toHaveLength(4)
  expect(await interrupted(rest.map(({ process }) => process))).toEqual([0, 0, 0, 0])
})

test('a log loses and doubles nothing when multicast comes, goes and comes back', async () => {
  await using lab = await openLab({ a: ['a1'] })
  const host = lab.host('a1')
  await host.deleteInterface('eth0')
  const commands = await commandsIn(lab, program, 'host')
  const copies = [await commands.subscribe('a1', '--raw'), await commands.subscribe('a1', '--raw')]
  const log = logText(LINES)
  const size = Buffer.byteLength(log)
  const source = join(lab.directory, 'source.log')
  await writeFile(source, log)
  const flags = `--require 2 --timeout 60 --linger 60 --rate ${RATE} --log-level info`
  const pub = commands.publish(flags, source)
  const holds = (share: number): Promise<unknown> =>
    Promise.all(copies.map((copy) => copy.holds(size * share)))
  await holds(0.1)
  await multicast(host, 'add')
  await pub.errorLine(/path changed.*"multicast"/)
  await holds(0.4)
  await multicast(host, 'del')
  await pub.errorLine(/path changed.*"hub"/)
  await holds(0.7)
  await multicast(host, 'add')
  await arrive(log, copies)
  expect(await pub.exit).toMatchObject({ code: 0 })
  for (const { process } of copies) expect(process.stderr).not.toMatch(/gap/)
  expect(await interrupted(copies.map(({ process }) => process))).toEqual([0, 0])
})

async function killed({ process }: Copy): Promise<void> {
  process.signal('SIGKILL')
  await process.exit
}

/** Gives multicast a route by `lo`, or takes it away. */
async function multicast(host: Host, what: 'add' | 'del'): Promise<void> {
  const route = ['local', 'ff00::/8', 'dev', 'lo', 'table', 'local']
  const { code, stderr } = await host.run('ip', ['-6', 'route', what, ...route])
  expect({ code, stderr }).toMatchObject({ code: 0 })
}

const LINES = 15_000
/** Lines a second: the log lasts longer than what happens to it. */
const RATE = 1500
