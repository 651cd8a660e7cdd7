/** What a watcher is told, and how often it may have functions called. */
import { expect, it } from 'vitest'
import { feed } from '../../../bus/api/variables/feed.ts'

it.each([
  { asked: 0, kept: 100 },
  { asked: 100, kept: 100 },
  { asked: 86_400_000, kept: 86_400_000 },
  { asked: 86_400_001, kept: 86_400_000 },
  { asked: 2 ** 48 - 1, kept: 86_400_000 },
])('calls functions every $kept ms for who asks for $asked', async ({ asked, kept }) => {
  const delays: number[] = []
  const after = (delayMs: number): (() => void) => {
    delays.push(delayMs)
    return () => undefined
  }
  const source = { after, all: () => [], held: () => undefined, listen: () => () => undefined }
  const { signal } = new AbortController()
  const parts = feed(source, { everyMs: asked, signal })[Symbol.asyncIterator]()
  await parts.next()
  await parts.return?.()
  // The lease, and the interval.
  expect(delays).toEqual([60_000, kept])
})
