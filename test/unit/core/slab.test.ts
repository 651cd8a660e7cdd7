/** Pieces of a slab: apart from each other, few allocations, bounded. */
import { describe, expect, it } from 'vitest'
import { apart, Slab, WHOLE_SIZE } from '../../../bus/core/slab.ts'

describe('a slab', () => {
  it('cuts pieces that do not overlap, out of few allocations', () => {
    const slab = new Slab()
    const pieces = Array.from({ length: 64 }, () => slab.cut(1232, 64 * 1232))
    for (const [i, piece] of pieces.entries()) piece.fill(i)
    for (const [i, piece] of pieces.entries()) {
      expect(piece.length).toBe(1232)
      expect(piece.every((byte) => byte === i)).toBe(true)
    }
    expect(new Set(pieces.map(({ buffer }) => buffer)).size).toBe(5)
  })

  it('allocates no more than is wanted, and never more than its bound for many', () => {
    const slab = new Slab()
    expect(slab.cut(100, 0).buffer.byteLength).toBe(100)
    expect(slab.cut(100, 300).buffer.byteLength).toBe(300)
    expect(new Slab().cut(100, 10 * WHOLE_SIZE).buffer.byteLength).toBe(WHOLE_SIZE)
    expect(new Slab().cut(2 * WHOLE_SIZE, WHOLE_SIZE).buffer.byteLength).toBe(2 * WHOLE_SIZE)
  })

  it('uses again what has been put back', () => {
    const slab = new Slab()
    const first = slab.cut(50, 100)
    slab.putBack(50)
    expect(slab.cut(50, 100).byteOffset).toBe(first.byteOffset)
  })
})

describe('what is set apart', () => {
  it('is a copy when it keeps much more than itself, and else the same', () => {
    const slab = new Slab()
    const piece = slab.cut(100, WHOLE_SIZE)
    piece.fill(7)
    expect(apart(piece).buffer.byteLength).toBe(100)
    expect(apart(piece)).toEqual(piece)
    const whole = new Uint8Array(100)
    expect(apart(whole)).toBe(whole)
  })
})
