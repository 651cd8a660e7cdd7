/** How a peer answers those who ask: to whom, how often, until when, and within which bounds. */
import { describe, expect, it } from 'vitest'
import { concat } from '../../../../bus/core/bytes.ts'
import type { Output } from '../../../../bus/core/output.ts'
import { VARINT_MAX } from '../../../../bus/core/wire/varint.ts'
import { Responding } from '../responding.ts'

describe('an answer', () => {
  it('goes to the one who has asked, by unicast, and is sent until it is acknowledged', () => {
    const world = new Responding()
    expect(world.answer(1, 100)).toBeUndefined()
    expect(world.log()).toEqual(['1.0 to 1'])
    world.wait(200)
    const again = world.log()
    expect(again.length).toBeGreaterThan(1)
    expect(world.count('answersResent')).toBe(again.length)
    world.acknowledge(1, world.pieces[0]!.number).wait(5000)
    expect(world.log()).toEqual([])
    expect([world.size, world.count('answersGivenUp')]).toEqual([0, 0])
  })

  it('names the stream that it was asked by, and the answer before it to the same asker', () => {
    const world = new Responding()
    for (const place of [1, 2]) world.asker(place)
    for (const place of [1, 2, 1, 2, 1]) world.answer(place, 10)
    expect(world.pieces.map(({ to, id, previous }) => [to, id, previous])).toEqual([
      [1, 1, 0],
      [2, 2, 0],
      [1, 3, 1],
      [2, 4, 2],
      [1, 5, 3],
    ])
    expect(world.pieces.every(({ stream }) => stream === 1)).toBe(true)
  })

  it('is cut into pieces that fit packets, which come again byte for byte', () => {
    const world = new Responding()
    world.answer(1, 5000)
    const first = [...world.pieces]
    expect(first.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5])
    expect(Math.max(...first.map(({ datagram }) => datagram.length))).toBeLessThanOrEqual(1232)
    expect(concat(...first.map(({ bytes }) => bytes))).toEqual(
      Uint8Array.from({ length: 5000 }, (_, i) => i),
    )
    world.log()
    world.acknowledge(1, 1, 2, 4).wait(100)
    expect(new Set(world.log())).toEqual(
      new Set([`1.${first[2]!.offset} to 1`, `1.${first[4]!.offset} to 1`]),
    )
    for (const { number, datagram } of world.pieces) {
      expect(datagram).toEqual(first[number - 1]!.datagram)
    }
  })

  it('comes again ever later, as far as a second, from what acknowledgements have taken', () => {
    const world = new Responding()
    world.answer(1, 1)
    world.wait(6000)
    const gaps = world.pieces.map(({ at }) => at).map((at, i, all) => at - (all[i - 1] ?? at))
    const sorted = gaps.toSorted((a, b) => a - b)
    expect(gaps).toEqual(sorted)
    expect(gaps.at(-1)).toBeGreaterThan(900)
    expect(gaps.at(-1)).toBeLessThan(1100)
  })

  it('waits a random time below its spread before it first leaves', () => {
    const times = new Set<number>()
    const world = new Responding()
    world.asker(1)
    for (let i = 0; i < 20; i++) {
      const { now } = world
      world.answer(1, 1, { spreadMs: 400 })
      expect(world.pieces.length).toBe(i)
      while (world.pieces.length === i) world.wait(20)
      times.add(world.now - now)
      world.acknowledge(1, world.pieces[i]!.number)
    }
    expect(Math.max(...times)).toBeLessThanOrEqual(420)
    expect(times.size).toBeGreaterThan(5)
  })

  it('to a question of this peer itself needs no packet', () => {
    const world = new Responding()
    const { target } = world.attack
    const told: Output[] = []
    target.notice = (output) => void told.push(output)
    const about = { topic: 'own/x', segments: ['own', 'x'], delivery: 'reliable' } as const
    target.peer.offer(world.now, about)
    const self = { to: target.peer.instance, stream: 1 }
    expect(world.answer(1, 3, { ...self, spreadMs: 50 })).toBeUndefined()
    const answers = told.filter(({ type }) => type === 'answer')
    const payload = Uint8Array.of(0, 1, 2)
    expect(answers).toEqual([
      { type: 'answer', from: target.peer.instance, topic: 'own/x', payload },
    ])
    expect([world.pieces.length, world.count('answersSent')]).toEqual([0, 1])
    expect(world.answer(1, 3, { ...self, stream: 2 })).toBe('gone')
  })
})

