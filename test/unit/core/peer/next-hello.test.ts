/** What the next hello says, and to whom: to everybody, or of a crowd to a few newcomers alone. */
import { describe, expect, it } from 'vitest'
import type { Endpoint, Rung } from '../../../../bus/core/output.ts'
import type { Context } from '../../../../bus/core/peer/context.ts'
import { NextHello } from '../../../../bus/core/peer/presence/next-hello.ts'
import { type Hello, HelloFlag } from '../../../../bus/core/wire/hello.ts'

const SELF = 1n
const ROOM = 64
const GROUP = 'control'

class World {
  readonly context = {
    self: { instance: SELF },
    controlGroup: GROUP,
    roster: { size: 17 },
    backlog: { ms: 0 },
    isCrowd: true,
    relayUntil: -Infinity,
  }
  readonly next = new NextHello(this.context as unknown as Context) // what is looked at

  /** Where who has said such a hello is told alone. */
  placeOf(hello: Partial<Hello>, from: Endpoint = at(1)): Endpoint | undefined {
    const usual = { flags: 0, asked: [], challenge: 7n, port: 2000 }
    return this.next.placeOf(1000, { instance: 5n, hello: { ...usual, ...hello } as Hello, from })
  }

  to(): readonly (string | Endpoint)[] {
    return this.next.take(1000, ROOM).to
  }
}

function at(place: number, rung: Rung = 'multicast'): Endpoint {
  return { address: `fe80::${place}%eth0`, port: 2000, rung }
}

describe('a newcomer to a crowd', () => {
  it('is told alone, at its own port, that multicast reaches whom it comes from', () => {
    const world = new World()
    const { next } = world
    const place = world.placeOf({ port: 3000 })
    expect(place).toEqual({ address: 'fe80::1%eth0', port: 3000, rung: 'multicast' })
    next.echo(7n, place)
    next.ask(5n, place)
    const said = next.take(1000, ROOM)
    expect(said).toEqual({ flags: HelloFlag.alone, asked: [5n], echoes: [7n], to: [place] })
    expect(next.isEmpty).toBe(true)
  })

  it.each([
    ['is asked for this peer again', { asked: [SELF] }],
    ['has no port', { port: 0 }],
    ['has been told alone itself', { flags: HelloFlag.alone }],
  ])('is told with everybody when it %s', (_, hello) => {
    const world = new World()
    world.next.echo(7n, world.placeOf({}))
    world.to()
    expect(world.placeOf(hello)).toBe(undefined)
  })

  it('is told alone when it asks for this peer for the first time, or asks all once more', () => {
    const world = new World()
    expect(world.placeOf({ asked: [SELF] })).toBeDefined()
    world.next.echo(7n, world.placeOf({}))
    world.to()
    expect(world.placeOf({ flags: HelloFlag.askAll })).toBeDefined()
  })

  it('is told with everybody when it asks by another challenge than the one that it was told by', () => {
    const world = new World()
    world.next.echo(7n, world.placeOf({}))
    world.next.ask(5n, world.placeOf({}))
    world.to()
    expect(world.placeOf({ asked: [SELF], challenge: 8n })).toBe(undefined)
    expect(world.placeOf({ challenge: 8n })).toBeDefined()
  })

  it.each([
    ['by unicast', at(1, 'unicast')],
    ['by a relay', at(1, 'relay')],
    ['by a transport that has one way', { address: 'fe80::1%eth0', port: 2000 }],
    ['from beyond a router', { ...at(1), address: 'fd00::1' }],
  ])('is told with everybody when it comes %s', (_, from) => {
    expect(new World().placeOf({}, from)).toBe(undefined)
  })

  it('is told with everybody where a relay learns from that, and where there is no crowd', () => {
    const world = new World()
    world.context.relayUntil = 1001
    expect(world.placeOf({})).toBe(undefined)
    world.context.relayUntil = 1000
    expect(world.placeOf({})).toBeDefined()
    world.context.isCrowd = false
    expect(world.placeOf({})).toBe(undefined)
  })

  it('is told alone on this host, too', () => {
    expect(new World().placeOf({}, { ...at(1), address: '::1' })).toBeDefined()
  })
})

