/** Unicast in a whole peer: who is greeted and answered, who gets copies, and what bounds all that. */
import { describe, expect, it } from 'vitest'
import { HelloFlag } from '../../../../bus/core/wire/hello.ts'
import { addressOf, endpoint, OTHER_PORT, Reaching } from '../reaching.ts'
import { controlBytes } from '../wire/any.ts'

describe('an endpoint that is named', () => {
  it('is greeted at once, then ever more rarely, and for ever', () => {
    const reaching = new Reaching()
    reaching.name(endpoint(1))
    const counts = [500, 10_000, 100_000, 1_000_000].map((ms) => {
      reaching.wait(ms)
      return reaching.since().hellos.length
    })
    expect(counts[0]).toBeGreaterThanOrEqual(1)
    expect(counts[1]).toBeGreaterThanOrEqual(3)
    expect(counts[1]).toBeLessThan(7)
    expect(counts[2]).toBeLessThan(6)
    expect(counts[3]).toBeGreaterThanOrEqual(6)
    expect(counts[3]).toBeLessThan(13)
    expect(reaching.attack.count('greetings')).toBe(counts.reduce((a, b) => a + b))
  })

  it('is greeted no more once it has answered, nor when it is named no longer', () => {
    const reaching = new Reaching()
    reaching.name(endpoint(1), endpoint(2))
    const member = reaching.met(1)
    reaching.name(endpoint(1)).since()
    for (let i = 0; i < 20; i++) {
      reaching.report(member, 1, { multicast: false }).wait(1000)
    }
    expect(reaching.since().hellos).not.toContain(`${addressOf(2)} ${OTHER_PORT}`)
    const greetings = reaching.attack.count('greetings')
    reaching.wait(3000)
    expect(reaching.attack.count('greetings')).toBe(greetings)
  })

  it('has a place among as many as the limit says, and one more has none', () => {
    const reaching = new Reaching({ namedPeers: 2 })
    reaching.name(endpoint(1), endpoint(2), endpoint(2))
    expect(reaching.attack.count('namedFull')).toBe(0)
    reaching.name(endpoint(1), endpoint(2), endpoint(3))
    expect(reaching.attack.count('namedFull')).toBe(1)
    expect(new Set(reaching.wait(2000).since().hellos).size).toBe(2)
  })
})

describe('a hello by unicast', () => {
  it('that asks is answered the same way, once', () => {
    const reaching = new Reaching()
    const stranger = reaching.attack.stranger()
    const hello = stranger.hello({ flags: HelloFlag.askAll })
    reaching.hear(hello, 1).hear(hello, 1).wait(1000)
    expect(reaching.since()).toEqual({ copies: 0, hellos: [`${addressOf(1)} ${OTHER_PORT}`] })
  })

  it('that does not open is answered by nothing', () => {
    const reaching = new Reaching()
    const hello = reaching.attack.stranger().hello({ flags: HelloFlag.askAll })
    hello[40]! ^= 1
    reaching.hear(hello, 1).wait(1000)
    expect(reaching.since()).toEqual({ copies: 0, hellos: [] })
  })

  it('gets no copies of anything before it has proved that it is fresh', () => {
    const reaching = new Reaching()
    const stranger = reaching.attack.stranger()
    for (let i = 0; i < 50; i++) {
      reaching.hear(stranger.hello({ flags: HelloFlag.askAll }), 1).wait(100)
    }
    expect(reaching.since().copies).toBe(0)
    expect(reaching.told).toEqual([])
  })

  it('is not answered more often than hellos leave, however many come', () => {
    const reaching = new Reaching()
    const before = reaching.toGroups
    for (let place = 1; place <= 2000; place++) {
      const stranger = reaching.attack.stranger()
      reaching.hear(stranger.hello({ flags: HelloFlag.askAll }), place)
      if (place % 2 === 0) reaching.wait(1)
    }
    reaching.wait(100)
    // In 1.1 s 28 hellos, each of them to 32 callers at most.
    expect(reaching.toGroups - before).toBeLessThan(40)
    expect(reaching.since().hellos.length).toBeLessThanOrEqual(28 * 32)
  })
})

