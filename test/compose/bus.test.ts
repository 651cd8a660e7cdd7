/** The bus between containers: one network hears, another does not, and a way back is found. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Frame } from '../net/lab/pcap.ts'
import { writeKey } from './key.ts'
import { type Member, type Place, startShell, startSub, type Told } from './member.ts'
import { openSegment, type Segment } from './segment.ts'

let segment: Segment
let beyond: Segment
let key: string

beforeAll(async () => {
  key = await writeKey('bus.key', randomBytes(32))
  segment = await openSegment('six-a')
  beyond = await openSegment('six-b')
})
afterAll(async () => {
  await segment[Symbol.asyncDispose]()
  await beyond[Symbol.asyncDispose]()
})

test('two containers hear every line of a third in order, and the wire shows none', async () => {
  await using capture = await segment.capture()
  await using one = await startSub(at('one'), 'numbers', '--count', '2000')
  await using two = await startSub(at('two'), 'numbers', '--count', '2000')
  await using publisher = await startShell(
    at('publisher'),
    `${lines} | sixcast pub numbers --lines`,
  )
  const members = [publisher, one, two]
  const codes = await Promise.all(members.map((member) => member.exit()))
  expect({ codes, said: publisher.text }).toEqual({ codes: [0, 0, 0], said: '' })
  const expected = Array.from({ length: 2_000 }, (_, index) => `readable ${index + 1}`)
  for (const subscriber of [one, two]) {
    expect(subscriber.values).toEqual(expected)
    expect(subscriber.told).toHaveLength(expected.length)
  }
  const frames = await capture.stop()
  expect(mentions(frames, 'readable')).toBe(0)
  expect(mentions(frames, 'numbers')).toBe(0)
  expect(frames.length).toBeGreaterThan(10)
})

test('in an open realm the wire shows them, so the search above is a good one', async () => {
  await using capture = await segment.capture()
  await using one = await startShell(at('one'), 'sixcast sub numbers --open --count 2000')
  await one.line(/subscribed/)
  const line = `${lines} | sixcast pub numbers --lines --open`
  await using publisher = await startShell(at('publisher'), line)
  expect(await Promise.all([publisher, one].map((member) => member.exit()))).toEqual([0, 0])
  expect(mentions(await capture.stop(), 'readable 2000')).toBeGreaterThan(0)
})

test('a container on another network hears nothing until it is connected to this one', async () => {
  await using near = await startSub(at('near'), 'door')
  await using far = await startSub({ ...at('far'), segment: beyond }, 'door')
  await using before = await startShell(at('before'), 'sixcast pub door before')
  expect(await before.exit()).toBe(0)
  await near.line(/"value":"before"/)
  expect(await metIn(far)).toEqual(['far'])

  await segment.connect(far.container)
  await using _after = await startShell(at('after'), repeat('sixcast pub door --lines'))
  await far.line(/"type":"message"/)
  await near.line(/"value":"line 1"/)
  expect(await metIn(far)).toEqual(['after', 'far', 'near'])
  expect(far.values).not.toContain('before')
})

test('a container that was cut off hears again, and misses nothing', async () => {
  await using steady = await startSub(at('steady'), 'clock')
  await using cut = await startSub(at('cut'), 'clock')
  await using _publisher = await startShell(at('publisher'), repeat('sixcast pub clock --lines'))
  await cut.line(/"value":"line 5"/)
  await segment.disconnect(cut.container)
  const unheard = lastNumber(steady) + 20
  await steady.line((line) => line.includes(`"sequence":${unheard},`))
  await segment.connect(cut.container)
  // What it missed is sent again; what the publisher may have forgotten by then is told as a gap.
  const heard = unheard + 10
  await cut.line((line) => line.includes(`"sequence":${heard},`))
  expect(cut.told.flatMap(numbersOf)).toEqual(upTo(lastNumber(cut)))
  expect(steady.told.flatMap(numbersOf)).toEqual(upTo(lastNumber(steady)))
  expect(steady.values).toHaveLength(steady.told.length)
})

/** Who is met by another process in a member's container, by name. */
async function metIn(member: Member): Promise<unknown[]> {
  const words = ['sixcast', 'peers', '--json', '--name', 'asker', '--log-level', 'warn']
  const { stdout } = await member.container.exec([...words, '--timeout', '2'])
  const lines = stdout.trim().split('\n')
  const all = lines.map((line) => JSON.parse(line) as { type: string; name?: string })
  const names = all.filter(({ type }) => type === 'peer').map(({ name }) => String(name))
  return names.toSorted((a, b) => a.localeCompare(b))
}

/** The numbers that a message or a gap accounts for. */
function numbersOf({ type, sequence = -1, from, to = -1 }: Told): number[] {
  if (type === 'message') return [sequence]
  return upTo(to).slice(Number(from))
}

function upTo(last: number): number[] {
  return Array.from({ length: last + 1 }, (_, index) => index)
}

function lastNumber(member: Member): number {
  const last = member.told.at(-1)
  return last?.sequence ?? last?.to ?? -1
}

function at(name: string): Place {
  return { name, segment, key }
}

/** How many packets contain a text. */
function mentions(frames: readonly Frame[], words: string): number {
  return frames.filter(({ payload }) => Buffer.from(payload).includes(words)).length
}

/** A shell line that gives a command a line ten times a second, until it ends. */
function repeat(command: string): string {
  const loop = 'n=0; while sleep 0.1; do n=$((n + 1)); echo "line $n"; done'
  return `${loop} | ${command}`
}

const lines = `seq 2000 | sed 's/^/readable /'`
