/** What a relay can open with what it is given of a realm, and what it cannot. */
import { describe, expect, it } from 'vitest'
import {
  ControlKeys,
  type ControlParts,
  instanceOf,
  type Sender,
} from '../../../../bus/core/seal/control-keys.ts'
import { controlParts, RealmKeys } from '../../../../bus/core/seal/keys.ts'
import { LinkProof, sameMac } from '../../../../bus/core/seal/link-proof.ts'
import { Sealer } from '../../../../bus/core/seal/sealer.ts'
import { utf8 } from '../../../../bus/core/text.ts'
import { Kind } from '../../../../bus/core/wire/packet.ts'
import { controlKeyText, isControlKey, parseControlKey } from '../../../../bus/io/control-key.ts'
import { counting, crypto, hex } from '../crypto.ts'

const options = { name: 'home', root: counting(32) }
const member = new RealmKeys(crypto, options)
const parts = controlParts(crypto, options)
const identity = counting(32, 7)
const salt = counting(16)
const sender: Sender = { instance: instanceOf(crypto, identity, salt), salt, identity }

/** Every key that stands in the file, and every key that can be derived for the sender. */
function keysOf(given: ControlParts): Uint8Array[] {
  const relay = new ControlKeys(crypto, given)
  return [given.id, given.address, given.control, relay.controlKeyOf(sender)]
}

describe('a relay with the control key', () => {
  const relay = new ControlKeys(crypto, parts)
  const sealer = new Sealer(crypto, member, sender.instance)
  const id = { flags: 0, stream: 1, number: 1 }

  it('finds groups, tells realms apart and opens hellos and control packets, as a member does', () => {
    expect(relay.hint).toBe(member.hint)
    expect(hex(relay.groupBytes(utf8('x')))).toBe(hex(member.groupBytes(utf8('x'))))
    const hello = sealer.seal({ ...id, kind: Kind.hello }, utf8('hello'), member.control)
    expect(sealer.open(hello, relay.control)).toEqual(utf8('hello'))
    const control = sealer.seal(
      { ...id, kind: Kind.control },
      utf8('beacon'),
      member.controlKeyOf(sender),
    )
    expect(sealer.open(control, relay.controlKeyOf(sender))).toEqual(utf8('beacon'))
  })

  it('opens no data packet', () => {
    const data = sealer.seal(
      { ...id, kind: Kind.data },
      utf8('secret value'),
      member.dataKeyOf(sender, 'home/kitchen'),
    )
    expect(sealer.open(data, member.dataKeyOf(sender, 'home/kitchen'))).toBeDefined()
    for (const key of keysOf(parts)) expect(sealer.open(data, key)).toBeUndefined()
  })

  it('opens no name of a topic, and cannot tell which name a tag stands for', () => {
    const name = utf8('home/kitchen')
    const tag = member.tagOf('home/kitchen')
    const sealed = member.sealName(tag, name)
    expect(member.openName(tag, sealed)).toEqual(name)
    const nonce = new Uint8Array(24)
    new DataView(nonce.buffer).setBigUint64(0, tag)
    for (const key of keysOf(parts)) {
      expect(crypto.open(new Uint8Array(name.length), sealed, nonce, key)).toBe(false)
      const guess = new DataView(crypto.hmac(key, name).slice().buffer).getBigUint64(0)
      expect(guess).not.toBe(tag)
    }
  })

  it('holds nothing else of the realm: not the root, and no method that reads', () => {
    const held = Object.values(parts).filter((value) => value instanceof Uint8Array)
    expect(held.map(hex)).not.toContain(hex(options.root))
    expect(held.length).toBe(3)
    for (const method of ['openName', 'sealName', 'dataKeyOf', 'tagOf']) {
      expect(method in relay).toBe(false)
    }
  })
})

function textOf(given: ControlParts): string {
  return controlKeyText({ parts: given, owner: undefined })
}

describe('a control key file', () => {
  it('survives the round trip', () => {
    const text = controlKeyText({ parts, owner: undefined })
    expect(text).toMatch(/^sixcast-control-1 home 0 [\w-]{128}\n$/)
    expect(isControlKey(text)).toBe(true)
    const read = parseControlKey(text, 'x')
    expect(controlKeyText(read)).toBe(text)
    expect(read.owner).toBeUndefined()
    const { id, address, control } = read.parts
    expect([id, address, control].map(hex)).toEqual(
      [parts.id, parts.address, parts.control].map(hex),
    )
  })

  it('names the owner behind them, if there is one', () => {
    const owner = counting(32, 7)
    const text = controlKeyText({ parts, owner })
    expect(text).toMatch(/^sixcast-control-1 home 0 [\w-]{128} [\w-]{43}\n$/)
    expect(hex(parseControlKey(text, 'x').owner!)).toBe(hex(owner))
  })

  it.each([
    '',
    'sixcast-key-1 x',
    textOf(parts).replace('home', 'ho me'),
    textOf(parts).replace(' 0 ', ' 65536 '),
    textOf(parts).trim().slice(0, -1),
    `${textOf(parts).trim()} owner`,
    `${textOf(parts).trim()} ${'A'.repeat(43)} more`,
    textOf({ ...parts, name: 'x'.repeat(65) }),
  ])('is not %j', (text) => {
    expect(() => parseControlKey(text, 'the file')).toThrow(
      /^the file holds no control key: .*keygen --control/,
    )
  })
})

describe('the proofs of a link', () => {
  const proof = new LinkProof(crypto, member)
  const nonce = counting(32, 1)

  it('are the same for a member and a relay, and others under another key or realm', () => {
    const mac = proof.peerMac(nonce, utf8('claim'))
    expect(
      sameMac(
        new LinkProof(crypto, new ControlKeys(crypto, parts)).peerMac(nonce, utf8('claim')),
        mac,
      ),
    ).toBe(true)
    for (const other of [
      { ...options, root: counting(32, 1) },
      { ...options, name: 'work' },
    ]) {
      const wrong = new LinkProof(crypto, new RealmKeys(crypto, other)).peerMac(
        nonce,
        utf8('claim'),
      )
      expect(sameMac(wrong, mac)).toBe(false)
    }
  })

  it('are bound to the role, the nonce and the claim: none serves for another', () => {
    const macs = [
      proof.peerMac(nonce, utf8('claim')),
      proof.peerMac(counting(32, 2), utf8('claim')),
      proof.peerMac(nonce, utf8('claim2')),
      proof.relayMac(nonce, counting(32), utf8('claim')),
      proof.relayMac(nonce, counting(32, 9), utf8('claim')),
      proof.relayMac(counting(32, 2), counting(32), utf8('claim')),
    ].map(hex)
    expect(new Set(macs).size).toBe(macs.length)
  })

  it('are compared to the last byte', () => {
    const mac = counting(32)
    for (let at = 0; at < 32; at++) {
      const other = mac.slice()
      other[at]! ^= 1
      expect(sameMac(mac, other)).toBe(false)
    }
    expect(sameMac(mac, mac.slice(0, 31))).toBe(false)
    expect(sameMac(mac.slice(0, 31), mac)).toBe(false)
  })
})
