/** Several relays at work: between the same networks, and in a ring of trunks, where one or a way fails. */
import { beforeAll, expect, test } from 'vitest'
import { compiled } from '../setup/compiled.ts'
import { openLab, type Lab } from './lab/lab.ts'
import type { HostProcess } from './lab/process.ts'
import { arrive, confirmed, dataIn, relayUrl, startRelay } from './lab-relay.ts'
import { type Commands, commandsIn, type Copy, interrupted, logText } from './loss-transfer.ts'

let program: string
beforeAll(async () => {
  program = await compiled('test/net/sixcast.ts')
})

test('two relays between the same two networks bring each packet once, and one of them may die', async () => {
  await using lab = await openLab({ a: ['a1', 'a2', 'r', 's'], b: ['b1', 'b2', 'r', 's'] })
  const commands = await commandsIn(lab, program)
  const both = ['a', 'b']
  const [first, second] = await Promise.all(
    ['r', 's'].map((host) => startRelay(lab, commands, { host, on: both })),
  )
  const copies = await subscribe(commands, ['a2', 'b1', 'b2'])
  await using capture = await lab.segment('b').capture()
  const log = logText(LINES)
  const pub = publish(commands, copies, log)
  await copies[1]!.holds(Buffer.byteLength(log) / 3)
  const { packets, copied } = dataIn(await capture.frames())
  expect(packets).toBeGreaterThan(50)
  // Repairs are the same bytes again; two relays that did not share the work would bring all twice.
  expect(copied / packets).toBeLessThan(0.3)
  first!.signal('SIGKILL')
  await first!.exit
  await arrive(log, copies)
  await confirmed(pub, copies)
  expect(await interrupted([second!])).toEqual([0])
})

test('three relays in a ring bring everything once, and by the other way where a trunk breaks', async () => {
  await using lab = await openLab({
    a: ['a1', 'a2', 'ra'],
    b: ['b1', 'rb'],
    c: ['c1', 'rc'],
    w: ['ra', 'rb', 'rc'],
  })
  const commands = await commandsIn(lab, program)
  const relays = await ring(lab, commands)
  const copies = await subscribe(commands, ['a2', 'b1', 'c1'])
  await using capture = await lab.segment('b').capture()
  const log = logText(LINES)
  const pub = publish(commands, copies, log)
  await copies[1]!.holds(Buffer.byteLength(log) / 3)
  // Nothing passes between ra and rb any more: rc is left.
  const far = lab.host('rb').interface('w').address
  for (const [chain, side] of [
    ['INPUT', '-s'],
    ['OUTPUT', '-d'],
  ] as const) {
    await lab.host('ra').run('ip6tables', ['-w', '-A', chain, side, far, '-j', 'DROP'])
  }
  await arrive(log, copies)
  await confirmed(pub, copies)
  const { packets, copied } = dataIn(await capture.frames())
  expect(copied / packets).toBeLessThan(0.3)
  expect(await interrupted(relays)).toEqual([0, 0, 0])
})

/** Each calls the next one. */
async function ring(lab: Lab, commands: Commands): Promise<readonly HostProcess[]> {
  const relays: HostProcess[] = []
  for (const [host, ...others] of [['ra'], ['rb', 'ra'], ['rc', 'rb', 'ra']]) {
    const links = others.map((other) => relayUrl(lab, other, 'w'))
    const relay = await startRelay(lab, commands, { host: host!, on: host!.slice(1), links })
    if (links.length > 0) await relay.errorLine(/trunk opened/)
    relays.push(relay)
  }
  return relays
}

function subscribe(commands: Commands, names: readonly string[]): Promise<Copy[]> {
  return Promise.all(names.map((name) => commands.subscribe(name, '--raw')))
}

function publish(commands: Commands, copies: readonly Copy[], log: string): HostProcess {
  const waits = `--require ${copies.length} --timeout 60 --linger 60`
  const pub = commands.publish(`${waits} --rate ${RATE}`)
  pub.end(log)
  return pub
}

const LINES = 20_000
/** Lines a second: the sending is to last longer than the faults. */
const RATE = 3000