describe('a peer that is met by unicast', () => {
  it('gets a copy of all that goes to groups, and is told whether it is heard', () => {
    const reaching = new Reaching()
    const member = reaching.met(1)
    expect(reaching.told).toEqual(['unicast: met by unicast', 'in use true'])
    reaching.since()
    const before = reaching.toGroups
    for (let i = 0; i < 4; i++) reaching.report(member, 1, { multicast: false }).wait(1000)
    const { copies } = reaching.since()
    // Beside them a report each second, and what is wanted, three times at the start.
    expect(copies - (reaching.toGroups - before)).toBeGreaterThanOrEqual(3)
    expect(copies - (reaching.toGroups - before)).toBeLessThanOrEqual(7)
  })

  it('gets none while it is heard and hears by multicast, and again when that ends', () => {
    const reaching = new Reaching()
    const member = reaching.met(1)
    reaching.together(member, 1, 3000).since()
    expect(reaching.told.slice(2).toSorted()).toEqual([
      'in use false',
      'multicast: heard by multicast',
    ])
    expect(reaching.reason).toBe('multicast reaches everybody')
    reaching.together(member, 1, 4000)
    expect(reaching.since().copies).toBeLessThanOrEqual(5)
    reaching.told.length = 0
    reaching.report(member, 1, { multicast: false })
    expect(reaching.told).toEqual(['in use true'])
    for (let i = 0; i < 4; i++) reaching.report(member, 1, { multicast: false }).wait(1000)
    expect(reaching.told[1]).toBe('unicast: not heard by multicast any more')
    expect(reaching.since().copies).toBeGreaterThan(8)
  })

  it('gets them as well when it has said nothing for five seconds', () => {
    const reaching = new Reaching()
    const member = reaching.met(1)
    reaching.together(member, 1, 4000).since()
    for (let passed = 0; passed < 6000; passed += 500) {
      const beacon = { type: 'beacon', intervalMs: 750, streamCount: 0 } as const
      reaching.hear(member.control(controlBytes(beacon)), 1, 'multicast').wait(500)
    }
    expect(reaching.told.at(-1)).toBe('in use true')
  })

  it('is not silenced by a report that is for somebody else', () => {
    const reaching = new Reaching()
    const member = reaching.met(1)
    for (let i = 0; i < 8; i++) {
      const beacon = { type: 'beacon', intervalMs: 750, streamCount: 0 } as const
      reaching.hear(member.control(controlBytes(beacon)), 1, 'multicast')
      reaching.report(member, 1, { to: 7n, multicast: true }).wait(500)
    }
    expect(reaching.told).not.toContain('in use false')
  })

  it('gets them where it has moved to, once it has echoed what was sent there', () => {
    const reaching = new Reaching()
    const member = reaching.met(1)
    reaching.report(member, 5, { multicast: false }).wait(100)
    reaching.sent.length = 0
    reaching.wait(2000)
    const to = (place: number): number =>
      reaching.sent.filter((one) => one.to.startsWith(`${addressOf(place)} `)).length
    // Copies go on to where it was, and reports to both.
    expect([to(1) > 4, to(5) <= 3]).toEqual([true, true])
    reaching.report(member, 5, { multicast: false }).wait(1)
    reaching.sent.length = 0
    reaching.report(member, 5, { multicast: false }).wait(2000)
    expect(new Set(reaching.sent.map(({ to }) => to))).toEqual(
      new Set([`${addressOf(5)} ${OTHER_PORT}`]),
    )
  })

  it('gets no copies where it has echoed nothing, and a few small reports', () => {
    const reaching = new Reaching()
    const member = reaching.known(1)
    reaching.since()
    for (let i = 0; i < 20; i++) {
      const beacon = { type: 'beacon', intervalMs: 750, streamCount: 0 } as const
      reaching.hear(member.control(controlBytes(beacon)), 1, 'multicast').wait(1000)
    }
    expect(reaching.sent.length).toBeLessThanOrEqual(6)
    expect(Math.max(...reaching.sent.map(({ size }) => size))).toBeLessThan(100)
    expect(reaching.told).toEqual([])
  })

  it('gets none any more when it has gone', () => {
    const reaching = new Reaching()
    const member = reaching.met(1)
    reaching
      .hear(member.hello({ flags: HelloFlag.bye }), 1)
      .wait(100)
      .since()
    expect(reaching.wait(5000).since().copies).toBe(0)
    expect(reaching.told.at(-1)).toBe('in use false')
    // It was never heard by multicast.
    expect(reaching.reason).toBe('nobody is met by unicast')
  })

  it('is one of as many as the limit says, and one more gets no copies', () => {
    const reaching = new Reaching({ unicastPeers: 2 })
    reaching.met(1)
    reaching.met(2)
    expect(reaching.attack.count('unicastFull')).toBe(0)
    reaching.met(3)
    expect(reaching.attack.count('unicastFull')).toBeGreaterThan(0)
    reaching.since()
    reaching.sent.length = 0
    reaching.wait(2000)
    expect(new Set(reaching.sent.map(({ to }) => to)).size).toBe(2)
  })
})
