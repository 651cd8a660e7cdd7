/** One verdict about every signature: what libraries disagree about is refused. */
import { createPublicKey, verify } from 'node:crypto'
import fc from 'fast-check'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { newIdentity, signerOf, strictVerifier } from '../../../bus/io/ed25519.ts'
import { hex, unhex } from '../core/crypto.ts'

/** RFC 8032 section 7.1: seed, public key, message, signature. */
const rfc8032 = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
      '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
      '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
] as const

/** y = 0, 1, -1 and the two points of order 8, each with both signs, then non-canonical spellings. */
const smallOrder = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].flatMap((y) => [unhex(y), withSign(unhex(y))])

/** y at or above 2^255 - 19: a second spelling of a small y. */
const nonCanonical = ['ed', 'ee', 'f0', 'ff'].map((low) => unhex(`${low}${'ff'.repeat(30)}7f`))

const order = 2n ** 252n + 27742317777372353535851937790883648493n
const check = strictVerifier()

function withSign(y: Uint8Array): Uint8Array {
  const point = y.slice()
  point[31]! |= 0x80
  return point
}

function bigOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes.slice().reverse())}`)
}

function littleOf(value: bigint): Uint8Array {
  return unhex(value.toString(16).padStart(64, '0')).reverse()
}

function join(point: Uint8Array, scalar: Uint8Array): Uint8Array {
  return Uint8Array.from([...point, ...scalar])
}

describe('strictVerifier', () => {
  it.each(rfc8032)('takes the vector of RFC 8032 with seed %s', (...vector) => {
    const [seed, key, message, signature] = vector
    const identity = { publicKey: unhex(key), secretKey: unhex(seed) }
    expect(hex(signerOf(identity)(unhex(message)))).toBe(signature)
    expect(check(unhex(message), unhex(signature), unhex(key))).toBe(true)
  })

  it('takes what this library and tweetnacl sign, and no other message', () => {
    const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(seeds, fc.uint8Array({ maxLength: 100 }), (seed, message) => {
        const pair = nacl.sign.keyPair.fromSeed(seed)
        const signature = nacl.sign.detached(message, pair.secretKey)
        const identity = { publicKey: pair.publicKey, secretKey: seed }
        expect(hex(signerOf(identity)(message))).toBe(hex(signature))
        expect(check(message, signature, pair.publicKey)).toBe(true)
        expect(check(Uint8Array.from([...message, 0]), signature, pair.publicKey)).toBe(false)
      }),
      { numRuns: 30 },
    )
  })

  it('refuses every single-bit change of a signature and of a key', () => {
    const [, key, message, signature] = rfc8032[2]
    for (let bit = 0; bit < 512; bit++) {
      const changed = unhex(signature)
      changed[bit >>> 3]! ^= 1 << (bit & 7)
      expect(check(unhex(message), changed, unhex(key))).toBe(false)
    }
    for (let bit = 0; bit < 256; bit++) {
      const changed = unhex(key)
      changed[bit >>> 3]! ^= 1 << (bit & 7)
      expect(check(unhex(message), unhex(signature), changed)).toBe(false)
    }
  })

  it('refuses S + L, which tweetnacl takes', () => {
    const [, key, message, signature] = rfc8032[1]
    const bytes = unhex(signature)
    const scalar = bigOf(bytes.subarray(32))
    const malleable = join(bytes.subarray(0, 32), littleOf(scalar + order))
    expect(nacl.sign.detached.verify(unhex(message), malleable, unhex(key))).toBe(true)
    expect(check(unhex(message), malleable, unhex(key))).toBe(false)
  })

  it.each([order, order + 1n, 2n ** 253n, 2n ** 256n - 1n])('refuses the scalar %i', (scalar) => {
    const [, key, message, signature] = rfc8032[1]
    const bytes = join(unhex(signature).subarray(0, 32), littleOf(scalar))
    expect(check(unhex(message), bytes, unhex(key))).toBe(false)
  })

  it('refuses keys of small order, for which one signature fits many messages', () => {
    const neutral = unhex(`01${'00'.repeat(31)}`)
    // R = 1, S = 0 and A = 1 fulfil the equation for every message.
    const forged = join(neutral, new Uint8Array(32))
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), neutral])
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    expect(verify(null, Buffer.from('anything'), key, forged)).toBe(true)
    for (const point of [...smallOrder, ...nonCanonical]) {
      expect(check(unhex('00'), forged, point)).toBe(false)
    }
  })

  it('refuses an R of small order or with a non-canonical y', () => {
    const [, key, message, signature] = rfc8032[1]
    for (const point of [...smallOrder, ...nonCanonical]) {
      const bytes = join(point, unhex(signature).subarray(32))
      expect(check(unhex(message), bytes, unhex(key))).toBe(false)
    }
  })

  it('refuses wrong lengths', () => {
    const [, key, message, signature] = rfc8032[1]
    for (const size of [0, 31, 63]) {
      expect(check(unhex(message), unhex(signature).subarray(0, size), unhex(key))).toBe(false)
    }
    expect(check(unhex(message), unhex(`${signature}00`), unhex(key))).toBe(false)
    expect(check(unhex(message), unhex(signature), unhex(key).subarray(0, 31))).toBe(false)
    expect(check(unhex(message), unhex(signature), unhex(`${key}00`))).toBe(false)
  })

  it('never throws, whatever the bytes', () => {
    const bytes = fc.uint8Array({ minLength: 30, maxLength: 66 })
    const fitting = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })
    const anySignature = fc.oneof(bytes, fitting(64))
    const anyKey = fc.oneof(bytes, fitting(32))
    fc.assert(
      fc.property(anySignature, anyKey, (signature, key) => {
        expect(check(unhex('00'), signature, key)).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })

  it('gives the same answers once it has forgotten the keys it had seen', () => {
    const verifier = strictVerifier()
    const { publicKey, secretKey } = newIdentity()
    const signature = signerOf({ publicKey, secretKey })(unhex('01'))
    expect(verifier(unhex('01'), signature, publicKey)).toBe(true)
    for (let i = 0; i < 1100; i++) verifier(unhex('01'), signature, littleOf(BigInt(i + 3)))
    expect(verifier(unhex('01'), signature, publicKey)).toBe(true)
  })
})

describe('signerOf', () => {
  it('refuses halves that do not belong together, or of a wrong length', () => {
    const [one, other] = [newIdentity(), newIdentity()]
    const mixed = { publicKey: one.publicKey, secretKey: other.secretKey }
    expect(() => signerOf(mixed)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }))
    const long = { publicKey: one.publicKey, secretKey: new Uint8Array(64) }
    expect(() => signerOf(long)).toThrow(/32 bytes, not of 32 and 64/)
  })
})
