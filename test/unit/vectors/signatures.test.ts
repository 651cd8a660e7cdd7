/** The edges of Ed25519 get the same verdict wherever a peer runs: Node, a page, and the fast library. */
import { createPublicKey, verify } from 'node:crypto'
import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { newIdentity, strictVerifier } from '../../../bus/io/ed25519.ts'
import { isStrict } from '../../../bus/io/strict.ts'
import { pageSignatures, verifyNow } from '../../../client/ed25519.ts'
import { signatureVectors } from '../../vectors/signatures.ts'

type Verify = (
  message: Uint8Array,
  signature: Uint8Array,
  key: Uint8Array,
) => boolean | Promise<boolean>

interface Sodium {
  crypto_sign_verify_detached: (...given: Uint8Array[]) => boolean
}

/** As published: no types, and absent where it does not load. */
const sodium = await import('sodium-native' as string).then(
  (loaded: { default: Sodium }) => loaded.default,
  () => undefined,
)
const bySodium: Readonly<Record<string, Verify>> = sodium
  ? {
      sodium: (message, signature, key) =>
        sodium.crypto_sign_verify_detached(signature, message, key),
    }
  : {}
const page = await pageSignatures(newIdentity())
const checks: Readonly<Record<string, Verify>> = {
  'node:crypto': strictVerifier(),
  WebCrypto: page.verify,
  tweetnacl: verifyNow,
  ...Object.fromEntries(
    Object.entries(bySodium).map(([name, verified]) => [name, behindTheRule(verified)]),
  ),
}
const PUBLIC_HEAD = Buffer.from('302a300506032b6570032100', 'hex')
/** Libraries without the rule that all peers share. */
const bare: Readonly<Record<string, Verify>> = {
  'node:crypto': (message, signature, key) => {
    const der = Buffer.concat([PUBLIC_HEAD, key])
    return verify(
      null,
      message,
      createPublicKey({ key: der, format: 'der', type: 'spki' }),
      signature,
    )
  },
  tweetnacl: (message, signature, key) => nacl.sign.detached.verify(message, signature, key),
  ...bySodium,
}
const { edges } = signatureVectors()

function behindTheRule(verified: Verify): Verify {
  return (message, signature, key) => isStrict(signature, key) && verified(message, signature, key)
}

describe.each(Object.entries(checks))('%s, behind the rule of all peers', (_, check) => {
  it.each(edges)('says of "$about": $good', async ({ message, signature, key, good }) => {
    expect(await check(message, signature, key)).toBe(good)
    // Another message is never signed by it, though without the rule some keys fit all of them.
    expect(await check(Uint8Array.of(1), signature, key)).toBe(false)
  })
})

describe('the edges', () => {
  it('divide libraries that have no such rule', () => {
    const verdicts = edges.map(({ about, message, signature, key }) => {
      const said = Object.values(bare).map((check) => check(message, signature, key))
      return { about, divided: new Set(said).size > 1, taken: said.includes(true) }
    })
    const of = (what: 'divided' | 'taken'): string[] =>
      verdicts.filter((one) => one[what]).map(({ about }) => about)
    expect(of('divided')).toEqual(
      expect.arrayContaining(['S + L', 'small A, ordinary R', 'ordinary A, neutral R']),
    )
    const wrongly = edges.filter(({ about, good }) => !good && of('taken').includes(about))
    expect(wrongly.length).toBeGreaterThan(8)
  })

  it('are good and bad, and some are bad without the cofactor alone', () => {
    const kinds = new Set(edges.map(({ good, cofactored }) => `${good} ${cofactored}`))
    expect([...kinds].toSorted()).toEqual(['false true', 'true true'])
  })
})
