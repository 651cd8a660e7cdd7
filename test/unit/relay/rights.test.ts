/** A relay of a realm with an owner: who gets a link, what it carries, and what it cannot judge. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Bus, connect, newIdentity } from '../../../bus/index.ts'
import { controlKeyText } from '../../../bus/io/control-key.ts'
import { realmOptions } from '../../../bus/io/realm-keys.ts'
import { LinkPeer } from './link-peer.ts'
import { type Allowed, Estate, HOUR, name, Speaker, Toll } from './owned.ts'
import { open, relayWith, WAIT } from './world.ts'

afterEach(() => {
  vi.useRealTimers()
})

async function relayOf(estate: Estate): ReturnType<typeof relayWith> {
  const key = controlKeyText({ parts: estate.keys.parts, owner: estate.owner.publicKey })
  return relayWith({ realm: name, key })
}

async function busOf(estate: Estate, relay: string, allowed: Allowed = {}): Promise<Bus> {
  const identity = newIdentity()
  const rights = await estate.grants(identity.publicKey, allowed)
  const bus = await connect({ realm: name, key: estate.text, identity, rights, relay, linger: 200 })
  open.push(bus)
  return bus
}

async function linkOf(
  estate: Estate,
  url: string,
  { allowed, holder }: { allowed?: Allowed; holder?: Uint8Array } = {},
): Promise<LinkPeer> {
  const identity = newIdentity()
  const rights = await estate.chain(holder ?? identity.publicKey, allowed)
  const link = await LinkPeer.open(url, realmOptions(name, estate.key), { identity, rights })
  open.push(link)
  return link
}

describe('a link to a relay of a realm with an owner', () => {
  it('is for members, who exchange what their rights let them', async () => {
    const estate = Estate.found()
    const relay = await relayOf(estate)
    const [a, b] = [await busOf(estate, relay.url), await busOf(estate, relay.url)]
    const messages = b.subscribe('x/*')
    a.publish('x/y', 'by relay')
    for await (const { value } of messages) {
      expect(value).toBe('by relay')
      break
    }
    const { links, denied, rightsRefused } = relay.stats()
    expect({ links, denied, rightsRefused }).toEqual({ links: 2, denied: 0, rightsRefused: 0 })
  })

  it('stays when the program has renewed the rights in time', async () => {
    const estate = Estate.found()
    const relay = await relayOf(estate)
    const identity = newIdentity()
    const at = { realm: name, key: estate.text, relay: relay.url, multicast: false, linger: 200 }
    const rights = await estate.grants(identity.publicKey)
    const bus = await connect({ ...at, identity, rights })
    open.push(bus)
    const later = { until: new Date(Date.now() + 9 * HOUR) }
    bus.renew(await estate.grants(identity.publicKey, later))
    // What comes behind it on the link has crossed by then.
    const other = await busOf(estate, relay.url, later)
    await vi.waitFor(() => expect(other.presence.size).toBe(1), WAIT)
    const before = relay.stats().messagesIn
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * HOUR })
    await vi.waitFor(() => expect(relay.stats().messagesIn).toBeGreaterThan(before + 4), WAIT)
    expect(relay.stats()).toMatchObject({ links: 2, rightsRefused: 0 })
  })

  it('is refused to who shows no rights, or such as do not count', async () => {
    const estate = Estate.found()
    const relay = await relayOf(estate)
    const none = LinkPeer.open(relay.url, realmOptions(name, estate.key))
    await expect(none).rejects.toThrow('4406')
    const other = Estate.found()
    const identity = newIdentity()
    const rights = await other.chain(identity.publicKey)
    const forged = LinkPeer.open(relay.url, realmOptions(name, estate.key), { identity, rights })
    await expect(forged).rejects.toThrow('4406')
    const stolen = linkOf(estate, relay.url, { holder: newIdentity().publicKey })
    await expect(stolen).rejects.toThrow('4406')
    const past = { from: new Date(Date.now() - 3 * HOUR), until: new Date(Date.now() - 2 * HOUR) }
    await expect(linkOf(estate, relay.url, { allowed: past })).rejects.toThrow('4406')
    expect(relay.stats()).toMatchObject({ links: 0, rightsRefused: 4 })
  })

  it('ends with the rights, unless others have been shown by then', async () => {
    const estate = Estate.found()
    const relay = await relayOf(estate)
    const ending = await linkOf(estate, relay.url)
    const identity = newIdentity()
    const rights = await estate.chain(identity.publicKey)
    const renewed = await LinkPeer.open(relay.url, realmOptions(name, estate.key), {
      identity,
      rights,
    })
    open.push(renewed)
    renewed.show(await estate.chain(newIdentity().publicKey)) // not its own: they change nothing
    renewed.show(await estate.chain(identity.publicKey, { until: new Date(Date.now() + 9 * HOUR) }))
    await vi.waitFor(() => expect(relay.stats().bytesIn).toBeGreaterThan(800), WAIT)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * HOUR })
    expect(await ending.ended).toBe(4406)
    await vi.waitFor(() => expect(relay.stats().links).toBe(1), WAIT)
    expect(relay.stats().rightsRefused).toBe(1)
  })
})

describe('what a relay of a realm with an owner carries', () => {
  it('is of those whose hello it has heard; it asks others for theirs, pages always pass', async () => {
    const estate = Estate.found()
    const toll = new Toll(estate)
    const member = new Speaker(estate, 1)
    expect(toll.carries(member.control())).toBe(false)
    expect(toll.asked()).toEqual([member.instance])
    expect(toll.carries(member.page())).toBe(true)
    expect(toll.carries(member.hello(await estate.chain(member.identity.publicKey)))).toBe(true)
    expect([toll.carries(member.control()), toll.carriesUp(member.data())]).toEqual([true, true])
    expect(toll.counted()).toEqual({ denied: 1, helloBudget: 0, peersFull: 0 })
  })

  it('is verified once for each instance, and a chain once for all of them', async () => {
    const estate = Estate.found()
    const toll = new Toll(estate)
    const identity = newIdentity()
    const chain = await estate.chain(identity.publicKey)
    const lives = [1, 2].map((seed) => new Speaker(estate, seed, identity))
    for (const life of [...lives, ...lives]) expect(toll.carries(life.hello(chain))).toBe(true)
    expect(toll.verified).toBe(3)
  })

  it('is no matter of topics, which a relay does not see: receivers judge those', async () => {
    const estate = Estate.found()
    const toll = new Toll(estate)
    const member = new Speaker(estate, 1)
    // Its data is on a/b.
    toll.carries(member.hello(await estate.chain(member.identity.publicKey, { publish: ['x'] })))
    expect(toll.carriesUp(member.data())).toBe(true)
  })

  it('is forgotten of who has been silent longest when there are too many', async () => {
    const estate = Estate.found()
    const toll = new Toll(estate, 2)
    const members = [1, 2, 3].map((seed) => new Speaker(estate, seed))
    for (const member of members.slice(0, 2)) {
      toll.carries(member.hello(await estate.chain(member.identity.publicKey)))
      toll.now += 1
    }
    toll.carries(members[0]!.control())
    const { publicKey } = members[2]!.identity
    toll.carries(members[2]!.hello(await estate.chain(publicKey)))
    expect(members.map((member) => toll.carries(member.control()))).toEqual([true, false, true])
    expect(toll.counted().peersFull).toBe(1)
  })
})
