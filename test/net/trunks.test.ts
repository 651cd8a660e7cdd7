/** Relays that trunks join, each on a segment of its own: a log reaches all of them, once. */
import { beforeAll, expect, test } from 'vitest'
import { compiled } from '../setup/compiled.ts'
import { openLab, type Lab } from './lab/lab.ts'
import type { HostProcess } from './lab/process.ts'
import { arrive, dataIn, relayUrl, startRelay } from './lab-relay.ts'
import { type Commands, commandsIn, interrupted, logText } from './loss-transfer.ts'

let program: string
beforeAll(async () => {
  program = await compiled('test/net/sixcast.ts')
})

test('a log crosses a chain of three segments, byte for byte and one copy on each', async () => {
  await using lab = await openLab(PLAN)
  const commands = await commandsIn(lab, program)
  const relays = await startRelays(lab, commands, { ra: [], rb: ['ra'], rc: ['rb'] })
  const copies = await Promise.all(SUBSCRIBERS.map((name) => commands.subscribe(name, '--raw')))
  await using near = await lab.segment('b').capture()
  await using far = await lab.segment('c').capture()
  const log = logText(LINES)
  const pub = commands.publish(`--require 3 --timeout 60 --linger 60 --rate ${RATE}`)
  pub.end(log)
  await arrive(log, copies)
  // It is confirmed by all of them: their answers go back by the trunks.
  expect(await pub.exit).toMatchObject({ code: 0 })
  for (const { process } of copies) expect(process.stderr).not.toMatch(/gap/)
  for (const capture of [near, far]) {
    const { packets, copied } = dataIn(await capture.frames())
    expect(packets).toBeGreaterThan(100)
    // Repairs are the same bytes again: a busy machine loses some.
    expect(copied / packets).toBeLessThan(0.2)
  }
  expect(await interrupted(copies.map(({ process }) => process))).toEqual([0, 0, 0])
  expect(await interrupted(relays)).toEqual([0, 0, 0])
})

/** Each relay is on one segment; what joins them is no segment of the realm. */
const PLAN = { a: ['a1', 'a2', 'ra'], b: ['b1', 'rb'], c: ['c1', 'rc'], w: ['ra', 'rb', 'rc'] }
const SUBSCRIBERS = ['a2', 'b1', 'c1']
const LINES = 50_000
/** Lines a second. */
const RATE = 8000

/** Starts relays with the control key alone, each of which calls those that are named. */
async function startRelays(
  lab: Lab,
  commands: Commands,
  calls: Readonly<Record<string, readonly string[]>>,
): Promise<readonly HostProcess[]> {
  const start = async (name: string): Promise<HostProcess> => {
    const [segment = ''] = name.slice(1)
    const links = calls[name]!.map((other) => relayUrl(lab, other, 'w'))
    const process = await startRelay(lab, commands, { host: name, on: segment, links })
    if (links.length > 0) await process.errorLine(/trunk opened/)
    return process
  }
  const relays: HostProcess[] = []
  for (const name of Object.keys(calls)) relays.push(await start(name))
  return relays
}
