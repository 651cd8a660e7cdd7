/** Epochs of a realm's keys that change under load, on a network that loses, doubles and reorders. */
import { describe, expect, it } from 'vitest'
import { EpochRealm as Realm } from './epoch-realm.ts'
import { CLEAR } from './weather.ts'

describe('an epoch that changes under load', () => {
  it.each([
    { seed: 1, isAtOnce: false },
    { seed: 2, isAtOnce: false },
    { seed: 3, isAtOnce: true },
    { seed: 4, isAtOnce: true },
  ])('loses and doubles nothing, seed $seed', ({ seed, isAtOnce }) => {
    const realm = new Realm(seed)
    const publishers = [realm.member(false), realm.member(false)]
    const receivers = [realm.member(true), realm.member(true), realm.member(true)]
    const members = [...receivers, ...publishers]
    realm.wait(1000)
    for (const epoch of [1, 2, 3]) {
      realm.load(publishers[0]!, 300)
      realm.adopt(members[(epoch * seed) % 5]!, realm.page(epoch, { members, isAtOnce }))
      realm.load(publishers[epoch % 2]!, 3000)
    }
    realm.wait(8000)
    for (const member of members) {
      expect(realm.told.get(member)).toEqual(['entered 1', 'entered 2', 'entered 3'])
      expect(realm.count(member, 'forged') + realm.count(member, 'parityForged')).toBe(0)
    }
    for (const receiver of receivers) {
      expect(realm.given(receiver)).toBe(realm.sent)
      expect(realm.count(receiver, 'messagesLost')).toBe(0)
    }
  })

  it('leaves who was revoked with nothing that is published behind it, and tells it', () => {
    const realm = new Realm(5)
    const [publisher, receiver, removed] = [
      realm.member(false),
      realm.member(true),
      realm.member(true),
    ]
    realm.wait(1000)
    realm.load(publisher, 500)
    realm.wait(1000)
    const before = realm.sent
    expect(realm.given(removed)).toBe(before)
    const members = [publisher, receiver]
    realm.adopt(publisher, realm.page(1, { members, revoked: [removed], isAtOnce: true }))
    realm.wait(20) // for the verdict and the box
    expect(realm.told.get(publisher)).toEqual(['entered 1'])
    realm.load(publisher, 500)
    realm.wait(5000)
    expect(realm.given(receiver)).toBe(realm.sent)
    expect(realm.given(removed)).toBe(before)
    expect(realm.told.get(removed)).toEqual(['revoked 1'])
    // What it seals is of an epoch that is over, so it is not there for the others.
    expect(realm.world.presence.seenBy(receiver).has(removed)).toBe(false)
    expect(realm.world.presence.seenBy(publisher).has(removed)).toBe(false)
    // It goes on, and nobody is made to say much by it.
    const said = realm.count(publisher, 'pagesSent') + realm.count(receiver, 'pagesSent')
    realm.load(removed, 10_000)
    const later = realm.count(publisher, 'pagesSent') + realm.count(receiver, 'pagesSent')
    expect(later - said).toBeLessThanOrEqual(10)
    expect(realm.told.get(removed)).toEqual(['revoked 1'])
  })

  it('refuses who was revoked also while the old keys still open', () => {
    const realm = new Realm(4)
    const [publisher, removed] = [realm.member(false), realm.member(true)]
    realm.wait(1000)
    realm.adopt(publisher, realm.page(1, { members: [publisher], revoked: [removed] }))
    realm.wait(1000)
    expect(realm.world.presence.seenBy(publisher).has(removed)).toBe(false)
    removed.command((peer, now) => peer.pathChanged(now))
    realm.wait(1000)
    expect(realm.count(publisher, 'revoked')).toBeGreaterThan(0)
    expect(realm.world.presence.seenBy(publisher).has(removed)).toBe(false)
  })

  it('tells who has no box in the page so', () => {
    const realm = new Realm(6)
    const [one, forgotten] = [realm.member(false), realm.member(false)]
    realm.wait(1000)
    realm.adopt(one, realm.page(1, { members: [one] }))
    realm.wait(10_000)
    expect(realm.told.get(forgotten)).toEqual(['excluded 1'])
  })

  it('opens what was kept from before, for who comes later', () => {
    const realm = new Realm(7)
    const publisher = realm.member(false)
    realm.wait(1000)
    realm.load(publisher, 500)
    const newcomer = realm.member(true, { ageMs: 10_000, back: 0 })
    const members = [publisher, newcomer]
    realm.adopt(publisher, realm.page(1, { members, isAtOnce: true }))
    realm.load(publisher, 500)
    realm.wait(5000)
    expect(realm.given(newcomer)).toBe(realm.sent)
    expect(realm.count(newcomer, 'messagesLost')).toBe(0)
  })
})

