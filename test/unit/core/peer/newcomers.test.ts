/** A whole peer of a crowd and who comes into it: what is said to the newcomer alone, and what is not. */
import { describe, expect, it } from 'vitest'
import { HelloFlag } from '../../../../bus/core/wire/hello.ts'
import type { Member } from '../../../fuzz/member.ts'
import { OTHER_PORT, Reaching } from '../reaching.ts'
import { controlBytes } from '../wire/any.ts'

const CROWD = 17
const NEWCOMER = { address: 'fe80::1%eth0' }
const TO_NEWCOMER = `${NEWCOMER.address} ${OTHER_PORT}`

/** So many are here, met by multicast. */
function among(count: number): Reaching {
  const reaching = new Reaching()
  for (let place = 0; place < count; place++) {
    const member = reaching.attack.stranger()
    const from = { address: `fe80::b:${place}%eth0` }
    reaching.hear(member.hello({ flags: HelloFlag.askAll }), from, 'multicast').wait(100)
    const echoes = [reaching.attack.target.challenge]
    reaching.hear(member.hello({ echoes }), from, 'multicast').wait(1)
  }
  expect(reaching.attack.target.present.size).toBe(count)
  reaching.since()
  return reaching
}

function comes(reaching: Reaching, member: Member, about = {}): void {
  const hello = member.hello({ flags: HelloFlag.askAll, ...about })
  reaching.hear(hello, NEWCOMER, 'multicast').wait(300)
}

/** Hellos that have left to everybody meanwhile. */
function toAll(reaching: Reaching, during: () => void): number {
  const before = reaching.hellosToGroups
  during()
  return reaching.hellosToGroups - before
}

describe('who comes into a crowd', () => {
  it('is answered alone, and as everybody where there is none', () => {
    for (const [count, alone, loud] of [
      [CROWD, [TO_NEWCOMER], 0],
      [CROWD - 1, [], 1],
    ] as const) {
      const reaching = among(count)
      const newcomer = reaching.attack.stranger()
      expect(toAll(reaching, () => comes(reaching, newcomer))).toBe(loud)
      expect(reaching.since().hellos).toEqual(alone)
    }
  })

  it('is answered with everybody when it asks for this one again: unicast may not pass', () => {
    const reaching = among(CROWD)
    const newcomer = reaching.attack.stranger()
    comes(reaching, newcomer)
    expect(reaching.since().hellos).toEqual([TO_NEWCOMER])
    const asked = [reaching.attack.target.peer.instance]
    expect(toAll(reaching, () => comes(reaching, newcomer, { flags: 0, asked }))).toBe(1)
  })

  it('is asked alone when a packet of it has come before its hello', () => {
    const reaching = among(CROWD)
    const newcomer = reaching.attack.stranger()
    const beacon = { type: 'beacon', intervalMs: 750, streamCount: 0 } as const
    reaching.hear(newcomer.control(controlBytes(beacon)), NEWCOMER, 'multicast')
    expect(toAll(reaching, () => comes(reaching, newcomer))).toBe(0)
    expect(reaching.since().hellos).toEqual([TO_NEWCOMER])
  })
})

describe('a hello to this peer alone', () => {
  it('is no sign that multicast does not reach its sender', () => {
    for (const flags of [HelloFlag.alone, 0]) {
      const reaching = new Reaching()
      const member = reaching.attack.stranger()
      const asked = [reaching.attack.target.peer.instance]
      const echoes = [reaching.attack.target.challenge]
      const said = toAll(reaching, () => {
        reaching.hear(member.hello({ flags, asked, echoes }), NEWCOMER).wait(300)
      })
      expect(said).toBe(1)
      const { copies, hellos } = reaching.since()
      expect(hellos).toEqual(flags ? [] : [TO_NEWCOMER])
      expect(copies > 0).toBe(!flags)
    }
  })
})

describe('one whose hello is being verified', () => {
  it('is not asked because of what it says meanwhile', () => {
    const reaching = new Reaching()
    const { target, now } = reaching.attack
    const member = reaching.attack.stranger()
    const beacon = { type: 'beacon', intervalMs: 750, streamCount: 0 } as const
    const from = { ...NEWCOMER, port: OTHER_PORT }
    const said = toAll(reaching, () => {
      const hello = member.hello({ echoes: [target.challenge] })
      target.peer.handleDatagram(now, hello, { ...from, rung: 'multicast' })
      // Its signature has been asked about, and there is no answer yet.
      const control = member.control(controlBytes(beacon))
      target.peer.handleDatagram(now, control, { ...from, rung: 'unicast' })
      target.drain(now)
      reaching.wait(200)
    })
    expect(target.present.size).toBe(1)
    expect(said).toBe(0)
    expect(reaching.since().hellos).toEqual([])
  })
})

describe('bindings', () => {
  const TOPIC = { topic: 'own/topic', segments: ['own', 'topic'], delivery: 'reliable' } as const

  function publish({ attack: { target, now } }: Reaching): void {
    target.peer.publish(now, { ...TOPIC, codec: 0, payload: new Uint8Array(8), urgent: false })
    target.peer.flush(now, 0)
    target.drain(now)
  }

  it('are said every 50 ms at most, however often they are asked for while more is published', () => {
    const reaching = among(CROWD)
    const { attack } = reaching
    const member = attack.member()
    publish(reaching)
    reaching.wait(300)
    const before = reaching.bindingsToGroups
    const want = { type: 'want', target: attack.target.peer.instance, first: 1, count: 1 } as const
    for (let ms = 0; ms < 500; ms += 5) {
      attack.send(member.control(controlBytes(want)))
      publish(reaching)
      attack.now += 5
      attack.target.advance(attack.now)
    }
    expect(reaching.bindingsToGroups - before).toBeGreaterThanOrEqual(8)
    expect(reaching.bindingsToGroups - before).toBeLessThanOrEqual(11)
  })

  it('follow the hello to a newcomer alone, and go to nobody else', () => {
    const reaching = among(CROWD)
    publish(reaching)
    reaching.wait(300).since()
    const before = reaching.bindingsToGroups
    comes(reaching, reaching.attack.stranger())
    const { copies, hellos } = reaching.since()
    expect([hellos, copies, reaching.bindingsToGroups - before]).toEqual([[TO_NEWCOMER], 1, 0])
  })
})
