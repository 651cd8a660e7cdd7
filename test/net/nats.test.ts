/** Relays on three segments that meet by NATS alone: what comes across, what the server sees, and its restart. */
import { beforeAll, expect, test } from 'vitest'
import { compiled } from '../setup/compiled.ts'
import { openLab, type Lab } from './lab/lab.ts'
import type { HostProcess } from './lab/process.ts'
import { arrive, confirmed, dataIn, relayUrl, startRelay } from './lab-relay.ts'
import { type Commands, commandsIn, type Copy, interrupted, logText } from './loss-transfer.ts'
import { NatsTap, startNats } from './nats-server.ts'

let program: string
beforeAll(async () => {
  program = await compiled('test/net/sixcast.ts')
})

test('a log comes to three segments, once each, and the server sees sealed packets alone', async () => {
  await using lab = await openLab(PLAN)
  const commands = await commandsIn(lab, program)
  const server = await startNats(lab.host('n'))
  const relays = await startRelays(lab, commands)
  await using tap = await NatsTap.open(lab, 'n')
  const copies = await subscribe(commands)
  await using near = await lab.segment('b').capture()
  await using far = await lab.segment('c').capture()
  const log = logText(LINES)
  const pub = publish(commands, log)
  await arrive(log, copies)
  await confirmed(pub, copies)
  for (const capture of [near, far]) {
    const { packets, copied } = dataIn(await capture.frames())
    expect(packets).toBeGreaterThan(100)
    // Repairs are the same bytes again: a busy machine loses some.
    expect(copied / packets).toBeLessThan(0.3)
  }
  // Everything passed by the server, and of the log, its topic and its realm nothing was to be seen.
  const seen = await tap.text()
  expect(seen.length).toBeGreaterThan(Buffer.byteLength(log))
  for (const word of ['INFO size', 'Größe', 'logs/app', '"lab"']) expect(seen).not.toContain(word)
  expect(new Set(subjectsIn(seen)).size).toBeGreaterThan(4)
  expect(await interrupted(relays)).toEqual([0, 0, 0])
  await server.stop()
})

test('the server is killed and started again in the middle of a log, and nothing is lost', async () => {
  await using lab = await openLab(PLAN)
  const commands = await commandsIn(lab, program)
  const first = await startNats(lab.host('n'))
  const relays = await startRelays(lab, commands)
  const copies = await subscribe(commands)
  const log = logText(LINES)
  const pub = publish(commands, log)
  await copies[1]!.holds(Buffer.byteLength(log) / 4)
  first.signal('SIGKILL')
  await first.exit
  await relays[0]!.errorLine(/no backbone/, 60_000)
  const again = await startNats(lab.host('n'))
  await arrive(log, copies)
  await confirmed(pub, copies)
  expect(await interrupted(relays)).toEqual([0, 0, 0])
  await again.stop()
})

test('relays that have NATS and trunks in a ring bring everything once, when either fails as well', async () => {
  await using lab = await openLab({ ...PLAN, w: ['ra', 'rb', 'rc', 'n'] })
  const commands = await commandsIn(lab, program)
  const server = await startNats(lab.host('n'))
  const relays = await startRelays(lab, commands, { rb: ['ra'], rc: ['ra', 'rb'] })
  const copies = await subscribe(commands)
  await using capture = await lab.segment('c').capture()
  const log = logText(LINES)
  const pub = publish(commands, log)
  await copies[1]!.holds(Buffer.byteLength(log) / 4)
  server.signal('SIGKILL')
  await server.exit
  await arrive(log, copies)
  await confirmed(pub, copies)
  const { packets, copied } = dataIn(await capture.frames())
  expect(copied / packets).toBeLessThan(0.3)
  expect(await interrupted(relays)).toEqual([0, 0, 0])
})

/** Each relay is on one segment; by the fourth they reach the server. */
const PLAN = {
  a: ['a1', 'a2', 'ra'],
  b: ['b1', 'rb'],
  c: ['c1', 'rc'],
  w: ['ra', 'rb', 'rc', 'n'],
}
const SUBSCRIBERS = ['a2', 'b1', 'c1']
const LINES = 8000
/** Lines a second: the sending is to last longer than the faults. */
const RATE = 1000

/** Relays with the control key alone, each of which has met the others. */
async function startRelays(
  lab: Lab,
  commands: Commands,
  calls: Readonly<Record<string, readonly string[]>> = {},
): Promise<readonly HostProcess[]> {
  const relays: HostProcess[] = []
  for (const host of ['ra', 'rb', 'rc']) {
    const links = (calls[host] ?? []).map((other) => relayUrl(lab, other, 'w'))
    const place = { host, on: host.slice(1), links }
    relays.push(await startRelay(lab, commands, { ...place, nats: natsUrl(lab) }))
  }
  // Two others each.
  for (const relay of relays) {
    await relay.errorLine(/relay met by the backbone/, 60_000)
    await relay.errorLine(/relay met by the backbone/, 60_000)
  }
  return relays
}

function natsUrl(lab: Lab): string {
  return `nats://[${lab.host('n').interface('w').address}]:4222`
}

function subscribe(commands: Commands): Promise<Copy[]> {
  return Promise.all(SUBSCRIBERS.map((name) => commands.subscribe(name, '--raw')))
}

function publish(commands: Commands, log: string): HostProcess {
  const pub = commands.publish(`--require 3 --timeout 60 --linger 60 --rate ${RATE}`)
  pub.end(log)
  return pub
}

function subjectsIn(text: string): string[] {
  return [...text.matchAll(/MSG (sixcast\.[\da-f]{16}\.[\da-f]{28}) /g)].map(([, one]) => one!)
}
