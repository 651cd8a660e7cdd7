/** Librecast's symmetric encryption, with a datagram of the C library as the vector. */
import { describe, expect, it } from 'vitest'
import { openDatagram, sealDatagram } from '../../../bus/librecast/seal.ts'

/** 'hello' under a key of 32 times 7, sealed by the C library, version 0.5.1. */
const VECTOR =
  'f9c4cb5d85a26cd6a41c0d6399efaff13128f070fa' + '6300bf280d84c1d796d33286ab27e2ce0000000000000000'
const KEY = new Uint8Array(32).fill(7)

describe('seal', () => {
  it('opens what the C library sealed', () => {
    expect(openDatagram(vector(), KEY)).toEqual(new TextEncoder().encode('hello'))
  })

  it('opens what it sealed, each time under another nonce', () => {
    const plain = new Uint8Array([1, 2, 3])
    const first = sealDatagram(plain, KEY)
    const second = sealDatagram(plain, KEY)
    expect(first.length).toBe(plain.length + 40)
    expect(first.subarray(-24)).not.toEqual(second.subarray(-24))
    expect(openDatagram(first, KEY)).toEqual(plain)
    expect(openDatagram(sealDatagram(new Uint8Array(), KEY), KEY)).toEqual(new Uint8Array())
  })

  it('refuses another key, any changed byte and any cut', () => {
    expect(openDatagram(vector(), new Uint8Array(32).fill(8))).toBeUndefined()
    for (let at = 0; at < vector().length; at += 1) {
      const changed = vector()
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(openDatagram(changed, KEY)).toBeUndefined()
      expect(openDatagram(vector().subarray(0, at), KEY)).toBeUndefined()
    }
  })
})

function vector(): Uint8Array {
  return Uint8Array.from(VECTOR.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
