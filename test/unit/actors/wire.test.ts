/** What actors say on the wire: every field comes back, and what is malformed is none. */
import { describe, expect, it } from 'vitest'
import {
  readReplied,
  readSaid,
  type Replied,
  type Said,
  type SaidKind,
  writeReplied,
  writeSaid,
} from '../../../bus/actors/wire.ts'

const said: Said = {
  kind: 'deliver',
  to: 0x0102030405060708n,
  id: 300,
  name: 'a/é',
  sender: 'b',
  codec: 2,
  payload: Uint8Array.of(1, 2, 3),
}

describe('what is said', () => {
  it.each([
    ['tell', 0],
    ['ask', 1],
    ['deliver', 2],
    ['find', 3],
    ['watch', 4],
    ['ended', 5],
    ['pick', 6],
  ] as const)('of kind %s begins with %i, and comes back whole', (kind: SaidKind, first) => {
    const bytes = writeSaid({ ...said, kind })
    expect([bytes[0], readSaid(bytes)]).toEqual([first, { ...said, kind }])
  })

  it('has the bytes of the protocol', () => {
    expect([...writeSaid(said)]).toEqual([
      2, 1, 2, 3, 4, 5, 6, 7, 8, 0x41, 0x2c, 4, 97, 47, 0xc3, 0xa9, 1, 98, 2, 1, 2, 3,
    ])
  })

  it('is none when it is cut, of another kind, not UTF-8, or has a name that is too long', () => {
    const bytes = writeSaid({ ...said, payload: new Uint8Array(0) })
    for (let size = 0; size < bytes.length; size++) {
      expect(readSaid(bytes.subarray(0, size))).toBeUndefined()
    }
    const odd = (change: (copy: Uint8Array) => void): Said | undefined => {
      const copy = bytes.slice()
      change(copy)
      return readSaid(copy)
    }
    expect(odd(() => undefined)).toBeDefined()
    expect(odd((copy) => (copy[0] = 7))).toBeUndefined()
    expect(odd((copy) => (copy[12] = 0xff))).toBeUndefined()
    expect(readSaid(writeSaid({ ...said, name: 'x'.repeat(255) }))).toBeDefined()
    expect(readSaid(writeSaid({ ...said, name: 'x'.repeat(256) }))).toBeUndefined()
    expect(readSaid(writeSaid({ ...said, sender: 'x'.repeat(256) }))).toBeUndefined()
  })
})

describe('what is replied', () => {
  it.each<Replied>([
    { name: 'a', codec: 0, payload: Uint8Array.of(5) },
    { name: 'a', codec: 1, payload: new Uint8Array(0) },
    { name: 'a', code: 'NO_LAMP', message: 'none' },
    { name: 'a', code: '', message: 'x'.repeat(1024) },
  ])('comes back whole: %o', (replied) => {
    expect(readReplied(writeReplied(replied))).toEqual(replied)
  })

  it('is none when it is cut, of another kind, or too long', () => {
    const whole = writeReplied({ name: 'abc', code: 'NO', message: '' })
    for (let size = 0; size < whole.length; size++) {
      expect(readReplied(whole.subarray(0, size))).toBeUndefined()
    }
    expect(readReplied(Uint8Array.of(1, 97, 2, 0))).toBeUndefined()
    expect(readReplied(Uint8Array.of(1, 97, 0))).toBeUndefined()
    const long = { name: 'a', code: 'NO', message: 'x'.repeat(1025) }
    expect(readReplied(writeReplied(long))).toBeUndefined()
    expect(
      readReplied(writeReplied({ ...long, code: 'X'.repeat(65), message: '' })),
    ).toBeUndefined()
  })
})
