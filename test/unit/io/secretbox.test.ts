/** Two secretboxes, one behaviour: peers that use either understand each other. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boxOf, type Sodium, sodiumBox } from '../../../bus/io/secretbox.ts'
import { type Secretbox, tweetnaclBox } from '../../../bus/io/tweetnacl.ts'
import { hex } from '../core/crypto.ts'

const sodium = await sodiumBox()
const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })
const message = fc.uint8Array({ maxLength: 2000 })

function seal(
  box: Secretbox,
  text: Uint8Array,
  by: { nonce: Uint8Array; key: Uint8Array },
): string {
  const out = new Uint8Array(text.length + 16)
  box.seal(out, text, by.nonce, by.key)
  return hex(out)
}

describe('sodium-native and tweetnacl', () => {
  it('are both here: the first is optional for users, not for these tests', () => {
    expect(sodium, 'install it: npm ci --include=optional').toBeDefined()
  })

  it('seal to the same bytes', () => {
    fc.assert(
      fc.property(message, bytes(24), bytes(32), (text, nonce, key) => {
        expect(seal(sodium!, text, { nonce, key })).toBe(seal(tweetnaclBox, text, { nonce, key }))
      }),
      { numRuns: 200 },
    )
  })

  it('open what the other has sealed, and refuse the same changes', () => {
    fc.assert(
      fc.property(message, fc.tuple(bytes(24), bytes(32)), fc.nat(), (text, [nonce, key], seed) => {
        const sealed = new Uint8Array(text.length + 16)
        sodium!.seal(sealed, text, nonce, key)
        const changed = sealed.slice()
        changed[seed % changed.length]! ^= 1 << (seed & 7)
        for (const box of [sodium!, tweetnaclBox]) {
          const out = new Uint8Array(text.length)
          expect(box.open(out, changed, nonce, key)).toBe(false)
          expect(box.open(out, sealed, nonce, key)).toBe(true)
          expect(hex(out)).toBe(hex(text))
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('what loads under the name of sodium', () => {
  const good: Sodium = {
    crypto_secretbox_easy: tweetnaclBox.seal.bind(tweetnaclBox),
    crypto_secretbox_open_easy: tweetnaclBox.open.bind(tweetnaclBox),
  }
  const wrong: readonly (readonly [string, Partial<Sodium>])[] = [
    ['seals nothing', { crypto_secretbox_easy: () => 0 }],
    [
      'seals to other bytes',
      {
        crypto_secretbox_easy: (out, message, ...[nonce]) =>
          tweetnaclBox.seal(out, message, nonce, new Uint8Array(32)),
      },
    ],
    ['opens to nothing', { crypto_secretbox_open_easy: () => true }],
    ['opens nothing', { crypto_secretbox_open_easy: () => false }],
    [
      'opens what is forged',
      {
        crypto_secretbox_open_easy: (out) => {
          out.set([1, 2, 3])
          return true
        },
      },
    ],
    [
      'writes what it refuses',
      {
        crypto_secretbox_open_easy: (out, box, ...[nonce, key]) => {
          out.fill(1)
          return tweetnaclBox.open(out, box, nonce, key)
        },
      },
    ],
  ]

  it('is taken where it does what tweetnacl does', () => {
    expect(boxOf(good)).toBeDefined()
  })

  it.each(wrong)('is not taken where it %s', (_, other) => {
    expect(boxOf({ ...good, ...other })).toBeUndefined()
  })

  it('has its functions in a file that a later version may not have', async () => {
    const name = 'sodium-native/binding.js'
    const { default: binding } = (await import(name)) as { default: Sodium }
    expect(boxOf(binding)).toBeDefined()
  })
})

describe('what has not the sizes of a box', () => {
  const [nonce, key, out] = [new Uint8Array(24), new Uint8Array(32), new Uint8Array(19)]
  const text = Uint8Array.of(1, 2, 3)
  const wrong = 'a message of 3 bytes, a box of'

  it.each([
    { what: 'an output', box: new Uint8Array(18), by: nonce, of: key },
    { what: 'a nonce', box: out, by: new Uint8Array(23), of: key },
    { what: 'a key', box: out, by: nonce, of: new Uint8Array(31) },
  ])('$what that is too short is an error, and nothing is written', ({ box, by, of }) => {
    expect(() => sodium!.seal(box, text, by, of)).toThrow(wrong)
    expect(() => sodium!.open(text, box, by, of)).toThrow(wrong)
    expect([...box, ...text]).toEqual([...new Uint8Array(box.length), 1, 2, 3])
  })
})

describe('tweetnacl', () => {
  it('opens what it has sealed under the same key and nonce only', () => {
    const [nonce, key] = [new Uint8Array(24), new Uint8Array(32).fill(1)]
    const sealed = new Uint8Array(19)
    tweetnaclBox.seal(sealed, Uint8Array.of(1, 2, 3), nonce, key)
    const out = new Uint8Array(3)
    expect([tweetnaclBox.open(out, sealed, nonce, key), ...out]).toEqual([true, 1, 2, 3])
    expect(
      tweetnaclBox.open(
        out,
        sealed,
        nonce.map(() => 1),
        key,
      ),
    ).toBe(false)
    expect(tweetnaclBox.open(out, sealed, nonce, new Uint8Array(32))).toBe(false)
  })
})
