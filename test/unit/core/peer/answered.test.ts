/** Whether a hello has been answered just now: not again for as long as the answers of all take. */
import { expect, it } from 'vitest'
import { Answered } from '../../../../bus/core/peer/presence/answered.ts'

it('lets an answer do for as long as those of all are spread', () => {
  const answered = new Answered()
  answered.add(1000, 7n)
  expect(answered.has(1009, 7n, { peers: 1, readMs: 0 })).toBe(true)
  expect(answered.has(1010, 7n, { peers: 1, readMs: 0 })).toBe(false)
  expect(answered.has(1199, 7n, { peers: 100, readMs: 0 })).toBe(true)
  expect(answered.has(1200, 7n, { peers: 100, readMs: 0 })).toBe(false)
  expect(answered.has(1000, 8n, { peers: 100, readMs: 0 })).toBe(false)
})

it('keeps the last 1,600, and those that are answered again as the newest', () => {
  const answered = new Answered()
  for (let challenge = 0n; challenge < 1600n; challenge++) answered.add(0, challenge)
  answered.add(0, 0n)
  answered.add(0, 1600n)
  expect(answered.has(1, 0n, { peers: 100, readMs: 0 })).toBe(true)
  expect(answered.has(1, 1n, { peers: 100, readMs: 0 })).toBe(false)
  expect(answered.has(1, 1600n, { peers: 100, readMs: 0 })).toBe(true)
})
