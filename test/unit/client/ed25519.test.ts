/** A page signs and verifies as all other peers do. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { identityOfSeed as ofNode, signerOf, strictVerifier } from '../../../bus/io/ed25519.ts'
import { identityOfSeed, newIdentity, pageSignatures, verifyNow } from '../../../client/ed25519.ts'

const identity = newIdentity()
const message = new Uint8Array(randomBytes(100))

describe('signatures in a page', () => {
  it('are those of every other runtime, by WebCrypto and by tweetnacl', async () => {
    const { publicKey } = ofNode(identity.secretKey)
    expect(identityOfSeed(identity.secretKey).publicKey).toEqual(new Uint8Array(publicKey))
    const signatures = await pageSignatures(identity)
    const expected = signerOf(identity)(message)
    expect(await signatures.sign(message)).toEqual(expected)
    expect(signatures.signNow(message)).toEqual(expected)
    for (const verify of [signatures.verify, verifyNow, strictVerifier()]) {
      expect(await verify(message, expected, identity.publicKey)).toBe(true)
      expect(await verify(message.subarray(1), expected, identity.publicKey)).toBe(false)
    }
  })

  it('that libraries disagree about are refused by both', async () => {
    const { verify } = await pageSignatures(identity)
    const neutral = new Uint8Array(32)
    neutral[0] = 1
    const signature = new Uint8Array(64)
    signature[0] = 1
    expect(await verify(message, signature, neutral)).toBe(false)
    expect(verifyNow(message, signature, neutral)).toBe(false)
    expect(await verify(message, new Uint8Array(64).fill(255), identity.publicKey)).toBe(false)
  })

  it('a key that is no point of the curve verifies nothing, and nothing throws', async () => {
    const { verify } = await pageSignatures(identity)
    const signature = signerOf(identity)(message)
    const answers = Array.from({ length: 16 }, (_, i) => {
      const key = new Uint8Array(32).fill(i + 2)
      return Promise.resolve(verify(message, signature, key))
    })
    expect(await Promise.all(answers)).toEqual(answers.map(() => false))
  })

  it('need both halves of an identity', async () => {
    const half = { ...identity, publicKey: newIdentity().publicKey }
    await expect(pageSignatures(half)).rejects.toMatchObject({ code: 'INVALID_KEY' })
    const short = { ...identity, secretKey: identity.secretKey.subarray(1) }
    await expect(pageSignatures(short)).rejects.toMatchObject({ code: 'INVALID_KEY' })
  })
})
