/** Edges of the algorithms: signatures that libraries judge differently, boxes for two keys. */
import { createHash, createPublicKey, verify as nodeVerify, webcrypto } from 'node:crypto'
import nacl from 'tweetnacl'
import { describe, expect } from 'vitest'
import { defaultLimits } from '../../bus/core/limits.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { concat } from '../../bus/core/bytes.ts'
import { BODY_OFFSET } from '../../bus/core/wire/packet.ts'
import { isStrict } from '../../bus/io/strict.ts'
import { sodiumBox } from '../../bus/io/secretbox.ts'
import { tweetnaclBox } from '../../bus/io/tweetnacl.ts'
import { Member } from '../fuzz/member.ts'
import { realm, Target } from '../fuzz/target.ts'
import { trueCrypto } from '../sim/crypto.ts'
import { Random } from '../../bus/testing/random.ts'
import { Attack, body, startedEntry } from '../unit/core/attacking.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import { attack } from './attack.ts'
import {
  added,
  base,
  bytesOfPoint,
  littleBytes,
  littleNumber,
  ORDER,
  times,
  TORSION,
} from './curve.ts'
import { salamander } from './salamander.ts'
import { dice, flipped, Twin } from './twins.ts'

type Verify = (
  message: Uint8Array,
  signature: Uint8Array,
  key: Uint8Array,
) => boolean | Promise<boolean>

/** As published: no types, and absent where it does not load. */
const sodium = await import('sodium-native' as string).then(
  (loaded: { default: { crypto_sign_verify_detached: (...given: Uint8Array[]) => boolean } }) =>
    loaded.default,
  () => undefined,
)

const backends: Readonly<Record<string, Verify>> = {
  node: (message, signature, key) => {
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key])
    return nodeVerify(
      null,
      message,
      createPublicKey({ key: der, format: 'der', type: 'spki' }),
      signature,
    )
  },
  tweetnacl: (message, signature, key) => nacl.sign.detached.verify(message, signature, key),
  ...(sodium && {
    sodium: (message: Uint8Array, signature: Uint8Array, key: Uint8Array) =>
      sodium.crypto_sign_verify_detached(signature, message, key),
  }),
  webcrypto: async (message, signature, key) => {
    const imported = await webcrypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify'])
    return webcrypto.subtle.verify('Ed25519', imported, signature, message)
  },
}

/** The verdict of each backend behind the strict checks; that of one without them. */
async function verdicts(message: Uint8Array, signature: Uint8Array, key: Uint8Array) {
  const strict = new Set<boolean>()
  const bare: Record<string, boolean> = {}
  for (const [name, verify] of Object.entries(backends)) {
    bare[name] = await Promise.resolve(verify(message, signature, key)).catch(() => false)
    strict.add(isStrict(signature, key) && bare[name])
  }
  return { strict: [...strict], bare }
}

const pair = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(3))
const message = new TextEncoder().encode('sixcast')
const good = nacl.sign.detached(message, pair.secretKey)

describe('a signature', () => {
  attack(
    'S plus the order',
    { by: 'member', holds: 'a second spelling of a signature is refused by all backends alike' },
    async () => {
      const s = littleNumber(good.subarray(32)) + ORDER
      const second = concat(good.subarray(0, 32), littleBytes(s))
      const { strict, bare } = await verdicts(message, second, pair.publicKey)
      expect(strict).toEqual([false])
      // Without the strict checks they disagree: that is why there are any.
      expect(new Set(Object.values(bare)).size).toBe(2)
      expect((await verdicts(message, good, pair.publicKey)).strict).toEqual([true])
    },
  )

  attack(
    'points of small order',
    { by: 'member', holds: 'no key and no R of small order is taken, in any spelling' },
    async () => {
      const zero = new Uint8Array(32)
      let taken = 0
      for (const point of TORSION) {
        for (const sign of [0, 0x80]) {
          const odd = bytesOfPoint(point)
          odd[31]! ^= sign
          for (const [key, r] of [
            [odd, odd],
            [odd, bytesOfPoint(TORSION[0]!)],
            [pair.publicKey, odd],
          ] as const) {
            const { strict, bare } = await verdicts(message, concat(r, zero), key)
            expect(strict).toEqual([false])
            taken += Object.values(bare).filter(Boolean).length
          }
        }
      }
      expect(taken).toBeGreaterThan(0)
    },
  )

  attack(
    'keys of mixed order',
    { by: 'member', holds: 'where cofactors would matter all backends come to the same verdict' },
    async () => {
      // A = aB + T with T of order 8, so that only some hashes give a signature that fits.
      const a = 123_456_789n
      const key = bytesOfPoint(added(times(base, a), TORSION[1]!))
      const seen = new Set<boolean>()
      for (let i = 0; i < 24; i++) {
        const text = Uint8Array.of(i)
        const r = BigInt(i + 1)
        const point = bytesOfPoint(times(base, r))
        const hash = createHash('sha512')
          .update(concat(point, key, text))
          .digest()
        const s = (r + (littleNumber(hash) % ORDER) * a) % ORDER
        const { strict } = await verdicts(text, concat(point, littleBytes(s)), key)
        expect(strict).toHaveLength(1)
        seen.add(strict[0]!)
      }
      expect([...seen].toSorted((one, other) => Number(one) - Number(other))).toEqual([false, true])
    },
  )

  attack(
    'spellings that are not canonical',
    { by: 'member', holds: 'y of 2^255 - 19 and above is refused, as key and as R' },
    async () => {
      for (let low = 0xed; low <= 0xff; low++) {
        for (const top of [0x7f, 0xff]) {
          const odd = Uint8Array.from([low, ...new Uint8Array(30).fill(0xff), top])
          const asR = concat(odd, good.subarray(32))
          expect((await verdicts(message, asR, pair.publicKey)).strict).toEqual([false])
          expect((await verdicts(message, good, odd)).strict).toEqual([false])
        }
      }
    },
  )

  attack(
    'turned bits of a signature',
    { by: 'outsider', holds: 'each of the 512 is refused by all backends' },
    async () => {
      for (let bit = 0; bit < 512; bit += 7) {
        expect((await verdicts(message, flipped(good, bit), pair.publicKey)).strict).toEqual([
          false,
        ])
      }
    },
  )
})

