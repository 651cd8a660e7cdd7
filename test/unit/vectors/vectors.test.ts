/** The test vectors hold byte for byte, and what they say can be read back. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { concat } from '../../../bus/core/bytes.ts'
import { Groups } from '../../../bus/core/path/group.ts'
import { Rights } from '../../../bus/core/rights.ts'
import { instanceOf } from '../../../bus/core/seal/control-keys.ts'
import { readSecret } from '../../../bus/core/seal/epoch-secret.ts'
import { RealmKeys } from '../../../bus/core/seal/keys.ts'
import { Sealer } from '../../../bus/core/seal/sealer.ts'
import { type Row, solve } from '../../../bus/core/stream/erasure.ts'
import { utf8 } from '../../../bus/core/text.ts'
import { ControlType, readControl } from '../../../bus/core/wire/control.ts'
import { readDirect } from '../../../bus/core/wire/direct.ts'
import { readHello } from '../../../bus/core/wire/hello.ts'
import { bodyOf, Kind, readHeader, splitDatagram } from '../../../bus/core/wire/packet.ts'
import { LinkType, type LinkRecord, readLinkMessage } from '../../../bus/core/wire/link.ts'
import { partsOf, readPageBody, readPageHead } from '../../../bus/core/wire/page.ts'
import { readPageTalk } from '../../../bus/core/wire/page-talk.ts'
import { packetOf } from '../../../bus/core/wire/parity.ts'
import { readFragment, readRecords } from '../../../bus/core/wire/record.ts'
import { openBox } from '../../../bus/io/boxes.ts'
import { identityOfSeed, strictVerifier } from '../../../bus/io/ed25519.ts'
import { plain } from '../../vectors/samples.ts'
import { vectorTexts } from '../../vectors/vectors.ts'
import { crypto, hex, unhex } from '../core/crypto.ts'

// The files are what is tested: their shape is asserted by what is read from them.
// oxlint-disable-next-line typescript/no-explicit-any
const load = (name: string): any => JSON.parse(readFileSync(`test/vectors/${name}`, 'utf8'))

it.each(Object.entries(vectorTexts()))('%s is what the code gives today', (name, text) => {
  expect(readFileSync(`test/vectors/${name}`, 'utf8')).toBe(text)
})

describe.each(['sealed', 'open'])('the vectors of a realm that is %s', (kind) => {
  const file = load('keys.json')[kind]
  const root = kind === 'sealed' ? unhex(file.root) : undefined
  const keys = new RealmKeys(crypto, { name: file.realm, root })
  const sender = {
    instance: BigInt(`0x${file.sender.instance}`),
    salt: unhex(file.sender.salt),
    identity: unhex(file.sender.identity),
  }

  it('agree with the keys of the core', () => {
    expect(instanceOf(crypto, sender.identity, sender.salt)).toBe(sender.instance)
    expect([hex(keys.id), hex(keys.control)]).toEqual([file.id, file.epoch.control])
    expect(keys.hint).toBe(parseInt(file.hint, 16))
    expect(hex(keys.controlKeyOf(sender))).toBe(file.sender.controlKey)
    for (const { topic, tag, dataKey } of file.topics) {
      expect(keys.tagOf(topic).toString(16).padStart(16, '0')).toBe(tag)
      expect(hex(keys.dataKeyOf(sender, topic))).toBe(dataKey)
    }
    const { topic, sealed } = file.sealedName
    expect(Buffer.from(keys.openName(keys.tagOf(topic), unhex(sealed))!).toString()).toBe(topic)
  })

  it('agree with the groups of the core', () => {
    const groups = load('groups.json')
    const { link } = groups[kind]
    const of = (fold: number) => new Groups('link', fold, (label) => keys.groupBytes(label))
    expect(link.control).toBe(of(0).control)
    expect(link.topic).toBe(of(0).of(keys.tagOf(groups.topic)))
    expect(link.foldedInto16).toBe(of(16).of(keys.tagOf(groups.topic)))
  })

  it('hold packets that open to their bodies', () => {
    const { packets, datagram } = load('packets.json')[kind]
    const sealer = new Sealer(crypto, keys, sender.instance)
    for (const { packet, key, body } of packets) {
      expect(hex(sealer.open(unhex(packet), unhex(key))!)).toBe(body)
    }
    const found: string[] = []
    expect(splitDatagram(unhex(datagram.bytes), (one) => found.push(hex(one)))).toBeUndefined()
    expect(found).toEqual([packets[0].packet, packets[2].packet])
  })

  it('hold parity that gives its packets back', () => {
    const { packets, symbols, rows } = load('packets.json')[kind].parity
    const sealer = new Sealer(crypto, keys, sender.instance)
    const [short, long] = rows.map(({ packet, key }: Record<string, string>): Row => {
      const bytes = unhex(packet!)
      const { flags, number } = readHeader(bytes)
      return { row: flags, count: number, sum: sealer.open(bytes, unhex(key!))! }
    })
    const known = (place: number): Uint8Array => unhex(symbols[place])
    const parity = readHeader(unhex(rows[0].packet))
    const [first, third] = solve([short, long], [0, 2], known)!
    expect(hex(packetOf(parity, 1, first!)!)).toBe(packets[0])
    expect(hex(packetOf(parity, 3, third!)!)).toBe(packets[2])
  })

  it('hold parity that gives its packets back', () => {
    const { packets, symbols, rows } = load('packets.json')[kind].parity
    const sealer = new Sealer(crypto, keys, sender.instance)
    const received = rows.map(({ packet, key }: { packet: string; key: string }): Row => {
      const { flags, number } = readHeader(unhex(packet))
      return { row: flags, count: number, sum: sealer.open(unhex(packet), unhex(key))! }
    })
    const [first, third] = solve(received, [0, 2], (place) => unhex(symbols[place]))!
    const parity = readHeader(unhex(rows[0].packet))
    expect(hex(packetOf(parity, 1, first!)!)).toBe(packets[0])
    expect(hex(packetOf(parity, 3, third!)!)).toBe(packets[2])
  })

  it('hold hellos whose signatures are good', () => {
    const sealer = new Sealer(crypto, keys, sender.instance)
    const verify = strictVerifier()
    for (const { packet, statement, signature, body } of load('hellos.json')[kind]) {
      const signed = readHello(sealer.open(unhex(packet), keys.control)!)!
      expect([hex(signed.signed), hex(signed.signature)]).toEqual([body, signature])
      expect(verify(unhex(statement), signed.signature, signed.hello.identity)).toBe(true)
    }
  })
})

describe('the vectors of rights', () => {
  const file = load('rights.json')
  const options = { name: file.realm, root: unhex(file.root), owner: unhex(file.owner) }
  const keys = new RealmKeys(crypto, options)
  const verify = strictVerifier()

  it('are of a realm whose owner is in its keys', () => {
    expect([hex(keys.id), hex(keys.control)]).toEqual([file.id, file.control])
  })

  it('hold chains that are signed and allow what they say', () => {
    for (const { rights: bytes, holder, links, allows } of file.chains) {
      const rights = Rights.read(unhex(bytes))!
      expect(hex(rights.holder)).toBe(holder)
      for (const { issuer, statement, signature } of links) {
        expect(verify(unhex(statement), unhex(signature), unhex(issuer))).toBe(true)
      }
      for (const { action, topic, allowed } of allows) {
        expect(rights.allows(action, topic.split('/'))).toBe(allowed)
      }
      expect(new Set(allows.map(({ allowed }: { allowed: boolean }) => allowed)).size).toBe(2)
    }
  })

  it('hold a hello that shows one', () => {
    const instance = readHeader(unhex(file.hello.packet)).instance
    const sealer = new Sealer(crypto, keys, instance)
    const { hello, signed } = readHello(sealer.open(unhex(file.hello.packet), keys.control)!)!
    expect(hex(signed)).toBe(file.hello.body)
    expect(hex(hello.rights)).toBe(file.chains[0].rights)
  })
})

describe('the vectors of links', () => {
  const { records, peer, relay, relayNonce, linkKey } = load('links.json')

  it('hold one record of each type, whose fields are those beside it', () => {
    const read = new Map<string, LinkRecord>()
    for (const bytes of Object.values<string>(records)) {
      expect(readLinkMessage(unhex(bytes), (one) => read.set(one.type, one))).toBe(true)
    }
    expect([...read.keys()]).toEqual(Object.keys(LinkType))
    const { mac, signature, claim, hint, scope, port } = peer
    const said = plain(read.get('proof'))
    expect(said).toMatchObject({ claimed: claim, mac, signature, hint, scope, port })
    const { intervalMs, groups, datagramSize, terms } = relay
    const told = plain(read.get('welcome'))
    expect(told).toMatchObject({ claimed: terms, mac: relay.mac, intervalMs, groups, datagramSize })
  })

  it('hold proofs that follow from the link key alone, and a signature that is good', () => {
    const hmac = (...parts: readonly string[]): string =>
      hex(crypto.hmac(unhex(linkKey), unhex(parts.join('')))).slice(0, 64)
    const [peerLabel, relayLabel] = ['peer', 'relay'].map((label) =>
      Buffer.from(label).toString('hex'),
    )
    expect(hmac(peerLabel!, relayNonce, peer.claim)).toBe(peer.mac)
    expect(hmac(relayLabel!, relayNonce, peer.mac, relay.terms)).toBe(relay.mac)
    const good = strictVerifier()(
      unhex(peer.statement),
      unhex(peer.signature),
      unhex(peer.identity),
    )
    expect(good).toBe(true)
  })
})

describe('the vectors of bodies', () => {
  it('hold control records that can be read', () => {
    const { records, bindings, reach, places } = load('control.json')
    const types: string[] = []
    const { answered } = load('direct.json')
    const { records: shares } = load('shares.json')
    for (const { bytes } of [...records, bindings, reach, places, answered, ...shares]) {
      expect(readControl(unhex(bytes), (record) => types.push(record.type))).toBe(true)
    }
    const used = Object.keys(ControlType).filter((type) => type !== 'interest')
    expect(types.toSorted()).toEqual(used.toSorted())
  })

  it('hold messages and fragments that can be read', () => {
    const { records, fragments } = load('bodies.json')
    for (const { bodies, messages } of records) {
      const found = readRecords(unhex(bodies[0]))!.records
      expect(found.map(({ payload }) => hex(payload))).toEqual(
        messages.map(({ payload }: { payload: string }) => payload),
      )
    }
    const parts = fragments.bodies.map((body: string) => hex(readFragment(unhex(body))!.bytes))
    expect(parts.join('')).toBe(`02${fragments.messages[0].payload}`)
    expect(bodyOf(unhex('00'.repeat(26)))).toHaveLength(0)
  })
})

describe('the vectors of answers', () => {
  const file = load('direct.json')

  it('hold messages that ask, and one that does not', () => {
    const { body, messages } = file.question
    const found = readRecords(unhex(body))!.records.map(plain)
    expect(found).toEqual(messages)
  })

  it.each(['sealed', 'open'])('hold packets that open to their bodies, %s', (form) => {
    const realm = new RealmKeys(crypto, {
      name: load('keys.json')[form].realm,
      root: form === 'open' ? undefined : unhex(load('keys.json')[form].root),
    })
    const [asker, answerer] = [file.asker, file.answerer].map((of) => ({
      instance: BigInt(`0x${of.instance}`),
      salt: unhex(of.salt),
      identity: unhex(of.identity),
    }))
    const key = realm.directKeyOf(asker!, file.topic, answerer!)
    expect(hex(key)).toBe(file[form].key)
    const sealer = new Sealer(crypto, realm, 0n)
    for (const { packet, direct, body } of file[form].packets) {
      const header = readHeader(unhex(packet))
      expect([header.kind, header.stream]).toEqual([Kind.direct, file.stream])
      expect(header.instance).toBe(answerer!.instance)
      const opened = sealer.open(unhex(packet), key)!
      expect(hex(opened)).toBe(body)
      expect(plain(readDirect(opened, header))).toEqual(direct)
    }
  })
})

describe('the vectors of pages', () => {
  const file = load('pages.json')

  it('hold a head that the owner has signed, and the hash of each part', () => {
    const { head, signed, signature } = readPageHead(unhex(file.head.bytes))!
    const statement = concat(utf8('sixcast/1/epoch'), unhex(file.id), signed)
    expect(strictVerifier()(statement, signature, unhex(file.owner))).toBe(true)
    const hashes = partsOf(unhex(file.body)).map((part) => hex(crypto.hash(part)).slice(0, 32))
    expect(head.hashes.map(hex)).toEqual(hashes)
    expect(hex(signed)).toBe(file.head.signed)
    expect(head).toMatchObject({ epoch: file.epoch, flags: 1, size: file.body.length / 2 })
  })

  it('hold a box for each member, which its seed opens', () => {
    const { boxes, members, serials } = readPageBody(unhex(file.body))!
    const nameOf = (identity: string): string => hex(crypto.hash(unhex(identity))).slice(0, 16)
    expect([members.map(hex), serials]).toEqual([
      [nameOf(file.revoked.identity)],
      [file.revoked.serial],
    ])
    for (const { identity, seed, secret } of file.members) {
      const { box } = boxes.find(({ member }) => hex(member) === nameOf(identity))!
      const opened = openBox(identityOfSeed(unhex(seed)), {
        box,
        boxKey: unhex(file.box.publicKey),
      })
      expect(hex(opened!)).toBe(secret)
      expect(readSecret(opened!)).toBeDefined()
    }
  })

  it('hold one packet of each kind of talk', () => {
    const talks = Object.values<string>(file.talks).map((talk) => readPageTalk(unhex(talk)))
    expect(talks.map((talk) => talk?.type)).toEqual(['ask', 'head', 'part'])
    expect(talks[0]).toMatchObject({ epoch: 0, wanted: [0, 2] })
    const options = { name: file.realm, root: unhex(file.root), owner: unhex(file.owner) }
    const sealer = new Sealer(crypto, new RealmKeys(crypto, options), 0n)
    expect(hex(sealer.open(unhex(file.packet), unhex(file.pagesKey))!)).toBe(file.talks.head)
  })
})
