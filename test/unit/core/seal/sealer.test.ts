/** Sealing: what one seals the other opens, and nothing that was touched. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RealmKeys } from '../../../../bus/core/seal/keys.ts'
import { type PacketId, Sealer } from '../../../../bus/core/seal/sealer.ts'
import {
  BODY_OFFSET,
  HEADER_SIZE,
  LENGTH_SIZE,
  nonceOf,
  readHeader,
  splitDatagram,
} from '../../../../bus/core/wire/packet.ts'
import { counting, crypto, hex } from '../crypto.ts'

const key = counting(32, 3)
const id: PacketId = { kind: 0, flags: 1, stream: 77, number: 2 ** 40 + 5 }

function sealerOf(root: Uint8Array | undefined): Sealer {
  const keys = new RealmKeys(crypto, { name: 'home', root })
  return new Sealer(crypto, keys, 0x0102030405060708n)
}

const sealed = sealerOf(counting(32))
const open = sealerOf(undefined)

describe('Sealer', () => {
  it.each([
    { realm: 'a sealed', sealer: sealed, version: 1, overhead: 16 },
    { realm: 'an open', sealer: open, version: 2, overhead: 0 },
  ])('gives back in $realm realm what was put in', ({ sealer, version, overhead }) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        const packet = sealer.seal(id, body, key)
        expect(packet.length).toBe(BODY_OFFSET + body.length + overhead)
        expect(splitDatagram(packet, () => undefined)).toBeUndefined()
        expect(readHeader(packet)).toMatchObject({ ...id, version, instance: 0x0102030405060708n })
        expect(hex(sealer.open(packet, key)!)).toBe(hex(body))
      }),
    )
  })

  it('refuses each of the 192 single-bit changes of the header', () => {
    const packet = sealed.seal(id, counting(20), key)
    for (let bit = 0; bit < HEADER_SIZE * 8; bit++) {
      const changed = packet.slice()
      changed[LENGTH_SIZE + (bit >>> 3)]! ^= 1 << (bit & 7)
      expect(sealed.open(changed, key)).toBeUndefined()
    }
    expect(sealed.open(packet, key)).toBeDefined()
  })

  it('refuses every single-bit change of the body and every truncation', () => {
    const packet = sealed.seal(id, counting(20), key)
    for (let bit = BODY_OFFSET * 8; bit < packet.length * 8; bit++) {
      const changed = packet.slice()
      changed[bit >>> 3]! ^= 1 << (bit & 7)
      expect(sealed.open(changed, key)).toBeUndefined()
    }
    for (let size = BODY_OFFSET; size < packet.length; size++) {
      expect(sealed.open(packet.subarray(0, size), key)).toBeUndefined()
    }
  })

  it('refuses ten thousand random changes of the header', () => {
    const packet = sealed.seal(id, counting(20), key)
    const change = fc.uint8Array({ minLength: HEADER_SIZE, maxLength: HEADER_SIZE })
    fc.assert(
      fc.property(change, (bits) => {
        fc.pre(bits.some((byte) => byte !== 0))
        const changed = packet.slice()
        for (const [i, byte] of bits.entries()) changed[LENGTH_SIZE + i]! ^= byte
        expect(sealed.open(changed, key)).toBeUndefined()
      }),
      { numRuns: 10_000 },
    )
  })

  it('refuses another key', () => {
    const packet = sealed.seal(id, counting(20), key)
    expect(sealed.open(packet, counting(32, 4))).toBeUndefined()
  })

  it('tells the header of a packet before it is sealed', () => {
    for (const sealer of [sealed, open]) {
      const packet = sealer.seal(id, counting(5), key)
      expect(hex(sealer.headerBytes(id))).toBe(hex(nonceOf(packet)))
    }
  })

  it('repeats a packet byte for byte', () => {
    expect(hex(sealed.seal(id, counting(9), key))).toBe(hex(sealed.seal(id, counting(9), key)))
  })
})

describe('the memory of packets', () => {
  const run = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      sealed.seal({ ...id, number: i + 1 }, counting(1000), key),
    )
  const wholes = (pieces: readonly Uint8Array[]): number =>
    new Set(pieces.map(({ buffer }) => buffer)).size

  it('is allocated once for many of them', () => {
    expect(wholes(run(64))).toBeLessThanOrEqual(5)
  })

  it('is shared by the bodies of packets that have come together, and by no others', () => {
    const packets = run(64)
    let left = packets.reduce((sum, { length }) => sum + length, 0)
    const together = packets.map((packet) => {
      const body = sealed.open(packet, key, left)!
      left -= packet.length
      return body
    })
    for (const body of together) expect(hex(body)).toBe(hex(counting(1000)))
    expect(wholes(together)).toBeLessThanOrEqual(5)
    const alone = packets.map((packet) => sealed.open(packet, key)!)
    expect(alone.every(({ buffer }) => buffer.byteLength === 1000)).toBe(true)
  })

  it.each([
    { realm: 'a sealed', sealer: sealed },
    { realm: 'an open', sealer: open },
  ])('is shared by few where small ones come one by one, in $realm realm', ({ sealer }) => {
    const bodies = Array.from({ length: 64 }, (_, i) => {
      const packet = sealer.seal({ ...id, number: i + 1 }, counting(1000), key)
      return sealer.open(packet, key, packet.length)!
    })
    for (const body of bodies) expect(hex(body)).toBe(hex(counting(1000)))
    expect(wholes(bodies)).toBeLessThanOrEqual(17)
    expect(Math.max(...bodies.map(({ buffer }) => buffer.byteLength))).toBeLessThanOrEqual(16_384)
    const large = sealer.seal(id, counting(3000), key)
    expect(sealer.open(large, key, large.length)!.buffer.byteLength).toBe(3000)
  })

  it('is made by the runtime, where bodies share it', () => {
    const opener = sealerOf(counting(32))
    const made: number[] = []
    opener.bodies.make = (size) => {
      made.push(size)
      return new ArrayBuffer(size)
    }
    for (const packet of run(4)) opener.open(packet, key, packet.length)
    expect(made).toEqual([4096])
  })

  it('is not used up by what does not open', () => {
    const [first, forged, second] = run(3)
    forged![BODY_OFFSET] = forged![BODY_OFFSET]! ^ 1
    const ahead = 10_000
    const opener = sealerOf(counting(32))
    const before = opener.open(first!, key, ahead)!
    expect(opener.open(forged!, key, ahead)).toBeUndefined()
    const after = opener.open(second!, key, ahead)!
    expect(after.buffer).toBe(before.buffer)
    expect(after.byteOffset).toBe(before.byteOffset + 1000)
  })
})
