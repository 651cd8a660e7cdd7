/** The hello's body: round trip, limits, and that no bytes ever throw. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat } from '../../../../bus/core/bytes.ts'
import { Writer } from '../../../../bus/core/wire/cursor.ts'
import { RIGHTS_SIZE_MAX } from '../../../../bus/core/wire/grant.ts'
import {
  type Hello,
  HELLO_LIST_MAX,
  HELLO_SIZE_MAX,
  listRoom,
  NAME_SIZE_MAX,
  readHello,
  SIGNATURE_SIZE,
  TAG_SIZE_MAX,
  TAGS_MAX,
  writeHello,
} from '../../../../bus/core/wire/hello.ts'
import { VARINT_MAX } from '../../../../bus/core/wire/varint.ts'
import { counting, hex } from '../crypto.ts'
import { anyHello } from './any.ts'

const signature = counting(SIGNATURE_SIZE, 100)

const plain: Hello = {
  flags: 2,
  identity: counting(32),
  salt: counting(16, 32),
  challenge: 0x0102030405060708n,
  controlNumber: 9,
  intervalMs: 750,
  port: 62278,
  streamCount: 3,
  name: counting(4, 97),
  tags: [],
  asked: [],
  echoes: [],
  rights: new Uint8Array(0),
}

/** One byte of `lists` each is the count of tags, of asked and of echoed; then no rights. */
function withLists(...lists: readonly Uint8Array[]): Uint8Array {
  const head = writeHello(plain)
  return concat(head.subarray(0, head.length - 4), ...lists, signature)
}

describe('hello', () => {
  it('survives the round trip and names what is signed', () => {
    fc.assert(
      fc.property(anyHello, (hello) => {
        const body = writeHello(hello)
        expect(body.length + SIGNATURE_SIZE).toBeLessThanOrEqual(HELLO_SIZE_MAX)
        const signed = readHello(concat(body, signature))
        expect(signed?.hello).toEqual(hello)
        expect(hex(signed!.signed)).toBe(hex(body))
        expect(hex(signed!.signature)).toBe(hex(signature))
      }),
      { numRuns: 500 },
    )
  })

  it('fits the smallest packet with every list and name full', () => {
    const full: Hello = {
      ...plain,
      controlNumber: VARINT_MAX,
      intervalMs: VARINT_MAX,
      streamCount: VARINT_MAX,
      name: counting(NAME_SIZE_MAX),
      tags: Array.from({ length: TAGS_MAX }, () => counting(TAG_SIZE_MAX)),
      asked: Array.from({ length: HELLO_LIST_MAX }, (_, i) => BigInt(i)),
      echoes: Array.from({ length: HELLO_LIST_MAX }, (_, i) => BigInt(i)),
    }
    const body = concat(writeHello(full), signature)
    expect(body.length).toBeLessThanOrEqual(HELLO_SIZE_MAX)
    expect(listRoom(full)).toBeGreaterThanOrEqual(2 * HELLO_LIST_MAX)
    expect(readHello(body)?.hello).toEqual(full)
  })

  it('has room for half a list of each beside the longest rights', () => {
    const rights = new Uint8Array(RIGHTS_SIZE_MAX)
    const tags = Array.from({ length: TAGS_MAX }, () => counting(TAG_SIZE_MAX))
    const full = { ...plain, name: counting(NAME_SIZE_MAX), tags, rights }
    const numbers = [VARINT_MAX, VARINT_MAX, VARINT_MAX]
    const [controlNumber, intervalMs, streamCount] = numbers as [number, number, number]
    const room = listRoom(full)
    expect(room).toBeGreaterThanOrEqual(HELLO_LIST_MAX / 2)
    const asked = Array.from({ length: room }, (_, i) => BigInt(i))
    const hello = { ...full, controlNumber, intervalMs, streamCount, asked }
    const body = concat(writeHello(hello), signature)
    expect(body.length).toBeLessThanOrEqual(HELLO_SIZE_MAX)
    expect(HELLO_SIZE_MAX).toBe(1232 - 26 - 16)
    expect(readHello(body)?.hello).toEqual(hello)
  })

  it('is refused at every truncation and with one byte more', () => {
    const body = concat(writeHello({ ...plain, asked: [1n], echoes: [2n, 3n] }), signature)
    expect(readHello(body)).toBeDefined()
    for (let size = 0; size < body.length; size++) {
      expect(readHello(body.subarray(0, size))).toBeUndefined()
    }
    expect(readHello(concat(body, counting(1)))).toBeUndefined()
  })

  it('is refused with a port that none is', () => {
    expect(readHello(concat(writeHello({ ...plain, port: 0xffff }), signature))).toBeDefined()
    expect(readHello(concat(writeHello({ ...plain, port: 0x10000 }), signature))).toBeUndefined()
  })

  it('is refused with lists or names beyond their limits', () => {
    const none = Uint8Array.of(0)
    const tags = (count: number) => concat(Uint8Array.of(count), new Uint8Array(count))
    const ids = (count: number) => concat(Uint8Array.of(count), new Uint8Array(count * 8))
    const long = (size: number) => new Writer(99).uint8(1).block(new Uint8Array(size)).written
    expect(readHello(withLists(tags(TAGS_MAX), none, none, none))).toBeDefined()
    expect(readHello(withLists(tags(TAGS_MAX + 1), none, none, none))).toBeUndefined()
    expect(readHello(withLists(long(TAG_SIZE_MAX), none, none, none))).toBeDefined()
    expect(readHello(withLists(long(TAG_SIZE_MAX + 1), none, none, none))).toBeUndefined()
    expect(readHello(withLists(none, ids(HELLO_LIST_MAX), ids(HELLO_LIST_MAX), none))).toBeDefined()
    expect(readHello(withLists(none, ids(HELLO_LIST_MAX + 1), none, none))).toBeUndefined()
    expect(readHello(withLists(none, none, ids(HELLO_LIST_MAX + 1), none))).toBeUndefined()
    const name = { ...plain, name: new Uint8Array(NAME_SIZE_MAX + 1) }
    expect(readHello(concat(writeHello(name), signature))).toBeUndefined()
  })

  it('carries rights up to their bound, and counts them as signed', () => {
    const rights = new Writer(600).block(new Uint8Array(RIGHTS_SIZE_MAX)).written
    const none = Uint8Array.of(0)
    const signed = readHello(withLists(none, none, none, rights))
    expect(signed?.hello).toEqual({ ...plain, rights: new Uint8Array(RIGHTS_SIZE_MAX) })
    expect(signed?.signed.length).toBe(writeHello(plain).length - 1 + rights.length)
    const more = new Writer(600).block(new Uint8Array(RIGHTS_SIZE_MAX + 1)).written
    expect(readHello(withLists(none, none, none, more))).toBeUndefined()
  })

  it('never throws, whatever the bytes', () => {
    const random = fc.uint8Array({ maxLength: 400 })
    fc.assert(
      fc.property(random, (body) => void readHello(body)),
      { numRuns: 2000 },
    )
    const valid = concat(writeHello({ ...plain, asked: [1n], echoes: [2n] }), signature)
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.nat(255), (at, value) => {
        const body = valid.slice()
        body[at] = value
        readHello(body)
      }),
      { numRuns: 2000 },
    )
  })
})
