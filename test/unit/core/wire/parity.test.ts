/** Symbols of packets, and the packets that they are turned back into. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Kind, readHeader, writeHeader } from '../../../../bus/core/wire/packet.ts'
import { BLOCK, blockOf, packetOf, symbolOf } from '../../../../bus/core/wire/parity.ts'

const about = { version: 1, epoch: 0, instance: 0x1234n, stream: 3, hint: 0xbeef }
const parity = { ...about, kind: Kind.parity, flags: 9, number: 64 }

function packet(number: number, flags: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(26 + body.length)
  writeHeader(bytes, { ...about, kind: Kind.data, flags, number }, body.length)
  bytes.set(body, 26)
  return bytes
}

describe('a block', () => {
  it('begins with packets 1, 65 and so on, as far as numbers go', () => {
    expect([1, 2, 64, 65, 128, 129].map(blockOf)).toEqual([1, 1, 1, 65, 65, 129])
    expect(blockOf(2 ** 48 - 1)).toBe(2 ** 48 - BLOCK + 1)
  })
})

describe('a symbol', () => {
  it('is turned back into its packet, to the last byte, whatever it is filled up with', () => {
    const number = fc.integer({ min: 1, max: 2 ** 48 - 1 })
    const body = fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.nat(40))
    fc.assert(
      fc.property(number, fc.nat(255), body, (n, flags, [bytes, fill]) => {
        const sent = packet(n, flags, bytes)
        const symbol = symbolOf(sent)
        const padded = new Uint8Array(symbol.length + fill)
        padded.set(symbol)
        expect(packetOf(parity, n, padded)).toEqual(sent)
      }),
    )
  })

  it('has its length, its flags and its body', () => {
    const symbol = symbolOf(packet(5, 1, Uint8Array.of(7, 8)))
    expect([...symbol]).toEqual([0, 26, 1, 7, 8])
    expect(readHeader(packetOf(parity, 5, symbol)!)).toMatchObject({ kind: Kind.data, number: 5 })
  })

  it.each([
    ['claims to be shorter than a header', [0, 23, 0, 1]],
    ['claims more than there is', [0, 28, 0, 1, 2, 3]],
    ['claims far more', [255, 255, 0, 1]],
    ['is filled up with something', [0, 25, 0, 1, 0, 9]],
  ])('that %s is none of a packet', (_, bytes) => {
    expect(packetOf(parity, 5, Uint8Array.from(bytes))).toBeUndefined()
  })
})
