/** Boxes for identities: they open for whom they are, and are made for nothing that is no identity. */
import { describe, expect, it } from 'vitest'
import { newBoxPair, openBox, sealBox } from '../../../bus/io/boxes.ts'
import { identityOfSeed, newIdentity } from '../../../bus/io/ed25519.ts'
import { counting, unhex } from '../core/crypto.ts'

const message = counting(33)

describe('a box', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7])('opens for its identity and for no other, seed %i', (seed) => {
    const identity = identityOfSeed(counting(32, seed))
    const pair = newBoxPair()
    const box = sealBox(message, new Uint8Array(identity.publicKey), pair)
    expect(box.length).toBe(message.length + 16)
    expect(openBox(identity, { box, boxKey: pair.publicKey })).toEqual(message)
    expect(openBox(newIdentity(), { box, boxKey: pair.publicKey })).toBeUndefined()
    expect(openBox(identity, { box, boxKey: newBoxPair().publicKey })).toBeUndefined()
    box[20]! ^= 1
    expect(openBox(identity, { box, boxKey: pair.publicKey })).toBeUndefined()
  })

  it.each([
    ['of small order', `01${'00'.repeat(31)}`],
    ['of zeros', '00'.repeat(32)],
    ['not canonical', `eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f`],
    ['no point of the curve', `02${'00'.repeat(31)}`],
  ])('is made for no identity that is %s', (_what, digits) => {
    expect(() => sealBox(message, unhex(digits), newBoxPair())).toThrow(/is no identity/)
  })

  it.each([
    ['a key of small order', new Uint8Array(32), 49],
    ['a key that is too short', counting(31), 49],
    ['a box that is too short', newBoxPair().publicKey, 15],
  ])('that comes with %s does not open', (_what, boxKey, size) => {
    expect(openBox(newIdentity(), { box: new Uint8Array(size), boxKey })).toBeUndefined()
  })
})
