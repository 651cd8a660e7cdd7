/** Buses over a change of their realm's keys: a member, a guest, and who is left behind. */
import { describe, expect, it, vi } from 'vitest'
import type { Bus } from '../../../bus/index.ts'
import { newIdentity } from '../../../bus/io/ed25519.ts'
import { grant, newRealm } from '../../../bus/io/grants.ts'
import { guestKeyText } from '../../../bus/io/guest-key.ts'
import { guestKeyOf } from '../../../bus/io/guest-ring.ts'
import { identityName } from '../../../bus/io/identity.ts'
import { parseKey } from '../../../bus/io/key-text.ts'
import { rotate } from '../../../bus/io/rotate.ts'
import { acquainted, network, values } from './company.ts'

const realm = 'plant'

/** What a bus is told of epochs. */
function told(bus: Bus): string[] {
  const found: string[] = []
  void (async () => {
    for await (const event of bus.events()) {
      if (event.type === 'epoch') found.push(`${event.state} ${event.epoch}`)
    }
  })()
  return found
}

/** A realm with an owner, and the identities of those whom it has let in. */
async function estate() {
  const { key, owner } = newRealm(realm)
  const until = new Date(Date.now() + 3_600_000)
  const invited = async (topics: readonly string[]) => {
    const identity = newIdentity()
    const patterns = { publish: [...topics], subscribe: [...topics] }
    const to = identityName(identity)
    const rights = await grant({ realm, key, issuer: owner, until, to, ...patterns })
    return { realm, identity, rights }
  }
  return { key, owner, invited }
}

describe('a guest', () => {
  it('goes over to the new keys of its topics, and reads and writes them alone', async () => {
    const { key, owner, invited } = await estate()
    const [ofMember, ofGuest] = [await invited(['**']), await invited(['hall/3/**'])]
    const ring = guestKeyText(await guestKeyOf(realm, parseKey(key, 'it'), ['hall/3/**']))
    const join = network()
    // All topics in one group: what is not for the guest reaches it as well.
    const member = await join({ ...ofMember, key, groups: 1 })
    const guest = await join({ ...ofGuest, key: ring, groups: 1 })
    await acquainted(member, guest)
    guest.subscribe('hall/3/later') // keeps it in the group
    const events = [told(member), told(guest)]
    const heard = values(4, guest.subscribe('hall/3/lamp'))
    const answers = values(2, member.subscribe('hall/3/answer'))
    for (const i of [0, 1]) member.publish('hall/3/lamp', i)
    guest.publish('hall/3/answer', 'before')
    const { page } = await rotate({
      realm,
      key,
      owner,
      members: [
        { identity: identityName(ofMember.identity) },
        { identity: identityName(ofGuest.identity), topics: ['hall/3/**'] },
      ],
      atOnce: true,
    })
    member.adopt(page)
    await vi.waitFor(() => expect(events).toEqual([['entered 2'], ['entered 2']]), WAIT)
    member.publish('office/door', 'not for it')
    for (const i of [2, 3]) member.publish('hall/3/lamp', i)
    guest.publish('hall/3/answer', 'behind')
    expect(await answers).toEqual(['before', 'behind'])
    expect(await heard).toEqual([0, 1, 2, 3])
    expect(guest.stats().forged + member.stats().forged).toBe(0)
    await vi.waitFor(() => expect(guest.stats().uninterested).toBeGreaterThan(0), WAIT)
  })

  it('whose topics are not in its box any more is told so, and is out', async () => {
    const { key, owner, invited } = await estate()
    const [ofMember, ofGuest] = [await invited(['**']), await invited(['hall/3/**'])]
    const ring = guestKeyText(await guestKeyOf(realm, parseKey(key, 'it'), ['hall/3/**']))
    const join = network()
    const member = await join({ ...ofMember, key })
    const guest = await join({ ...ofGuest, key: ring })
    await acquainted(member, guest)
    const events = told(guest)
    const members = [{ identity: identityName(ofMember.identity) }]
    member.adopt((await rotate({ realm, key, owner, members, atOnce: true })).page)
    await vi.waitFor(() => expect(events).toEqual(['excluded 2']), WAIT)
    expect(() => guest.publish('hall/3/lamp', 1)).toThrow(/has no key for this identity/)
  })

  it('is out when it is given less again before it has turned to what was more', async () => {
    const { key, owner, invited } = await estate()
    const ofGuest = await invited(['hall/**'])
    const ring = guestKeyText(await guestKeyOf(realm, parseKey(key, 'it'), ['hall/3/**']))
    const guest = await network()({ ...ofGuest, key: ring })
    const events = told(guest)
    const identity = identityName(ofGuest.identity)
    const rotated = (from: string, topics: readonly string[]) =>
      rotate({ realm, key: from, owner, members: [{ identity, topics }], atOnce: false })
    const more = await rotated(key, ['hall/**'])
    const less = await rotated(more.key, ['hall/3/**'])
    guest.adopt(more.page)
    await vi.waitFor(() => expect(events).toEqual(['entered 2']), WAIT)
    guest.adopt(less.page)
    await vi.waitFor(() => expect(events).toEqual(['entered 2', 'excluded 3']), WAIT)
    expect(() => guest.publish('hall/4/lamp', 1)).toThrow(/has no key for this identity/)
  })
})

const WAIT = { timeout: 8000 }
