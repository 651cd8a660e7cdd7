/** The key hierarchy: what keys depend on, and what they must never share. */
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf64, concat } from '../../../../bus/core/bytes.ts'
import { instanceOf, type Sender } from '../../../../bus/core/seal/control-keys.ts'
import { guestRing, RealmKeys, ringOf } from '../../../../bus/core/seal/keys.ts'
import { utf8 } from '../../../../bus/core/text.ts'
import { counting, crypto, hex } from '../crypto.ts'

const root = counting(32)
const sender: Sender = { instance: 7n, salt: counting(16), identity: counting(32, 50) }
const realm = (name = 'home', key: Uint8Array | undefined = root, epoch = 0): RealmKeys =>
  new RealmKeys(crypto, { name, root: key, epoch })

function derive(key: Uint8Array, ...label: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(
    createHmac('sha512', key)
      .update(concat(...label))
      .digest(),
  ).slice(0, 32)
}

describe('RealmKeys', () => {
  it('overwrites what it has derived, and nothing that it was given', () => {
    const keys = realm()
    const topic = keys.topicKey('home/kitchen')
    const { pages } = keys
    const { tags, names, control, address } = keys.ring
    const derived = [topic, keys.topicKey(''), pages, tags, names, control, address]
    for (const key of derived) expect(key.some((byte) => byte !== 0)).toBe(true)
    keys.wipe()
    for (const key of derived) expect(hex(key)).toBe('00'.repeat(32))
    expect(hex(root)).toBe(hex(counting(32)))
  })

  it('derives a topic key segment by segment', () => {
    const epoch = derive(derive(root, utf8('realm:home')), utf8('epoch'), bytesOf64(0n))
    const topic = derive(epoch, utf8('topic'))
    const branch = derive(derive(topic, utf8('home')), utf8('kitchen'))
    const leaf = derive(branch, utf8('light'))
    const label = [
      utf8('sixcast/1/sender'),
      realm().id,
      bytesOf64(7n),
      sender.salt,
      sender.identity,
    ]
    expect(hex(realm().dataKeyOf(sender, 'home/kitchen/light'))).toBe(hex(derive(leaf, ...label)))
  })

  it('gives the same keys whatever was asked for before', () => {
    const keys = realm()
    for (const topic of ['a', 'a/b', 'a/b/c', 'ab', 'a/bc']) keys.dataKeyOf(sender, topic)
    for (const topic of ['a', 'a/b', 'a/b/c', 'ab', 'a/bc']) {
      expect(hex(keys.dataKeyOf(sender, topic))).toBe(hex(realm().dataKeyOf(sender, topic)))
    }
  })

  it('never gives two topics one key or one tag', () => {
    const topic = fc
      .array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 3 }), {
        minLength: 1,
        maxLength: 4,
      })
      .map((segments) => segments.join('/'))
    const keys = realm()
    fc.assert(
      fc.property(topic, topic, (one, other) => {
        fc.pre(one !== other)
        expect(hex(keys.dataKeyOf(sender, one))).not.toBe(hex(keys.dataKeyOf(sender, other)))
        expect(keys.tagOf(one)).not.toBe(keys.tagOf(other))
      }),
    )
  })

  it('gives every realm, root, epoch, instance, salt and identity keys of its own', () => {
    const other = counting(16, 1)
    const variants: readonly [RealmKeys, Sender][] = [
      [realm(), sender],
      [realm('home2'), sender],
      [realm('home', counting(32, 1)), sender],
      [realm('home', root, 1), sender],
      [realm(), { ...sender, instance: 8n }],
      [realm(), { ...sender, salt: other }],
      [realm(), { ...sender, identity: counting(32, 51) }],
    ]
    const all = variants.flatMap(([keys, from]) => [
      hex(keys.controlKeyOf(from)),
      hex(keys.dataKeyOf(from, 'a')),
    ])
    expect(new Set(all).size).toBe(all.length)
  })

  it('keeps tags, groups and names over epochs and changes the hello key', () => {
    const [now, next] = [realm(), realm('home', root, 1)]
    const label = bytesOf64(5n)
    expect(next.tagOf('a/b')).toBe(now.tagOf('a/b'))
    expect(hex(next.groupBytes(label))).toBe(hex(now.groupBytes(label)))
    expect(hex(next.sealName(1n, utf8('a')))).toBe(hex(now.sealName(1n, utf8('a'))))
    expect(hex(next.control)).not.toBe(hex(now.control))
    expect(hex(next.id)).toBe(hex(now.id))
  })

  it('gives realms of one name and two roots the same hint, and nothing else', () => {
    const [one, two] = [realm(), realm('home', counting(32, 1))]
    expect(two.hint).toBe(one.hint)
    expect(hex(two.id)).not.toBe(hex(one.id))
    expect(two.tagOf('a')).not.toBe(one.tagOf('a'))
    expect(hex(two.control)).not.toBe(hex(one.control))
  })

  it('gives realms of two names and one root nothing in common', () => {
    const [one, two] = [realm('home'), realm('work')]
    expect(two.tagOf('a')).not.toBe(one.tagOf('a'))
    expect(hex(two.groupBytes(root))).not.toBe(hex(one.groupBytes(root)))
    expect(hex(two.control)).not.toBe(hex(one.control))
    expect(hex(two.id)).not.toBe(hex(one.id))
    expect(hex(two.controlKeyOf(sender))).not.toBe(hex(one.controlKeyOf(sender)))
    expect(hex(two.dataKeyOf(sender, 'a'))).not.toBe(hex(one.dataKeyOf(sender, 'a')))
  })

  it('opens the names it has sealed, and no others', () => {
    const keys = realm()
    const sealed = keys.sealName(9n, utf8('home/light'))
    expect(sealed.length).toBe(10 + 16)
    expect(keys.openName(9n, sealed)).toEqual(utf8('home/light'))
    expect(keys.openName(8n, sealed)).toBeUndefined()
    expect(realm('home', counting(32, 1)).openName(9n, sealed)).toBeUndefined()
    expect(keys.openName(9n, sealed.subarray(0, 15))).toBeUndefined()
    expect(keys.openName(9n, new Uint8Array(0))).toBeUndefined()
  })

  it('derives an open realm from its name alone and seals nothing', () => {
    const open = new RealmKeys(crypto, { name: 'home', root: undefined })
    const again = new RealmKeys(crypto, { name: 'home', root: undefined })
    expect([open.open, open.overhead, realm().overhead]).toEqual([true, 0, 16])
    expect([again.tagOf('a'), hex(again.id)]).toEqual([open.tagOf('a'), hex(open.id)])
    expect(open.sealName(1n, utf8('a'))).toEqual(utf8('a'))
    expect(open.openName(1n, utf8('a'))).toEqual(utf8('a'))
    expect(open.tagOf('a')).not.toBe(realm().tagOf('a'))
  })
})

