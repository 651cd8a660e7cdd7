/** Attacks on the change of epochs: by pages that are not the owner's next one, and by asking. */
import { describe, expect } from 'vitest'
import { newIdentity, signerOf } from '../../bus/io/ed25519.ts'
import { pageOf } from '../../bus/io/page.ts'
import { concat } from '../../bus/core/bytes.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { PAGE_BODY_SIZE_MAX, partsOf, readPageHead, splitPage } from '../../bus/core/wire/page.ts'
import { type PageTalk, writePageTalk } from '../../bus/core/wire/page-talk.ts'
import { Kind, nonceOf } from '../../bus/core/wire/packet.ts'
import { EpochRealm } from '../sim/epoch-realm.ts'
import type { Process } from '../sim/process.ts'
import { quickCrypto } from '../sim/quick.ts'
import { CLEAR } from '../sim/weather.ts'
import { attack } from './attack.ts'

/** A realm of two members and somebody who was one: it has the root, and says what it likes. */
class Siege extends EpochRealm {
  readonly one: Process
  readonly other: Process
  readonly members: readonly Process[]
  readonly keys: RealmKeys
  #number = 0

  constructor(seed: number) {
    super(seed, CLEAR)
    this.one = this.member(false)
    this.other = this.member(true)
    this.members = [this.one, this.other]
    this.keys = new RealmKeys(quickCrypto, this.world.realms[0]!)
    this.wait(1000)
  }