describe('a peer that has slept', () => {
  it.each([{ epochs: 1 }, { epochs: 4 }])('through $epochs epochs comes back', ({ epochs }) => {
    const realm = new Realm(8 + epochs)
    const [owner, other, sleeper] = [realm.member(false), realm.member(false), realm.member(true)]
    const members = [owner, other, sleeper]
    realm.wait(1000)
    sleeper.stall(60_000)
    for (let epoch = 1; epoch <= epochs; epoch++) {
      realm.adopt(owner, realm.page(epoch, { members }))
      realm.wait(5000)
    }
    // The owner does not stay: any member has the page.
    realm.world.end(owner)
    realm.wait(70_000)
    expect(realm.told.get(sleeper)?.at(-1)).toBe(`entered ${epochs}`)
    const before = realm.given(sleeper)
    realm.load(other, 500)
    realm.wait(3000)
    expect(realm.given(sleeper) - before).toBe(realm.sent)
  })

  it('is told that it is behind while nobody has the page, and comes when somebody has', () => {
    const realm = new Realm(21, CLEAR)
    const sleeper = realm.member(true)
    realm.wait(1000)
    // As after a copy of the key file alone.
    const [first] = realm.world.realms
    const newest = { ...first!, epoch: 1, epochKey: new Uint8Array(32).fill(1) }
    realm.world.knownTo = () => ({ realm: newest })
    const awake = realm.member(false)
    realm.load(awake, 15_000)
    expect(new Set(realm.told.get(sleeper))).toEqual(new Set(['behind 1']))
    expect(realm.given(sleeper)).toBe(0)
    realm.adopt(awake, realm.page(1, { members: [awake, sleeper] }))
    realm.wait(5000)
    expect(realm.told.get(sleeper)?.at(-1)).toBe('entered 1')
    const before = realm.sent
    realm.load(awake, 500)
    realm.wait(3000)
    expect(realm.given(sleeper)).toBeGreaterThanOrEqual(realm.sent - before)
  })

  it('is given a page of many parts, where a third of all packets is lost', () => {
    const realm = new Realm(20, { ...CLEAR, loss: 0.3 })
    const [owner, other] = [realm.member(false), realm.member(false)]
    const others = Array.from({ length: 40 }, () => realm.member(false))
    for (const one of others) realm.world.end(one)
    const members = [owner, other, ...others]
    realm.wait(1000)
    realm.adopt(owner, realm.page(1, { members }))
    realm.wait(60_000)
    expect(realm.told.get(other)?.at(-1)).toBe('entered 1')
  })

  it('is given soon where nearly a third is lost: within seconds', () => {
    const late: number[] = []
    for (let seed = 1; seed <= 10; seed++) {
      const realm = new Realm(seed, { ...CLEAR, loss: 0.3 })
      const members = Array.from({ length: 8 }, () => realm.member(false))
      realm.wait(1000)
      realm.adopt(members[0]!, realm.page(1, { members }))
      realm.wait(5000)
      for (const one of members) if (realm.told.get(one)?.at(-1) !== 'entered 1') late.push(seed)
    }
    expect(late).toEqual([])
  })
})

describe('pages that are not the next one', () => {
  function three(seed: number) {
    const realm = new Realm(seed, CLEAR)
    const members = [realm.member(false), realm.member(false), realm.member(true)]
    realm.wait(1000)
    return { realm, members, one: members[0]!, other: members[1]! }
  }

  it('of an older epoch change nothing', () => {
    const { realm, members, one } = three(30)
    const first = realm.page(1, { members })
    realm.adopt(one, first)
    realm.wait(3000)
    realm.adopt(one, realm.page(2, { members }))
    realm.wait(3000)
    realm.adopt(one, first)
    realm.wait(3000)
    for (const member of members) expect(realm.told.get(member)?.at(-1)).toBe('entered 2')
    expect(realm.count(one, 'pageStale')).toBe(1)
    realm.load(one, 300)
    realm.wait(2000)
    expect(realm.given(members[2]!)).toBe(realm.sent)
  })

  it('of the same epoch are a fork, which is told, and mended by the next one', () => {
    const { realm, members, one, other } = three(31)
    realm.adopt(one, realm.page(1, { members: [one], salt: 1 }))
    realm.adopt(other, realm.page(1, { members, salt: 2 }))
    realm.wait(5000)
    expect(realm.told.get(one)).toEqual(['entered 1', 'fork 1'])
    expect(realm.count(one, 'pageFork')).toBeGreaterThan(0)
    realm.adopt(other, realm.page(2, { members }))
    realm.wait(5000)
    for (const member of members) expect(realm.told.get(member)?.at(-1)).toBe('entered 2')
    realm.load(one, 300)
    realm.wait(2000)
    expect(realm.given(members[2]!)).toBe(realm.sent)
  })
})
