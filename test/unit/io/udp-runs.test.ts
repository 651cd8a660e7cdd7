/** Which datagrams leave by one system call, and which come apart again. */
import { describe, expect, it } from 'vitest'
import { FastPath } from '../../../bus/native/fast-path.ts'
import { eachJoined } from '../../../bus/io/udp-joined.ts'
import { Run } from '../../../bus/io/udp-run.ts'
import { Runs } from '../../../bus/io/udp-runs.ts'

describe('a run', () => {
  it('holds datagrams of one size, and a shorter one at its end', () => {
    const run = new Run()
    expect([100, 100, 101].map((size) => run.add(datagram(size)))).toEqual([true, true, false])
    expect([60, 60, 100].map((size) => run.add(datagram(size)))).toEqual([true, false, false])
    expect(run.size).toBe(100)
    expect(run.datagrams.map(({ length }) => length)).toEqual([100, 100, 60])
  })

  it('holds 64 datagrams, and not one more', () => {
    const run = new Run()
    for (let count = 0; count < 64; count++) expect(run.add(datagram(10))).toBe(true)
    expect(run.add(datagram(10))).toBe(false)
  })

  it('holds 65,000 bytes, and not one more', () => {
    const run = new Run()
    for (let count = 0; count < 50; count++) expect(run.add(datagram(1300))).toBe(true)
    expect(run.add(datagram(1))).toBe(false)
  })
})

describe('the pieces of a run', () => {
  const memory = Uint8Array.from({ length: 400 }, (_, at) => at % 251)
  const piecesOf = (...datagrams: readonly Uint8Array[]): Uint8Array[] => {
    const run = new Run()
    for (const one of datagrams) expect(run.add(one)).toBe(true)
    const { pieces } = run
    expect(Buffer.concat(pieces)).toEqual(Buffer.concat(datagrams))
    return pieces
  }
  const cut = (from: number, size = 100): Uint8Array => memory.subarray(from, from + size)

  it('are one where its datagrams stand one behind the other', () => {
    expect(piecesOf(cut(0), cut(100), cut(200), cut(300, 40))).toHaveLength(1)
  })

  it('are more where they do not, or are in other memory', () => {
    expect(piecesOf(cut(0), cut(101), cut(201))).toHaveLength(2)
    expect(piecesOf(cut(100), cut(0), cut(100))).toHaveLength(2)
    expect(piecesOf(cut(0), cut(100).slice(), cut(200))).toHaveLength(3)
    expect(piecesOf(cut(0).slice(), new Uint8Array(100))).toHaveLength(2)
  })
})

describe('runs', () => {
  it('leave at the end of the turn: several datagrams as a run, one alone as it is', async () => {
    const { runs, left } = world()
    for (const size of [100, 100, 40, 30]) expect(runs.take('a', datagram(size))).toBe(true)
    expect(left).toEqual([['a', 100, 100, 40]])
    await turn()
    expect(left).toEqual([
      ['a', 100, 100, 40],
      ['a', 30],
    ])
  })

  it('end where another group, or a datagram too large for a frame, comes between', async () => {
    const { runs, left } = world()
    runs.take('a', datagram(100))
    runs.take('b', datagram(100))
    runs.take('b', datagram(100))
    expect(runs.take('b', datagram(1453))).toBe(false)
    expect(left).toEqual([
      ['a', 100],
      ['b', 100, 100],
    ])
    await turn()
    expect(left).toHaveLength(2)
  })

  it('take nothing any more when the fast path has failed, and keep nothing back', () => {
    const { runs, left, fast } = world()
    runs.take('a', datagram(100))
    fast.fail('over')
    expect(runs.take('a', datagram(100))).toBe(false)
    expect(left).toEqual([['a', 100]])
  })
})

describe('what has come joined', () => {
  it('is handed on whole while packets follow each other to the end', () => {
    expect(taken([packet(100), packet(100), packet(60)])).toEqual([260])
    expect(taken([packet(100)])).toEqual([100])
    expect(taken([packet(100), packet(40), packet(100), packet(40)])).toEqual([280])
  })

  it('is handed on whole when it is one datagram that ends in padding, or junk', () => {
    expect(taken([packet(100), datagram(30)])).toEqual([130])
    expect(taken([Uint8Array.of(255, 255, 3)])).toEqual([3])
    expect(taken([new Uint8Array(0)])).toEqual([0])
    expect(taken([datagram(70)])).toEqual([70])
  })

  it('comes apart where junk of the same size is among it, so that the others are heard', () => {
    const junk = datagram(100).fill(0xff)
    expect(taken([packet(100), junk, packet(100), packet(60)])).toEqual([100, 100, 100, 60])
    const padding = datagram(100)
    expect(taken([packet(100), padding, packet(100)])).toEqual([100, 100, 100])
  })
})

function taken(parts: readonly Uint8Array[]): number[] {
  const sizes: number[] = []
  eachJoined(new Uint8Array(Buffer.concat(parts)), ({ length }) => sizes.push(length))
  return sizes
}

function world(): { runs: Runs; left: (string | number)[][]; fast: FastPath } {
  const left: (string | number)[][] = []
  const fast = new FastPath(() => true)
  const runs = new Runs({
    fast,
    single: (group, { length }) => void left.push([group, length]),
    run: (group, { datagrams }) => {
      left.push([group, ...datagrams.map(({ length }) => length)])
    },
  })
  return { runs, left, fast }
}

function datagram(size: number): Uint8Array {
  return new Uint8Array(size)
}

/** As large as its own length says. */
function packet(size: number): Uint8Array {
  const bytes = new Uint8Array(size).fill(1)
  new DataView(bytes.buffer).setUint16(0, size - 2)
  return bytes
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