describe('one hello', () => {
  it('goes to four newcomers, and for five to everybody', () => {
    for (const [count, isAlone] of [
      [4, true],
      [5, false],
    ] as const) {
      const { next } = new World()
      for (let place = 1; place <= count; place++) next.echo(BigInt(place), at(place))
      const { to, flags, echoes } = next.take(1000, ROOM)
      expect(to).toEqual(isAlone ? [1, 2, 3, 4].map((place) => at(place)) : [GROUP])
      expect(flags).toBe(isAlone ? HelloFlag.alone : 0)
      expect(echoes.length).toBe(count)
    }
  })

  it('goes to everybody when it is for somebody who cannot be told alone', () => {
    const { next } = new World()
    next.echo(1n, at(1))
    next.echo(2n)
    expect(next.take(1000, ROOM)).toMatchObject({ to: [GROUP], echoes: [1n, 2n] })
    next.ask(3n)
    next.echo(1n, at(1))
    expect(next.take(1000, ROOM)).toMatchObject({ to: [GROUP], asked: [3n], echoes: [1n] })
  })

  it('goes to everybody when one who was to be told so says something else meanwhile', () => {
    const { next } = new World()
    next.echo(1n)
    next.echo(1n, at(1))
    expect(next.take(1000, ROOM).to).toEqual([GROUP])
    // The same challenge from two places: whose it is nobody knows.
    next.echo(1n, at(1))
    next.echo(1n, at(2))
    expect(next.take(1000, ROOM).to).toEqual([GROUP])
    next.echo(1n, at(1))
    next.echo(1n, at(1))
    expect(next.take(1000, ROOM).to).toEqual([at(1)])
  })

  it('goes to everybody once when everybody is to hear it', () => {
    const { next } = new World()
    next.tellAll()
    next.echo(1n, at(1))
    expect(next.take(1000, ROOM).to).toEqual([GROUP])
    next.echo(1n, at(1))
    expect(next.take(1000, ROOM).to).toEqual([at(1)])
  })

  it('goes to everybody and to those who have called by unicast', () => {
    const { next } = new World()
    next.callBack(at(3, 'unicast'))
    next.callBack(at(4))
    next.echo(1n, at(1))
    expect(next.take(1000, ROOM).to).toEqual([GROUP, at(3, 'unicast')])
    expect(next.take(1000, ROOM).to).toEqual([GROUP])
  })

  it('takes what there is room for, and the rest goes with the next', () => {
    const { next } = new World()
    next.echo(1n, at(1))
    for (let instance = 10n; instance < 15n; instance++) next.ask(instance, at(1))
    expect(next.take(1000, 3)).toMatchObject({ echoes: [1n], asked: [10n, 11n] })
    expect(next.isEmpty).toBe(false)
    expect(next.asks).toBe(3)
    expect(next.isAsked(12n)).toBe(true)
    next.forget(12n)
    expect(next.take(1000, 3)).toMatchObject({ echoes: [], asked: [13n, 14n] })
  })

  it('echoes 32 at most', () => {
    const { next } = new World()
    for (let challenge = 1n; challenge <= 40n; challenge++) next.echo(challenge)
    expect(next.take(1000, ROOM).echoes.length).toBe(32)
  })

  it('answers for as long as answers take', () => {
    const { next } = new World()
    expect(next.hasAnswered(1000, 7n)).toBe(false)
    next.echo(7n)
    next.take(1000, ROOM)
    expect(next.hasAnswered(1033, 7n)).toBe(true)
    expect(next.hasAnswered(1034, 7n)).toBe(false)
  })
})
