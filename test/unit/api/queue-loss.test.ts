/** The loss contract of the queue: whatever happens, every sequence is delivered or in one gap. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Gap, Overflow } from '../../../bus/api/options.ts'
import { MessageQueue } from '../../../bus/api/queue.ts'
import { collect, message, networkGap, turn, type Item } from './items.ts'

type Sent =
  | { readonly type: 'push'; readonly topic: string }
  | { readonly type: 'lose'; readonly topic: string; readonly count: number }
type Step = Sent | { readonly type: 'take' } | { readonly type: 'turn' }

const topics = ['a', 'b', 'c']
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant('push'), topic: fc.constantFrom(...topics) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('lose'),
      topic: fc.constantFrom(...topics),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ type: 'take' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'turn' as const }) },
)
const anyRun = fc.record({
  steps: fc.array(anyStep, { maxLength: 80 }),
  limit: fc.integer({ min: 1, max: 5 }),
  overflow: fc.constantFrom<Overflow>('drop-oldest', 'drop-newest', 'latest', 'fail'),
  gaps: fc.boolean(),
})

test('every message is delivered in order or in a gap at its place', async () => {
  await fc.assert(
    fc.asyncProperty(anyRun, async (run) => {
      const world = await play(run)
      for (const topic of topics) checkTopic(world, topic, run.gaps)
      expect(world.dropped).toBe(world.reports.reduce((sum, gap) => sum + gap.count, 0))
    }),
    { numRuns: 2000 },
  )
})

interface World {
  /** Sequences given out so far, also those that the network lost. */
  readonly sent: Map<string, number>
  readonly lost: Map<string, number>
  readonly items: (Item | Gap)[]
  readonly reports: Gap[]
  dropped: number
}

/** Plays the steps, then closes the queue and takes what is left. */
async function play(run: typeof anyRun extends fc.Arbitrary<infer R> ? R : never): Promise<World> {
  const world: World = { sent: new Map(), lost: new Map(), items: [], reports: [], dropped: 0 }
  const budget = { used: 0, max: Infinity }
  const queue = new MessageQueue<Item>({
    ...run,
    budget,
    onDrop: (gaps) => world.reports.push(...gaps),
  })
  const items = queue[Symbol.asyncIterator]()
  const pending: Promise<unknown>[] = []
  const take = async (): Promise<boolean> => {
    const result = await items.next().catch(() => undefined)
    const value = result?.value
    if (value !== undefined && value.type !== 'live') world.items.push(value)
    return value !== undefined
  }
  for (const step of run.steps) {
    // What comes after 'fail' has struck is no longer the queue's.
    if (queue.closed) break
    if (step.type === 'take') pending.push(take())
    else if (step.type === 'turn') await turn()
    else emit(world, queue, step)
    expect(queue.queued).toBeLessThanOrEqual(run.limit)
  }
  queue.close()
  await Promise.all(pending)
  while (await take());
  await turn()
  world.dropped = queue.dropped
  return world
}

function emit(world: World, queue: MessageQueue<Item>, step: Sent): void {
  const next = world.sent.get(step.topic) ?? 0
  const count = step.type === 'push' ? 1 : step.count
  world.sent.set(step.topic, next + count)
  if (step.type === 'push') {
    queue.push(message(step.topic, next), 0)
  } else {
    world.lost.set(step.topic, (world.lost.get(step.topic) ?? 0) + count)
    queue.mark(networkGap(step.topic, next, next + count - 1))
  }
}

function checkTopic(world: World, topic: string, gaps: boolean): void {
  const items = world.items.filter((item) => item.topic === topic)
  const delivered = items.flatMap((item) => (item.type === 'message' ? [item.sequence] : []))
  expect(delivered).toEqual([...delivered].sort((a, b) => a - b))

  const reported = world.reports.filter((gap) => gap.topic === topic).flatMap(sequencesOf)
  const sent = world.sent.get(topic) ?? 0
  const lost = world.lost.get(topic) ?? 0
  expect(delivered.length + reported.length + lost).toBe(sent)
  expect(new Set([...delivered, ...reported]).size).toBe(delivered.length + reported.length)

  const marks = items.filter((item) => item.type === 'gap')
  if (gaps) checkMarks(items, sent)
  expect(marks.length === 0 || gaps).toBe(true)
}

/** Reading the topic's items in order tells the fate of each sequence in order. */
function checkMarks(items: readonly (Item | Gap)[], sent: number): void {
  const seen = new Set<number>()
  let place = -1
  let count = 0
  for (const item of items) {
    const sequences = item.type === 'gap' ? sequencesOf(item) : [item.sequence]
    // Gaps at one place may span each other, never a message.
    if (item.type === 'message') {
      expect(Math.max(-1, ...seen)).toBe(item.sequence - 1)
      place = item.sequence
    } else {
      expect(item.from).toBeGreaterThan(place)
    }
    for (const sequence of sequences) seen.add(sequence)
    count += item.type === 'gap' ? item.count : 1
  }
  expect(seen.size).toBe(sent)
  expect(count).toBe(sent)
}

function sequencesOf(gap: Gap): number[] {
  return Array.from({ length: gap.to - gap.from + 1 }, (_, i) => gap.from + i)
}

test('collecting after the end gives nothing', async () => {
  const queue = new MessageQueue<Item>({
    limit: 1,
    budget: { used: 0, max: 0 },
    overflow: 'latest',
    gaps: true,
    onDrop: () => undefined,
  })
  queue.cancel()
  expect(await collect(queue)).toEqual([])
})