describe('an answer is given up', () => {
  it('when its life is over, also before it has left', () => {
    const world = new Responding()
    world.answer(1, 1, { lifeMs: 300 })
    world.answer(1, 1, { lifeMs: 0.5, spreadMs: 10_000 })
    world.wait(400)
    expect([world.count('answersGivenUp'), world.size]).toEqual([2, 0])
    expect(world.log().filter((word) => word !== '1.0 to 1')).toEqual([])
    const { length } = world.pieces
    world.wait(2000)
    expect(world.pieces).toHaveLength(length)
  })

  it('when nothing was acknowledged for long, however long its life', () => {
    const world = new Responding({ limits: { answerAge: 3000 } })
    world.answer(1, 3000)
    world.acknowledge(1, 1).wait(2000).acknowledge(1, 2).wait(2000)
    expect(world.count('answersGivenUp')).toBe(0)
    world.wait(1500)
    expect([world.count('answersGivenUp'), world.size]).toEqual([1, 0])
  })

  it('when its asker has gone', () => {
    const world = new Responding()
    world.answer(1, 1)
    world.answer(2, 1)
    world.wait(9000, [1])
    expect(world.attack.target.present.size).toBe(1)
    expect(world.count('answersGivenUp')).toBe(1)
    expect(world.answer(1, 1)).toBe('gone')
  })

  it('and those behind it are told, as often as it takes', () => {
    const world = new Responding()
    world.answer(1, 1, { lifeMs: 100 })
    world.answer(1, 1)
    world.acknowledge(1, 2).log()
    world.wait(400)
    expect(world.log().at(-1)).toBe('no 1 to 1')
    world.answer(1, 1)
    const last = world.pieces.at(-1)!
    expect([last.id, last.previous]).toEqual([3, 2])
    const none = world.pieces.find(({ givenUp }) => givenUp)!
    expect([none.id, none.previous, none.totalSize]).toEqual([1, 0, 0])
    world.acknowledge(1, none.number, last.number).log()
    world.wait(3000)
    expect([world.log(), world.count('answersGivenUp')]).toEqual([[], 1])
  })

  it('and where none is behind it, the next one does not wait for it', () => {
    const world = new Responding()
    world.answer(1, 1)
    world.acknowledge(1, 1)
    world.answer(1, 1, { lifeMs: 100 })
    world.wait(200)
    world.answer(1, 1)
    const last = world.pieces.at(-1)!
    expect([last.id, last.previous]).toEqual([3, 1])
  })
})

describe('a close', () => {
  it('waits until answers are acknowledged', () => {
    const { world, closed } = closing()
    world.wait(400)
    expect(closed).toEqual([])
    world.acknowledge(1, 1).wait(300)
    expect(closed).toEqual([{ type: 'closed', unconfirmed: [], incomplete: [] }])
    expect(world.count('answersGivenUp')).toBe(0)
  })

  it('or for as long as it lingers behind the last one, and says who has not', () => {
    const { world, closed } = closing()
    world.wait(20_000)
    const { instance } = world.asker(1).sender
    expect(closed).toMatchObject([{ unconfirmed: [{ instance }] }])
    expect(world.count('answersGivenUp')).toBe(1)
  })
})

/** A peer that has answered and closes, with a linger of a second. */
function closing(): { readonly world: Responding; readonly closed: Output[] } {
  const world = new Responding()
  const closed: Output[] = []
  const { target } = world.attack
  target.notice = (output) => {
    if (output.type === 'closed') closed.push(output)
  }
  world.answer(1, 10)
  target.peer.close(world.now, 1000)
  target.drain(world.now)
  return { world, closed }
}

