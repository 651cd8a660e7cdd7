/** Attacks on the change of epochs: by pages that are not the owner's next one, and by asking. */
import { describe, expect } from 'vitest'
import { newIdentity, signerOf } from '../../bus/io/ed25519.ts'
import { pageOf } from '../../bus/io/page.ts'
import { concat } from '../../bus/core/bytes.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { PAGE_BODY_SIZE_MAX, readPageHead, splitPage } from '../../bus/core/wire/page.ts'
import { writePageTalk } from '../../bus/core/wire/page-talk.ts'
import { Kind, nonceOf } from '../../bus/core/wire/packet.ts'
import { quickCrypto } from '../sim/quick.ts'
import { attack } from './attack.ts'
import { Siege } from './page-siege.ts'

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
