/** Pieces of a slab: apart from each other, few allocations, bounded. */
import { describe, expect, it } from 'vitest'
import { apart, Pool, Slab, WHOLE_SIZE } from '../../../bus/core/slab.ts'

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

describe('a pool', () => {
  /** Cuts packets of a size, each given back behind so many others; counts the memory that was made. */
  function flood(pool: Pool, how: { size: number; packets: number; kept: number }): number {
    const memory = new Set<ArrayBufferLike>()
    const kept: Uint8Array[] = []
    for (let packet = 0; packet < how.packets; packet++) {
      const piece = pool.cut(how.size)
      memory.add(piece.buffer)
      piece.fill(packet)
      kept.push(piece)
      if (kept.length <= how.kept) continue
      const oldest = kept.shift()!
      // Nobody has written into what is still kept.
      expect(new Set(oldest)).toEqual(new Set([(packet - how.kept) & 0xff]))
      pool.giveBack(oldest)
    }
    return memory.size
  }

  it.each([
    [1232, 40],
    [60_000, 30],
  ])('needs no more memory for packets of %i bytes however many there are', (size, most) => {
    expect(flood(new Pool(), { size, packets: 100, kept: 13 })).toBeLessThan(most)
    const some = flood(new Pool(), { size, packets: 300, kept: 13 })
    expect(flood(new Pool(), { size, packets: 600, kept: 13 })).toBe(some)
  })

  it('uses memory again only behind twice as much as leaves in a turn', () => {
    const pool = new Pool()
    const first = pool.cut(15_360)
    pool.giveBack(first)
    let cut = 0
    for (;;) {
      const piece = pool.cut(15_360)
      if (piece.buffer === first.buffer && piece.byteOffset === 0) break
      cut += piece.length
      pool.giveBack(piece)
    }
    expect(cut).toBeGreaterThan(256 * 1024)
  })

  it('takes back nothing that is not its own, and lets go what has become too small', () => {
    const pool = new Pool()
    pool.giveBack(new Uint8Array(10))
    flood(pool, { size: 1000, packets: 1000, kept: 0 })
    const large = pool.cut(70_000)
    expect(large.length).toBe(70_000)
    expect(large.buffer.byteLength).toBe(70_000)
  })

  it('keeps no more than 4 MiB of what a flood has left', () => {
    const pool = new Pool()
    const pieces = Array.from({ length: 400 }, () => pool.cut(60_000))
    const before = new Set(pieces.map(({ buffer }) => buffer))
    for (const piece of pieces) pool.giveBack(piece)
    const again = Array.from({ length: 400 }, () => pool.cut(60_000).buffer)
    const kept = again.filter((buffer) => before.has(buffer)).length
    expect(kept).toBeGreaterThan(50)
    expect(kept).toBeLessThan(70)
  })
})