describe('instanceOf', () => {
  it('is bound to the identity and to the salt', () => {
    const instance = instanceOf(crypto, sender.identity, sender.salt)
    expect(instance).toBe(instanceOf(crypto, sender.identity, sender.salt))
    expect(instanceOf(crypto, sender.identity, counting(16, 9))).not.toBe(instance)
    expect(instanceOf(crypto, counting(32, 9), sender.salt)).not.toBe(instance)
  })
})

describe('the ring of a guest', () => {
  const options = { name: 'plant', root: counting(32) }
  const whole = ringOf(crypto, options)
  const all = new RealmKeys(crypto, options)
  const ring = guestRing(crypto, whole, ['hall/3', 'door'])
  const guest = new RealmKeys(crypto, { name: 'plant', root: undefined, ring })

  it('has the same keys for its topics and all below them', () => {
    for (const topic of ['hall/3', 'hall/3/a', 'hall/3/a/b', 'door', 'door/x']) {
      expect(guest.opens(topic)).toBe(true)
      expect(hex(guest.dataKeyOf(sender, topic))).toBe(hex(all.dataKeyOf(sender, topic)))
      expect(guest.tagOf(topic)).toBe(all.tagOf(topic))
    }
    expect(guest.open).toBe(false)
    expect([guest.id, guest.control].map(hex)).toEqual([all.id, all.control].map(hex))
  })

  it('opens nothing beside and above them', () => {
    for (const topic of ['hall', 'hall/4', 'hall/33', 'doors', 'x', '']) {
      expect(guest.opens(topic)).toBe(false)
      expect(() => guest.topicKey(topic)).toThrow(RangeError)
      expect(all.opens(topic)).toBe(true)
    }
  })

  it('holds no key from which others follow', () => {
    const own = ring.topics.map(({ key }) => hex(key))
    const above = ['', 'hall'].map((topic) => hex(all.topicKey(topic)))
    const held = JSON.stringify(ring.topics.map(({ key }) => hex(key)))
    for (const key of [...above, hex(options.root)]) expect(held).not.toContain(key)
    expect(new Set(own).size).toBe(2)
  })
})
