/** Which copies a whole peer sends to one that says what it wants, and whose word counts. */
import { describe, expect, it } from 'vitest'
import { Groups } from '../../../../bus/core/path/group.ts'
import type { ControlRecord } from '../../../../bus/core/wire/control.ts'
import { Kind } from '../../../../bus/core/wire/packet.ts'
import type { Member } from '../../../fuzz/member.ts'
import { addressOf, Reaching } from '../reaching.ts'
import { controlBytes } from '../wire/any.ts'

class Publishing {
  readonly reaching: Reaching
  /** So that what it says counts. */
  readonly member: Member
  /** What has been sent to the member of each kind since the last look. */
  #seen = 0

  constructor(limits = {}) {
    this.reaching = new Reaching(limits)
    this.member = this.reaching.met(1)
  }

  groupOf(topic: string): string {
    const { keys } = this.reaching.attack
    return new Groups('link', 0, (label) => keys.groupBytes(label)).of(keys.tagOf(topic))
  }

  /** What it says that it wants, from there. */
  wants(
    topics: readonly string[],
    { member = this.member, validMs = 600_000, rung = 'unicast' as 'unicast' | 'multicast' } = {},
  ): this {
    const groups = topics.map((topic) => this.groupOf(topic))
    const record = controlBytes({ type: 'interest', validMs, groups })
    this.reaching.hear(member.control(record), 1, rung)
    return this
  }

  attaches(): this {
    const entry = { stream: 1, ask: 1, from: 0, ageMs: 0, back: 0, attempt: 0 }
    return this.#say({ type: 'attach', target: this.#target, entries: [entry] })
  }

  asksFor(first: number): this {
    const about = { flags: 0, rttUs: 0, missed: 0, all: 0, stream: 1, missing: new Uint8Array([1]) }
    return this.#say({ type: 'nak', target: this.#target, ...about, first })
  }

  get #target(): bigint {
    return this.reaching.attack.target.peer.instance
  }

  #say(record: ControlRecord): this {
    this.reaching.hear(this.member.control(controlBytes(record)), 1)
    return this
  }

  /** Both are there, and no multicast is. */
  wait(ms: number): this {
    for (let passed = 0; passed < ms; passed += 500)
      this.reaching.report(this.member, 1, { multicast: false }).wait(500)
    return this
  }

  /** Data packets that the member gets of a message on each of these. */
  copies(...topics: readonly string[]): number[] {
    const { attack, sent } = this.reaching
    return topics.map((topic) => {
      const { peer } = attack.target
      this.#seen = sent.length
      const segments = topic.split('/')
      const about = { topic, segments, delivery: 'reliable', codec: 0, urgent: false } as const
      peer.publish(attack.now, { ...about, payload: new Uint8Array(1) })
      peer.turnEnds(attack.now)
      this.wait(500)
      const here = sent.slice(this.#seen).filter(({ to }) => to.startsWith(`${addressOf(1)} `))
      return here.filter(({ kind }) => kind === Kind.data).length
    })
  }
}

describe('a peer that is reached by unicast', () => {
  it('gets everything when it never says what it wants', () => {
    expect(new Publishing().wait(10_000).copies('own/a', 'own/b')).toEqual([1, 1])
  })

  it('gets what it says that it wants, and all else only until it has had the time to say more', () => {
    const publishing = new Publishing().wants(['own/a'])
    expect(publishing.copies('own/a', 'own/b')).toEqual([1, 1])
    expect(publishing.wait(1500).copies('own/a', 'own/b')).toEqual([1, 0])
    expect(publishing.wants(['own/b']).copies('own/a', 'own/b')).toEqual([1, 1])
    publishing.wants(['own/a'], { validMs: 0 })
    expect(publishing.copies('own/a', 'own/b')).toEqual([0, 1])
  })

  it('gets everything again when it has heard the peer by multicast meanwhile', () => {
    const publishing = new Publishing().wants(['own/a']).wait(2000)
    publishing.reaching.report(publishing.member, 1, { multicast: true }).wait(500)
    // What it tells relays then is no word to this peer, nor all of it.
    publishing.wants(['own/c']).wait(500)
    expect(publishing.copies('own/a', 'own/b')).toEqual([1, 1])
    expect(publishing.wait(2000).copies('own/b')).toEqual([1])
  })

  it('gets everything as long as what it wants came by another way than the copies go', () => {
    const publishing = new Publishing().wants(['own/a'], { rung: 'multicast' })
    expect(publishing.wait(2000).copies('own/a', 'own/b')).toEqual([1, 1])
  })

  it('is not kept from anything by what somebody else says', () => {
    const publishing = new Publishing()
    const other = publishing.reaching.met(2)
    publishing.wants([], { member: other }).wait(2000)
    expect(publishing.copies('own/a')).toEqual([1])
  })

  it('gets a topic that it has left again when it attaches to it anew', () => {
    const publishing = new Publishing().wants([]).wait(2000)
    expect(publishing.copies('own/a')).toEqual([0])
    expect(publishing.attaches().wait(500).copies('own/a')).toEqual([1])
    expect(publishing.wants(['own/a'], { validMs: 0 }).copies('own/a')).toEqual([0])
    expect(publishing.attaches().wait(500).copies('own/a')).toEqual([1])
  })

  it('gets a topic of which it asks for a packet, were there no room for its attaching', () => {
    const publishing = new Publishing({ receivers: 0 }).wants([]).wait(2000)
    expect(publishing.attaches().wait(500).copies('own/a', 'own/b')).toEqual([0, 0])
    expect(publishing.asksFor(1).wait(500).copies('own/a', 'own/b')).toEqual([1, 0])
  })

  it('gets of the control group all there is, whatever it wants', () => {
    const publishing = new Publishing().wants([]).wait(2000)
    const { reaching } = publishing
    const before = reaching.toGroups
    reaching.since()
    publishing.wait(5000)
    expect(reaching.toGroups - before).toBeGreaterThan(5)
    expect(reaching.since().copies).toBeGreaterThanOrEqual(reaching.toGroups - before)
  })
})

describe('a peer that depends on copies', () => {
  /** How often it says all that it wants, of late. */
  function told({ reaching }: Publishing): number {
    const all = reaching.wants.splice(0).filter(({ groups }) => groups.length > 0)
    expect(new Set(all.flatMap(({ groups }) => groups)).size).toBeLessThanOrEqual(1)
    return all.length
  }

  it('says what it wants three times when they have met, and again every now and then', () => {
    const publishing = new Publishing()
    expect(told(publishing.wait(2000))).toBe(3)
    expect(told(publishing.wait(60_000))).toBeGreaterThanOrEqual(4)
    expect(publishing.reaching.wants).toEqual([])
  })

  it('says nothing while it hears the other by multicast, and all of it when that ends', () => {
    const publishing = new Publishing().wait(2000)
    publishing.reaching.together(publishing.member, 1, 4000)
    told(publishing)
    publishing.reaching.together(publishing.member, 1, 60_000)
    expect(told(publishing)).toBe(0)
    expect(told(publishing.wait(4000))).toBe(3)
  })

  it('says all of it to one that has met it anew, as it tells by another token', () => {
    const publishing = new Publishing().wait(2000)
    told(publishing)
    publishing.reaching.report(publishing.member, 1, { multicast: false, token: 6n }).wait(2000)
    expect(told(publishing)).toBe(3)
  })
})