describe('a box', () => {
  attack(
    'header bits under both secretboxes',
    { by: 'outsider', holds: 'tweetnacl and sodium refuse each of the 192 bits of the nonce' },
    async () => {
      const boxes = [tweetnaclBox, await sodiumBox()].filter((box) => box !== undefined)
      const key = new Uint8Array(32).fill(9)
      const nonce = dice('nonce').bytes(24)
      for (const { seal, open } of boxes) {
        const sealed = new Uint8Array(21)
        seal(sealed, new Uint8Array(5), nonce, key)
        const plain = new Uint8Array(5)
        expect(open(plain, sealed, nonce, key)).toBe(true)
        for (let bit = 0; bit < 192; bit++) {
          expect(open(plain, sealed, flipped(nonce, bit), key)).toBe(false)
        }
      }
    },
  )

  attack(
    'a box that opens under two keys',
    { by: 'member', holds: 'it opens under the key of its stream alone, as one text' },
    () => {
      const world = new Attack()
      const member = world.member()
      world.announce(member, ['plant/1/x', 'plant/2/x']).wait(50)
      const asker = world.target.peer.instance
      const entries = [1, 2].map((stream) => startedEntry(stream))
      world.send(member.control(controlBytes({ type: 'started', asker, entries })))
      // One ciphertext for both topics' keys: secretbox does not commit to its key.
      const good = member.data(1, 1, { flags: 0, body: body(0, 200) })
      const keys = ['plant/1/x', 'plant/2/x'].map((topic) =>
        world.keys.dataKeyOf(member.sender, topic),
      )
      const header = good.subarray(2, BODY_OFFSET)
      const box = salamander(good.subarray(BODY_OFFSET), header, keys as [Uint8Array, Uint8Array])
      for (const key of keys) {
        expect(tweetnaclBox.open(new Uint8Array(box.length - 16), box, header, key)).toBe(true)
      }
      const packet = concat(good.subarray(0, BODY_OFFSET), box)
      world.send(packet)
      expect(world.target.delivered).toBe(1)
      // Said to be of the other stream it has another nonce, and opens no more.
      const moved = packet.slice()
      new DataView(moved.buffer).setUint32(14, 2)
      const before = world.count('forged')
      world.send(moved)
      expect([world.target.delivered, world.count('forged') - before]).toEqual([1, 1])
    },
  )

  attack(
    'trial decryption',
    { by: 'outsider', holds: 'one packet is opened once at most, and that of a stranger never' },
    () => {
      let opened = 0
      const counting = {
        ...trueCrypto,
        open: (...given: Parameters<typeof trueCrypto.open>) => {
          opened += 1
          return trueCrypto.open(...given)
        },
      }
      const keys = new RealmKeys(counting, { name: realm.name, root: realm.root })
      const target = new Target(new Random(1, 'trial'), keys, {
        limits: defaultLimits,
        crypto: counting,
      })
      const member = new Member(new Random(2, 'trial'), keys)
      const from = { address: 'fe80::1', port: 1 }
      const opens = (packet: Uint8Array): number => {
        opened = 0
        target.hear(1, packet, from)
        return opened
      }
      expect(opens(member.data(1, 1, { flags: 0, body: body(0) }))).toBe(0)
      expect(opens(member.control(new Uint8Array(0)))).toBe(0)
      // What waited is looked at again: the data has no binding, the control number is past.
      expect(opens(member.hello({ echoes: [target.challenge] }))).toBe(1)
      expect(opens(member.control(new Uint8Array(0)))).toBe(1)
      expect(opens(member.data(7, 1, { flags: 0, body: body(0) }))).toBe(0)
    },
  )

  attack(
    'work for a bad packet',
    {
      by: 'outsider',
      holds: 'the cheap checks come first: nothing is opened for what they refuse',
    },
    () => {
      const twin = new Twin()
      const { attack: world, recorded } = twin
      const before = world.count('forged')
      for (const packet of Object.values(recorded)) {
        for (const byte of [24, 25]) world.send(flipped(packet, byte * 8)) // hint
        world.send(flipped(packet, 16)).send(flipped(packet, 19)) // version
        world.send(flipped(packet, 40)) // epoch
        world.send(packet) // seen
      }
      expect(world.count('forged')).toBe(before)
    },
  )
})
