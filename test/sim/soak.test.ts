/** A realm that works on while members come, crash and go and keys change: nothing is lost without a word. */
import { expect, it } from 'vitest'
import { type Minute, soak } from './soak.ts'

/** Longer by a variable: the nights have time. */
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 2)
/** Of heap for each minute after the first, in which the engine still compiles. */
const GROWTH_MAX = 3_000_000

it('goes on with visitors each second, losses, and new keys each half a minute', async () => {
  const minutes: Minute[] = []
  for await (const minute of soak(MINUTES, 1)) minutes.push(minute)
  const [first, last] = [minutes[0]!, minutes.at(-1)!]
  expect(minutes).toHaveLength(MINUTES)
  // Four members hear all that is published, themselves included.
  expect(last).toMatchObject({ undeclared: 0, seen: 4 * 3, visits: 60 * MINUTES })
  expect(last.delivered + last.lost).toBe(4 * last.published)
  expect(last.lost).toBe(0)
  expect(last.epoch - first.epoch).toBe(2 * (MINUTES - 1))
  expect(last.memory - first.memory).toBeLessThan(GROWTH_MAX * (MINUTES - 1))
}, 3_600_000)
