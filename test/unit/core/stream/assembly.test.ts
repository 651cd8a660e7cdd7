/** Large messages from fragments: what completes them, what breaks them, and what they may hold. */
import { describe, expect, it } from 'vitest'
import { Assembly, AssemblyPool } from '../../../../bus/core/stream/assembly.ts'
import type { FragmentBody } from '../../../../bus/core/wire/record.ts'
import { VARINT_MAX } from '../../../../bus/core/wire/varint.ts'
import { counting } from '../crypto.ts'

/** Flags "bytes", then the payload. */
const message = (size: number): Uint8Array => Uint8Array.from([0, ...counting(size)])

interface Place {
  readonly from: number
  readonly to: number
  readonly index?: number
  readonly totalSize?: number
}

function fragment(whole: Uint8Array, place: Place): FragmentBody {
  const { from, to, index = 7, totalSize = whole.length } = place
  return { index, sentAt: 1, totalSize, offset: from, bytes: whole.subarray(from, to) }
}

function world(sizeMax = 1000, poolSize = 10_000) {
  let evictions = 0
  const pool = new AssemblyPool(poolSize, () => (evictions += 1))
  return { pool, assembly: new Assembly(sizeMax, pool), evictions: () => evictions }
}

describe('Assembly', () => {
  it('puts a message together whatever the sizes of its fragments', () => {
    const whole = message(100)
    for (const step of [1, 7, 50, 101]) {
      const { assembly, pool } = world()
      const last = whole.length - step
      for (let from = 0; from < last; from += step) {
        expect(assembly.add(fragment(whole, { from, to: from + step }))).toEqual({ type: 'more' })
      }
      const from = Math.floor((whole.length - 1) / step) * step
      const done = assembly.add(fragment(whole, { from, to: whole.length }))
      expect(done).toEqual({ type: 'done', record: { codec: 0, payload: whole.subarray(1) } })
      expect(pool.size).toBe(0)
    }
  })

  it('breaks on a hole, an overlap, another message, and another total size', () => {
    const whole = message(100)
    const odd: readonly Place[] = [
      { from: 11, to: 20 },
      { from: 9, to: 20 },
      { from: 10, to: 20, index: 8 },
      { from: 10, to: 20, totalSize: 20 },
      { from: 10, to: 20, totalSize: 900 },
    ]
    for (const place of odd) {
      const { assembly, pool } = world()
      expect(assembly.add(fragment(whole, { from: 0, to: 10 })).type).toBe('more')
      expect(assembly.add(fragment(whole, place)).type).toBe('broken')
      expect(assembly.add(fragment(whole, { from: 10, to: 20 })).type).toBe('broken')
      expect(pool.size).toBe(0)
    }
  })

  it('begins anew with a first fragment', () => {
    const whole = message(20)
    const { assembly } = world()
    assembly.add(fragment(whole, { from: 0, to: 10 }))
    expect(assembly.add(fragment(whole, { from: 0, to: 10, index: 8 })).type).toBe('more')
    expect(assembly.add(fragment(whole, { from: 10, to: 21, index: 8 })).type).toBe('done')
  })

  it('takes the largest message and refuses one byte more at its first fragment', () => {
    const { assembly } = world(50)
    expect(assembly.add(fragment(message(50), { from: 0, to: 51 })).type).toBe('done')
    expect(assembly.add(fragment(message(51), { from: 0, to: 10 })).type).toBe('broken')
    const lie = { from: 0, to: 10, totalSize: VARINT_MAX }
    expect(assembly.add(fragment(message(51), lie)).type).toBe('broken')
  })

  it('holds at most twice what has come, whatever size is claimed', () => {
    const { assembly, pool } = world(1_000_000, 10_000_000)
    const whole = message(1000)
    for (let from = 0; from < 1000; from += 10) {
      assembly.add(fragment(whole, { from, to: from + 10, totalSize: 1_000_000 }))
      expect(pool.size).toBeLessThanOrEqual(2 * (from + 10))
    }
  })

  it('breaks on a complete message whose flags are reserved', () => {
    const { assembly } = world()
    const whole = Uint8Array.of(0x10, 1, 2)
    expect(assembly.add(fragment(whole, { from: 0, to: 3 })).type).toBe('broken')
  })
})

describe('AssemblyPool', () => {
  it('makes the message give way that has rested longest, and counts it', () => {
    const { pool, evictions } = world(1000, 100)
    const whole = message(100)
    const [a, b, c] = [0, 1, 2].map(() => new Assembly(1000, pool)) as [
      Assembly,
      Assembly,
      Assembly,
    ]
    for (const assembly of [a, b]) assembly.add(fragment(whole, { from: 0, to: 40 }))
    a.add(fragment(whole, { from: 40, to: 41 }))
    expect([pool.size, evictions()]).toEqual([80, 1])
    expect(a.add(fragment(whole, { from: 41, to: 80 })).type).toBe('more')
    c.add(fragment(whole, { from: 0, to: 90 }))
    expect([pool.size, evictions()]).toEqual([90, 2])
    expect(a.add(fragment(whole, { from: 80, to: 101 })).type).toBe('broken')
    expect(c.add(fragment(whole, { from: 90, to: 101 })).type).toBe('done')
    expect(pool.size).toBe(0)
  })

  it('lets the one message at work pass its size: that one is bounded by itself', () => {
    const { pool, assembly, evictions } = world(1000, 10)
    assembly.add(fragment(message(100), { from: 0, to: 50 }))
    expect(assembly.add(fragment(message(100), { from: 50, to: 101 })).type).toBe('done')
    expect([pool.size, evictions()]).toEqual([0, 0])
  })

  it('is bounded by its size and one message, however many streams leave theirs unfinished', () => {
    const { pool } = world(1000, 5000)
    const whole = message(900)
    for (let i = 0; i < 500; i++) {
      new Assembly(1000, pool).add(fragment(whole, { from: 0, to: 800 }))
      expect(pool.size).toBeLessThanOrEqual(5000)
    }
  })
})