  /** A packet about pages, sealed as everybody can who was ever a member. */
  packet(talk: PageTalk): Uint8Array {
    this.#number += 1
    const id = { kind: Kind.page, flags: 0, stream: 7, number: this.#number }
    return new Sealer(quickCrypto, this.keys, 0x99n).seal(id, writePageTalk(talk), this.keys.pages)
  }

  hear(bytes: Uint8Array): void {
    this.one.receive(bytes, { address: 'fe80::bad', port: 9 })
  }

  say(talk: PageTalk): void {
    this.hear(this.packet(talk))
  }

  /** Tells a page, head and parts. */
  tell(page: Uint8Array): void {
    const { head, body } = splitPage(page)!
    const id = this.idOf(page)
    this.say({ type: 'head', head })
    this.wait(50)
    for (const [index, part] of partsOf(body).entries()) {
      this.say({ type: 'part', page: id, index, part })
    }
    this.wait(2000)
  }

  /** Heads of the next epoch that nobody has signed, each another one. */
  *forgedHeads(count: number): Generator<Uint8Array> {
    const { head } = splitPage(this.page(1, { members: this.members }))!
    for (let i = 1; i <= count; i++) {
      const forged = head.slice()
      // The last hash, before a signature of 64 bytes.
      new DataView(forged.buffer).setUint32(forged.length - 64 - 4, i)
      yield forged
    }
  }

  idOf(page: Uint8Array): bigint {
    const { signed } = readPageHead(splitPage(page)!.head)!
    return new DataView(quickCrypto.hash(signed).buffer).getBigUint64(0)
  }

  /** Bytes that the first member has sent about pages, by asking it with `act`. */
  answered(act: () => void): number {
    const before = this.count(this.one, 'pagesSent')
    act()
    return this.count(this.one, 'pagesSent') - before
  }
}

const SECRET = { key: new Uint8Array(32).fill(66) }

describe('a page of an epoch', () => {
  attack('that is older', { by: 'member', holds: 'nobody goes back to keys of before' }, () => {
    const siege = new Siege(1)
    const { members, one } = siege
    const first = siege.page(1, { members })
    siege.adopt(one, first)
    siege.wait(3000)
    siege.adopt(one, siege.page(2, { members }))
    siege.wait(3000)
    siege.tell(first)
    expect(siege.told.get(one)).toEqual(['entered 1', 'entered 2'])
    expect(siege.count(one, 'pageStale')).toBeGreaterThan(0)
  })

  attack(
    'that somebody else has signed',
    { by: 'member', holds: 'it is counted as forged' },
    () => {
      const siege = new Siege(2)
      const me = newIdentity()
      const forged = pageOf(
        {
          id: siege.keys.id,
          epoch: 1,
          isAtOnce: true,
          members: [{ identity: new Uint8Array(me.publicKey), secret: SECRET }],
          revoked: { identities: [], serials: [] },
          madeAt: 1,
        },
        { crypto: quickCrypto, sign: signerOf(me) },
      )
      siege.tell(forged)
      expect(siege.told.get(siege.one)).toBeUndefined()
      expect(siege.count(siege.one, 'pageForged')).toBe(1)
    },
  )

  attack(
    'of another realm of the same owner',
    { by: 'member', holds: 'it counts nowhere else' },
    () => {
      const siege = new Siege(3)
      const { members, world } = siege
      const identity = members[0]!.options.signer.identity
      const page = world.page(
        {
          epoch: 1,
          isAtOnce: true,
          members: [{ identity, secret: SECRET }],
          revoked: { identities: [], serials: [] },
        },
        { ...world.realms[0]!, name: 'elsewhere' },
      )
      siege.tell(page)
      expect(siege.told.get(siege.one)).toBeUndefined()
      expect(siege.count(siege.one, 'pageForged')).toBe(1)
    },
  )

  attack(
    'hundreds of heads a second',
    { by: 'member', holds: 'fifty of them are verified, and the others dropped unread' },
    () => {
      const siege = new Siege(12)
      const { one } = siege
      const before = siege.count(one, 'pageForged')
      for (const head of siege.forgedHeads(1000)) {
        siege.say({ type: 'head', head })
        siege.wait(1)
      }
      siege.wait(3000)
      const verified = siege.count(one, 'pageForged') - before
      expect(verified).toBeGreaterThan(50)
      // Ten at once, fifty a second, and the 64 that wait at the end.
      expect(verified).toBeLessThanOrEqual(10 + 50 + 64)
      expect(siege.count(one, 'pageBudget')).toBe(1000 - verified)
    },
  )

  for (const [sources, seconds] of [
    [1, 3],
    [200, 30],
  ] as const) {
    attack(
      `a thousand forged heads a second from ${sources} ${sources > 1 ? 'addresses' : 'address'}`,
      { by: 'member', holds: 'the true page comes through, and who is removed is out' },
      () => {
        const siege = new Siege(13)
        const { one, other } = siege
        const heads = [...siege.forgedHeads(1000 * seconds)]
        const owner = siege.member(false)
        siege.wait(1000)
        const removal = { members: [one, owner], revoked: [other], isAtOnce: true }
        siege.adopt(owner, siege.page(1, removal))
        for (const [i, head] of heads.entries()) {
          const from = { address: `fe80::bad:${i % sources}`, port: 9 }
          one.receive(siege.packet({ type: 'head', head }), from)
          siege.wait(1)
          if (siege.told.get(one)?.includes('entered 1')) break
        }
        expect(siege.told.get(one)).toEqual(['entered 1'])
        siege.wait(1000)
        expect([...siege.world.presence.seenBy(one)]).toEqual([owner])
      },
    )
  }

  attack(
    'with a box that who was revoked has put in',
    { by: 'member', holds: 'the part is not what the owner has signed' },
    () => {
      const siege = new Siege(4)
      const { members, one } = siege
      const genuine = siege.page(1, { members })
      const { head, body } = splitPage(genuine)!
      const changed = concat(body.slice(0, -10), new Uint8Array(10))
      siege.say({ type: 'head', head })
      siege.wait(50)
      siege.say({ type: 'part', page: siege.idOf(genuine), index: 0, part: changed })
      siege.wait(500)
      expect(siege.count(one, 'pageForged')).toBe(1)
      expect(siege.told.get(one)).toBeUndefined()
      // The true part is taken all the same.
      siege.say({ type: 'part', page: siege.idOf(genuine), index: 0, part: body })
      siege.wait(500)
      expect(siege.told.get(one)).toEqual(['entered 1'])
    },
  )

  attack(
    'that the owner has signed beside another one',
    { by: 'accident', holds: 'the first stays, and both sides are told' },
    () => {
      const siege = new Siege(5)
      const { members, one } = siege
      siege.adopt(one, siege.page(1, { members, salt: 1 }))
      siege.wait(3000)
      siege.tell(siege.page(1, { members, salt: 2 }))
      expect(siege.told.get(one)).toEqual(['entered 1', 'fork 1'])
      siege.tell(siege.page(1, { members, salt: 2 }))
      expect(siege.told.get(one)?.length).toBeLessThanOrEqual(2)
    },
  )

  attack('that is recorded and sent again', { by: 'outsider', holds: 'it is known' }, () => {
    const siege = new Siege(6)
    const { members, one } = siege
    const page = siege.page(1, { members })
    const { head } = splitPage(page)!
    const packet = siege.packet({ type: 'head', head })
    siege.adopt(one, page)
    siege.wait(3000)
    for (let i = 0; i < 100; i++) siege.hear(packet)
    expect(siege.count(one, 'duplicate')).toBeGreaterThanOrEqual(99)
    expect(siege.told.get(one)).toEqual(['entered 1'])
  })

  attack(
    'that claims any size',
    { by: 'member', holds: 'it is malformed before it is kept' },
    () => {
      const siege = new Siege(7)
      const { head, body } = splitPage(siege.page(1, { members: siege.members }))!
      const sizeAt = head.length - 64 - 16 - 1 - (body.length > 63 ? 1 : 0)
      for (const size of [0x80ff_ffff, 0xbfff_ffff]) {
        const changed = concat(head.slice(0, sizeAt), new Uint8Array(4), head.slice(sizeAt))
        new DataView(changed.buffer).setUint32(sizeAt, size)
        siege.say({ type: 'head', head: changed })
      }
      expect(siege.count(siege.one, 'malformed')).toBe(2)
      expect(readPageHead(concat(head, new Uint8Array(1)))).toBeUndefined()
      expect(PAGE_BODY_SIZE_MAX).toBe(66_000)
    },
  )
})

describe('questions for pages', () => {
  attack(
    'ten thousand of them',
    { by: 'member', holds: 'at most three answers to each, and 100 a second' },
    () => {
      const siege = new Siege(8)
      const others = Array.from({ length: 60 }, () => siege.member(false))
      for (const one of others) siege.world.end(one)
      const page = siege.page(1, { members: [...siege.members, ...others] })
      siege.adopt(siege.one, page)
      siege.wait(5000)
      const wanted = Array.from({ length: 60 }, (_, i) => i)
      const id = siege.idOf(page)
      const one = siege.answered(() => {
        siege.say({ type: 'ask', epoch: 0, page: id, wanted })
        siege.wait(1000)
      })
      expect(one).toBeLessThanOrEqual(3)
      const many = siege.answered(() => {
        for (let second = 0; second < 10; second++) {
          for (let i = 0; i < 100; i++) {
            for (let j = 0; j < 10; j++) siege.say({ type: 'ask', epoch: 0, page: id, wanted })
            siege.wait(10)
          }
        }
      })
      expect(many).toBeLessThanOrEqual(11 * 100)
    },
  )

  attack('shorter than their answers', { by: 'member', holds: 'they are malformed' }, () => {
    const siege = new Siege(9)
    const ask = writePageTalk({ type: 'ask', epoch: 0, page: 0n, wanted: [] })
    const short = new Sealer(quickCrypto, siege.keys, 0x99n).seal(
      { kind: Kind.page, flags: 0, stream: 7, number: 1 },
      ask.slice(0, 100),
      siege.keys.pages,
    )
    siege.adopt(siege.one, siege.page(1, { members: siege.members }))
    siege.wait(3000)
    expect(siege.answered(() => siege.hear(short))).toBe(0)
    expect(siege.count(siege.one, 'malformed')).toBe(1)
  })

  attack(
    'by packets that bear the number of an old epoch',
    { by: 'outsider', holds: 'one head a second at most' },
    () => {
      const siege = new Siege(10)
      siege.adopt(siege.one, siege.page(1, { members: siege.members, isAtOnce: true }))
      siege.wait(5000)
      const said = siege.answered(() => {
        for (let i = 0; i < 1000; i++) {
          siege.hear(forgedOf(siege, { epoch: 0, instance: i }))
          siege.wait(10)
        }
      })
      expect(said).toBeLessThanOrEqual(11)
    },
  )

  attack(
    'by packets that bear the number of an epoch to come',
    { by: 'outsider', holds: 'a few questions, and no more is kept than the quarantine holds' },
    () => {
      const siege = new Siege(11)
      const said = siege.answered(() => {
        for (let i = 0; i < 10_000; i++) {
          siege.hear(forgedOf(siege, { epoch: 60_000, instance: i }))
          if (i % 10 === 0) siege.wait(10)
        }
      })
      expect(said).toBeLessThanOrEqual(8)
      expect(siege.one.peer.held.packets).toBeLessThanOrEqual(256)
      expect(siege.told.get(siege.one)).toBeUndefined()
      siege.load(siege.one, 200)
      siege.wait(2000)
      expect(siege.given(siege.other)).toBe(siege.sent)
    },
  )
})

/** A packet that nobody has sealed, with the realm's hint. */
function forgedOf(
  siege: Siege,
  { epoch, instance }: { epoch: number; instance: number },
): Uint8Array {
  const sealer = new Sealer(quickCrypto, siege.keys, BigInt(1000 + instance))
  const id = { kind: Kind.control, flags: 0, stream: 0, number: 1 }
  const packet = sealer.seal(id, new Uint8Array(40), new Uint8Array(32))
  new DataView(packet.buffer).setUint16(4, epoch)
  expect(nonceOf(packet).length).toBe(24)
  return packet
}
