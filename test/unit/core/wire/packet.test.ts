/** The packet header and the walk over the packets of a datagram. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat } from '../../../../bus/core/bytes.ts'
import {
  BODY_OFFSET,
  bodyOf,
  type Header,
  HEADER_SIZE,
  LENGTH_SIZE,
  nonceOf,
  NUMBER_MAX,
  readHeader,
  splitDatagram,
  writeHeader,
} from '../../../../bus/core/wire/packet.ts'
import { counting, hex, unhex } from '../crypto.ts'

const anyHeader: fc.Arbitrary<Header> = fc.record({
  version: fc.constantFrom(1, 2),
  kind: fc.nat(15),
  flags: fc.nat(255),
  epoch: fc.nat(0xffff),
  instance: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  stream: fc.nat(0xffffffff),
  number: fc.integer({ min: 0, max: NUMBER_MAX }),
  hint: fc.nat(0xffff),
})

const sample: Header = {
  version: 1,
  kind: 2,
  flags: 3,
  epoch: 0x0405,
  instance: 0x060708090a0b0c0dn,
  stream: 0x0e0f1011,
  number: 0x121314151617,
  hint: 0x1819,
}

function packetOf(header: Header, body: Uint8Array): Uint8Array {
  const packet = new Uint8Array(BODY_OFFSET + body.length)
  writeHeader(packet, header, body.length)
  packet.set(body, BODY_OFFSET)
  return packet
}

function split(datagram: Uint8Array): { packets: string[]; fault: string | undefined } {
  const packets: string[] = []
  const fault = splitDatagram(datagram, (packet) => packets.push(hex(packet)))
  return { packets, fault }
}

describe('header', () => {
  it('lays every field where the diagram says', () => {
    const packet = packetOf(sample, counting(2, 0xaa))
    expect(hex(packet)).toBe(
      '001a' + '1203040506070809' + '0a0b0c0d0e0f1011' + '1213141516171819' + 'aaab',
    )
    expect(hex(nonceOf(packet))).toBe('12030405060708090a0b0c0d0e0f10111213141516171819')
    expect(hex(bodyOf(packet))).toBe('aaab')
  })

  it('survives the round trip', () => {
    fc.assert(
      fc.property(anyHeader, fc.uint8Array({ maxLength: 20 }), (header, body) => {
        const packet = packetOf(header, body)
        expect(readHeader(packet)).toEqual(header)
        expect(split(packet)).toEqual({ packets: [hex(packet)], fault: undefined })
      }),
    )
  })

  it('is read from a view into a larger buffer', () => {
    const datagram = concat(counting(5), packetOf(sample, counting(1)))
    expect(readHeader(datagram.subarray(5))).toEqual(sample)
  })
})

describe('a datagram', () => {
  const one = packetOf(sample, counting(3))
  const two = packetOf({ ...sample, version: 2, kind: 0 }, counting(0))
  const both = { packets: [hex(one), hex(two)], fault: undefined }

  it('may hold several packets', () => {
    expect(split(concat(one, two))).toEqual(both)
  })

  it.each(['0000', '00000000', '0000ffffff'])('ends at a zero length: %s is padding', (padding) => {
    expect(split(concat(one, two, unhex(padding)))).toEqual(both)
  })

  it('gives its whole packets before it is found to be truncated', () => {
    for (let size = one.length + 1; size < one.length + two.length; size++) {
      const short = concat(one, two).subarray(0, size)
      expect(split(short)).toEqual({ packets: [hex(one)], fault: 'truncated' })
    }
  })

  it('is refused when it is cut anywhere inside its only packet', () => {
    for (let size = 0; size < one.length; size++) {
      expect(split(one.subarray(0, size))).toEqual({ packets: [], fault: 'truncated' })
    }
  })

  it('is refused when it begins with padding', () => {
    expect(split(unhex('0000'))).toEqual({ packets: [], fault: 'length' })
  })

  it('is refused from a packet on that is shorter than a header', () => {
    const short = new Uint8Array(LENGTH_SIZE + HEADER_SIZE - 1)
    short[1] = HEADER_SIZE - 1
    expect(split(concat(one, short))).toEqual({ packets: [hex(one)], fault: 'length' })
  })

  it.each([0, 3, 15])('is refused from a packet of version %i on', (version) => {
    const odd = packetOf({ ...sample, version }, counting(1))
    expect(split(concat(one, odd))).toEqual({ packets: [hex(one)], fault: 'version' })
  })

  it('yields disjoint packets from the front on, whatever its bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        // Small lengths and known versions, or nothing would ever be a packet.
        for (let i = 0; i + 2 < bytes.length; i += 26) {
          bytes[i] = 0
          bytes[i + 2] = 0x10 | (bytes[i + 2]! & 0x0f)
        }
        const { packets } = split(bytes)
        expect(hex(bytes).startsWith(packets.join(''))).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})
