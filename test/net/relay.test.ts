/** A relay between hosts that no multicast joins: what a publisher sends on one side, byte for byte. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { Kind, readHeader } from '../../bus/core/wire/packet.ts'
import { compiled } from '../setup/compiled.ts'
import { openLab } from './lab/lab.ts'
import { arrive, relayUrl, startRelay } from './lab-relay.ts'
import { commandsIn, interrupted, logText } from './loss-transfer.ts'

let program: string
beforeAll(async () => {
  program = await compiled('test/net/sixcast.ts')
})

test('a log from a segment reaches who has only the relay, though it loses 5 % and the relay is killed', async () => {
  await using lab = await openLab(PLAN)
  for (const name of ['a1', 'a2', 'r']) await lab.host(name).loss({ probability: 0.05 })
  const commands = await commandsIn(lab, program)
  const first = await startRelay(lab, commands, R)
  const [native, linked] = await Promise.all([
    commands.subscribe('a2', '--raw'),
    commands.subscribe('b1', `--raw --no-multicast --relay ${relayUrl(lab, 'r', 'b')}`),
  ])
  await using capture = await lab.segment('a').capture()
  const log = logText(LINES)
  const pub = commands.publish(`--require 2 --timeout 60 --rate ${RATE} --linger 60`)
  pub.end(log)
  await linked.holds(Buffer.byteLength(log) / 5)
  first.signal('SIGKILL')
  await first.exit
  await sleep(500)
  const second = await startRelay(lab, commands, R)
  await second.errorLine(/link opened/)
  await arrive(log, [native, linked])
  expect(await pub.exit).toMatchObject({ code: 0 })
  expect(linked.process.stderr).toMatch(/no datagram can leave/)
  expect(linked.process.stderr).not.toMatch(/gap/)
  expect(await interrupted([native.process, linked.process])).toEqual([0, 0])
  // What the relay hears of a1 goes down the link and never back to the segment: beside what it
  // says of itself there is only what comes from the link.
  const near = lab.host('r').interface('a')
  const frames = (await capture.frames()).filter(({ source }) => source === near.linkLocal)
  const carried = frames
    .map(({ payload }) => readHeader(payload))
    .filter(({ kind }) => kind !== Kind.relay)
  expect(new Set(carried.map(({ instance }) => instance)).size).toBe(1)
})

test('a log from behind the relay reaches the segment, and goes on by a second relay', async () => {
  await using lab = await openLab({ a: ['a1', 'r', 's'], b: ['b1', 'r', 's'] })
  const commands = await commandsIn(lab, program)
  const places = [R, { host: 's', on: 'a' }]
  const relays = await Promise.all(places.map((place) => startRelay(lab, commands, place)))
  const [first, second] = places.map(({ host }) => `--relay ${relayUrl(lab, host, 'b')}`)
  const [native, linked] = await Promise.all([
    commands.subscribe('a1', '--raw'),
    commands.subscribe('b1', `--raw --no-multicast ${second}`),
  ])
  const log = logText(LINES)
  const source = join(lab.directory, 'source.log')
  await writeFile(source, log)
  const pub = commands.run(
    'b1',
    `pub logs/app --lines --require 2 --timeout 60 --rate ${RATE} --linger 60 --no-multicast ${first} ${second} < ${source}`,
  )
  await native.holds(Buffer.byteLength(log) / 5)
  relays[0]!.signal('SIGTERM')
  expect(await relays[0]!.exit).toMatchObject({ code: 0 })
  await arrive(log, [native, linked])
  expect(await pub.exit).toMatchObject({ code: 0 })
  expect(pub.stderr).toMatch(/closed with 1001: the relay is going/)
  expect(await interrupted([native.process, linked.process])).toEqual([0, 0])
})

/** The relay is on segment a and can be called from b; no multicast passes between the two. */
const PLAN = { a: ['a1', 'a2', 'r'], b: ['b1', 'r'] }
const R = { host: 'r', on: 'a' }
const LINES = 5000
/** Lines a second: the sending is to last longer than the faults, and its end waits for a slow start. */
const RATE = 2000