describe('bounds of answers', () => {
  it('forbid one that is too large', () => {
    const world = new Responding({ limits: { answerSize: 2000 } })
    expect([world.answer(1, 2000), world.answer(1, 2001)]).toEqual([undefined, 'size'])
  })

  it('forbid what is more than may wait, until some of it has come', () => {
    const world = new Responding({ limits: { answersSize: 3 * (256 + 100) } })
    const taken = [100, 100, 100, 0].map((size) => world.answer(1, size))
    expect(taken).toEqual([undefined, undefined, undefined, 'queue'])
    expect(world.count('answersFull')).toBe(1)
    world.acknowledge(1, 2)
    expect([world.answer(1, 100), world.answer(1, 0)]).toEqual([undefined, 'queue'])
  })

  it('forbid one to somebody who is not here, or by a stream that is not known', () => {
    const world = new Responding()
    const { instance } = world.attack.stranger().sender
    expect(world.answer(1, 1, { to: instance })).toBe('gone')
    expect(world.answer(1, 1, { stream: 2 })).toBe('gone')
    expect(world.count('answersSent')).toBe(0)
  })

  it('keep one asker from holding up others: they take turns', () => {
    const world = new Responding({ rate: 50_000 })
    world.asker(2)
    world.answer(1, 200_000)
    world.log()
    world.answer(2, 1)
    world.wait(100)
    const log = world.log()
    expect(log.findIndex((word) => word.endsWith('to 2'))).toBeLessThanOrEqual(1)
    expect(log.length).toBeLessThan(10)
  })

  it('leave streams their part of the rate', () => {
    const world = new Responding({ rate: 50_000 })
    const { peer } = world.attack.target
    const about = { topic: 'own/x', segments: ['own', 'x'], delivery: 'reliable' } as const
    world.answer(1, 400_000)
    const before = peer.metrics.get('packetsSent')
    world.log()
    for (let i = 0; i < 40; i++) {
      const message = { ...about, codec: 0, payload: new Uint8Array(1000), urgent: false }
      peer.publish(world.now, message)
    }
    peer.turnEnds(world.now)
    world.attack.target.drain(world.now)
    world.wait(1000)
    const answers = world.log().length
    const others = peer.metrics.get('packetsSent') - before - answers
    expect(others).toBeGreaterThan(answers * 0.5)
    expect(answers).toBeGreaterThan(5)
  })
})

describe('an acknowledgement', () => {
  it('counts for the answers to its sender alone', () => {
    const world = new Responding()
    world.answer(1, 1)
    world.asker(2)
    world.acknowledge(2, 1)
    expect(world.size).toBeGreaterThan(0)
    world.acknowledge(1, 1)
    expect(world.size).toBe(0)
  })

  it('of what was never sent counts as malformed, however much it names', () => {
    const world = new Responding()
    world.answer(1, 1)
    const answerer = world.attack.target.peer.instance
    world.say(1, [{ answerer, runs: [{ first: 1, count: VARINT_MAX }] }])
    expect([world.count('malformed'), world.size > 0]).toEqual([1, true])
    world.say(1, [{ answerer, runs: [{ first: 0, count: 2 }] }])
    expect([world.count('malformed'), world.size]).toEqual([1, 0])
  })

  it('for somebody else is none', () => {
    const world = new Responding()
    world.answer(1, 1)
    world.say(1, [{ answerer: 7n, runs: [{ first: 1, count: 1 }] }])
    expect([world.count('malformed'), world.size > 0]).toEqual([0, true])
  })

  it('is answered with nothing', () => {
    const world = new Responding()
    world.answer(1, 1)
    world.acknowledge(1, 1)
    const { sentPackets } = world.attack.target
    for (let i = 0; i < 50; i++) world.acknowledge(1, 1)
    expect(world.attack.target.sentPackets).toBe(sentPackets)
  })
})
