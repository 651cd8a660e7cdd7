/** A topic of which only the newest value counts, and a subscriber that stands still. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { compiled } from '../setup/compiled.ts'
import { report } from './bus-measure.ts'
import { openLab } from './lab/lab.ts'
import { execute } from './lab/tools.ts'
import { commandsIn, type Copy, interrupted, memoryMax } from './loss-transfer.ts'

const TIMEOUT_MS = 240_000
/** Values of a kilobyte that are published while the subscriber stands still. */
const VALUES = 150_000
const PADDING = 'x'.repeat(1000)
/** MiB that a process may grow meanwhile: a good part of what was published would be more. */
const GROWTH_MAX = 100
/** Bytes that surely end in a whole line with one before it. */
const TAIL = 4000

test(
  'one that stands still costs nobody memory, and on waking comes to the newest value',
  async () => {
    const program = await compiled('test/net/sixcast.ts')
    await using lab = await openLab({ a: ['a1', 'a2', 'a3'] })
    const commands = await commandsIn(lab, program)
    const awake = await commands.subscribe('a2', '--raw')
    const frozen = await commands.subscribe('a3', '--raw')
    // As many values as the publisher takes, one after the other.
    const source = join(lab.directory, 'values')
    await execute('mkfifo', [source])
    const pub = commands.publish('--delivery latest', source)
    const seq = `exec seq -f '%.0f ${PADDING}' 1000000000 > ${source}`
    await using values = lab.host('a1').spawn('sh', ['-c', seq])
    const processes = [pub, frozen.process]
    await reaches(frozen, 1000)
    const before = await Promise.all(processes.map(({ pid }) => memoryMax(pid)))
    frozen.process.signal('SIGSTOP')
    const woken = await reaches(awake, (await lastOf(awake)) + VALUES)
    frozen.process.signal('SIGCONT')
    await reaches(frozen, woken)
    const after = await Promise.all(processes.map(({ pid }) => memoryMax(pid)))
    const growth = after.map((mebibytes, place) => mebibytes - before[place]!)
    report(`${VALUES} values while a subscriber stands still`, [{ before, after }])
    for (const mebibytes of growth) expect(mebibytes).toBeLessThan(GROWTH_MAX)
    values.signal('SIGTERM')
    expect((await pub.exit).code).toBe(0)
    expect(await interrupted([awake.process, frozen.process])).toEqual([0, 0])
    const came = numbersIn(await frozen.bytes())
    expect(came).toEqual([...new Set(came)].toSorted((a, b) => a - b))
  },
  TIMEOUT_MS,
)

/** Waits until a value as new as that has come. */
async function reaches(copy: Copy, number: number): Promise<number> {
  for (;;) {
    const last = await lastOf(copy)
    if (last >= number) return last
    if (copy.process.exited) throw new Error(`${last} of ${number} came: ${copy.process.stderr}`)
    await sleep(250)
  }
}

async function lastOf(copy: Copy): Promise<number> {
  return numbersIn((await copy.bytes()).subarray(-TAIL)).at(-1) ?? 0
}

/** The numbers of all whole lines but the first, which may be the end of one. */
function numbersIn(bytes: Buffer): number[] {
  const lines = bytes.toString().split('\n').slice(1, -1)
  return lines.map((line) => Number.parseInt(line, 10))
}
