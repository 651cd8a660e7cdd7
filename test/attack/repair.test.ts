/** Attacks by way of repair, by outsiders and by members: what they cost a peer at most. */
import { describe, expect } from 'vitest'
import { concat } from '../../bus/core/bytes.ts'
import { type Nak, NAK_SPAN, NakFlag } from '../../bus/core/wire/nak.ts'
import { VARINT_MAX } from '../../bus/core/wire/varint.ts'
import { Answering, range } from '../unit/core/answering.ts'
import { Attack, body, startedEntry } from '../unit/core/attacking.ts'
import { question } from '../unit/core/stream/asking.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import { attack } from './attack.ts'

const RATE = 1_000_000
/** Half of the rate, in packets of a kilobyte. */
const HALF = { packets: 5, size: 1000, everyMs: 10 }

/** What a member asks for that wants to do harm: mostly what there is, and what there is not. */
function absurd(world: Answering, flags: number): Nak {
  const { random, target } = world.attack
  const about = { type: 'nak', target: target.peer.instance, flags, stream: 1 } as const
  const first = random.chance(0.8) ? random.integer(1, 2000) : random.pick([1, 2 ** 32, VARINT_MAX])
  const missing = random.chance(0.5)
    ? new Uint8Array(NAK_SPAN / 8).fill(0xff)
    : random.bytes(random.integer(0, NAK_SPAN / 8))
  return {
    ...about,
    rttUs: random.pick([0, 1, 1000, VARINT_MAX]),
    missed: 0,
    all: VARINT_MAX,
    first,
    missing,
  }
}

/** Ten thousand questions a second, for two seconds: bytes of data that leave meanwhile. */
function flood(world: Answering, flags: number, meanwhile?: () => void): number {
  const before = world.data.length
  for (const end = world.now + 2000; world.now < end; world.wait(1)) {
    for (let i = 0; i < 10; i++) world.send(1, absurd(world, flags))
    meanwhile?.()
  }
  return world.data.slice(before).reduce((sum, { datagram }) => sum + datagram.length, 0)
}

/** Says that everything that is missing from a packet on has expired. */
function expiredFrom(first: number): Uint8Array {
  const entries = [{ first, count: VARINT_MAX - first }]
  return controlBytes({ type: 'expired', stream: 1, entries })
}

/** A publisher with two megabytes to be asked for, and receivers. */
function publisher(): Answering {
  return new Answering({ attached: 3 }).publish(2000, { size: 1000 }).wait(2500)
}

describe('an outsider', () => {
  attack('recorded questions', { by: 'outsider', holds: 'nothing is sent: factor 0' }, () => {
    const world = new Attack()
    const member = world.member()
    world.wait(400)
    const { peer } = world.target
    const message = { topic: 'own/x', segments: ['own', 'x'], codec: 0, urgent: true }
    for (let i = 0; i < 10; i++) {
      peer.publish(world.now, { ...message, payload: new Uint8Array(9), delivery: 'reliable' })
    }
    world.target.drain(world.now)
    const about = {
      type: 'nak',
      target: peer.instance,
      flags: 0,
      rttUs: 0,
      missed: 0,
      all: 0,
      stream: 1,
    } as const
    const recorded = member.control(controlBytes({ ...about, ...question(2, 3) }))
    world.send(recorded).wait(500)
    expect(world.count('repairsSent')).toBe(2)
    const { sentPackets } = world.target
    const { deadline } = peer
    for (let i = 0; i < 1000; i++) world.send(recorded, i % 9)
    expect([world.target.sentPackets, peer.deadline]).toEqual([sentPackets, deadline])
    expect([world.count('replayed'), world.count('naksReceived')]).toEqual([1000, 1])
  })

  attack(
    'changed questions',
    { by: 'outsider', holds: 'nothing is sent, whichever bit is turned' },
    () => {
      const world = new Attack()
      const member = world.member()
      const about = { type: 'nak', target: world.target.peer.instance, flags: 0 } as const
      const nak = { ...about, rttUs: 0, missed: 0, all: 0, stream: 1, ...question(1) }
      const packet = member.control(controlBytes(nak))
      for (let bit = 26 * 8; bit < packet.length * 8; bit++) {
        const changed = packet.slice()
        changed[bit >>> 3]! ^= 1 << (bit & 7)
        world.send(changed)
      }
      expect([world.count('naksReceived'), world.count('forged')]).toEqual([
        0,
        (packet.length - 26) * 8,
      ])
    },
  )
})

describe('a member that asks ten thousand times a second', () => {
  attack(
    'ten thousand questions a second for the group',
    { by: 'member', holds: 'a quarter of the rate is sent at most' },
    () => {
      const world = publisher()
      const bytes = flood(world, 0)
      expect(bytes).toBeLessThanOrEqual(RATE * (2 * 0.25 + 0.25))
      expect(world.count('repairBudget')).toBeGreaterThan(1000)
    },
  )

  attack(
    'ten thousand questions a second for itself',
    { by: 'member', holds: 'no more is sent than the rate, and no more waits than the bound' },
    () => {
      const world = publisher()
      expect(flood(world, NakFlag.solo)).toBeLessThanOrEqual(RATE * 2.1)
      const { length } = world.data
      world.wait(20_000)
      expect(world.data.length - length).toBeLessThanOrEqual(2000)
    },
  )

  attack(
    'new packets',
    { by: 'member', holds: 'questions without end leave the others what is published meanwhile' },
    () => {
      for (const flags of [0, NakFlag.solo]) {
        const world = publisher()
        const head = 2000
        let rounds = 0
        flood(world, flags, () => {
          if (rounds++ % HALF.everyMs === 0) world.publish(HALF.packets, { size: HALF.size })
        })
        const packets = world.data.filter(({ number, to }) => number > head && to === 'group')
        const fresh = new Set(packets.map(({ number }) => number))
        // 200 rounds of five; what was published last may still wait.
        expect(fresh.size).toBeGreaterThan(980)
      }
    },
  )

  attack(
    'the repairs of others',
    { by: 'member', holds: 'questions without end do not keep them away' },
    () => {
      for (const flags of [0, NakFlag.solo]) {
        const world = publisher()
        let rounds = 0
        flood(world, flags, () => {
          if (rounds++ % 50 === 0) world.ask(2, [100 + rounds], { solo: true })
        })
        const got = world.wait(500).data.filter(({ to }) => to === '2' || to === 'group')
        const numbers = new Set(got.slice(2000).map(({ number }) => number))
        const wanted = Array.from({ length: 38 }, (__, i) => 101 + i * 50)
        expect(wanted.filter((number) => !numbers.has(number))).toEqual([])
      }
    },
  )

  attack(
    'questions for what is no longer there',
    { by: 'member', holds: 'it is told so within its share' },
    () => {
      const rate = 100_000
      const world = new Answering({ attached: 3, limits: { historySize: 2000 }, rate })
      world.publish(100).wait(500)
      const before = world.attack.target.sentBytes
      for (let i = 0; i < 2000; i++, world.wait(1)) {
        for (let j = 0; j < 10; j++) world.ask(1, [1 + (j % 50)])
      }
      expect(world.attack.target.sentBytes - before).toBeLessThanOrEqual(rate * 0.75)
    },
  )

  attack(
    'absurd round trips',
    { by: 'member', holds: 'the group still asks again in time' },
    () => {
      const world = publisher().ask(1, [1], { rttUs: VARINT_MAX }).publish(1).wait(100)
      // Six round trips are waited for an answer, and what is missing is given up after ten seconds.
      expect((world.heartbeat!.grttUs / 1000) * 6).toBeLessThan(5000)
    },
  )
})

describe('a publisher that lies', () => {
  attack(
    'a head at the end of the numbers',
    { by: 'member', holds: 'it costs a subscriber a few questions' },
    () => {
      const world = new Attack({}, { open: true })
      const member = world.member()
      world.announce(member, ['plant/1/x']).wait(100)
      const asker = world.target.peer.instance
      const entries = [startedEntry(1, { head: VARINT_MAX, behind: VARINT_MAX })]
      world.send(member.control(controlBytes({ type: 'started', asker, entries })))
      const far = [{ stream: 1, head: VARINT_MAX, index: VARINT_MAX, receivers: VARINT_MAX }]
      for (let i = 0; i < 100; i++) {
        const heartbeat = { type: 'heartbeat', flags: 0, grttUs: VARINT_MAX, entries: far } as const
        world.send(member.control(controlBytes(heartbeat))).wait(1)
        world.send(member.data(1, 2 + i * 2 ** 30, { flags: 0, body: body(i) }))
      }
      world.wait(50)
      expect(world.count('naksSent')).toBeLessThanOrEqual(10)
    },
  )

  attack(
    'an oldest packet there',
    { by: 'member', holds: 'it moves the stream of its publisher alone' },
    () => {
      const world = new Answering({ attached: 0, streams: 0 })
      const [one, two] = [world.member(1), world.member(2)]
      for (const [place, member] of [one, two].entries()) {
        world.attack.announce(member, [`plant/${place}/x`]).wait(100)
        const asker = world.attack.target.peer.instance
        const entries = [startedEntry(1, { ask: place + 1 })]
        world.send(place + 1, { type: 'started', asker, entries })
      }
      for (const stream of [0, 1, 2, VARINT_MAX]) {
        world.send(2, { type: 'oldest', stream, first: VARINT_MAX, index: VARINT_MAX })
      }
      for (const number of range(1, 3)) {
        const packet = { flags: 0, body: body(number - 1) }
        world.attack.send(one.data(1, number, packet)).send(two.data(1, number, packet))
      }
      expect(world.attack.target.delivered).toBe(3)
    },
  )

  attack(
    'thousands of packets called expired by a few bytes',
    { by: 'member', holds: 'as many are believed as it can have been asked for' },
    () => {
      const world = new Attack()
      const member = world.member()
      world.announce(member, ['plant/1/x']).wait(100)
      const asker = world.target.peer.instance
      const entries = [startedEntry(1)]
      world.send(member.control(controlBytes({ type: 'started', asker, entries })))
      const records = range(1, 40).flatMap((round) => {
        const head = round * NAK_SPAN
        const far = [{ stream: 1, head, index: 0, receivers: 1 }]
        const heartbeat = { type: 'heartbeat', flags: 0, grttUs: 9, entries: far } as const
        // All but the first, which holds up the rest; then the first.
        return [controlBytes(heartbeat), expiredFrom(head - NAK_SPAN + 2), expiredFrom(1)]
      })
      world.send(member.control(concat(...records)))
      expect(world.count('expiryBudget')).toBeGreaterThan(70)
      const last = 4 * NAK_SPAN
      world.send(member.data(1, last + 2, { flags: 0, body: body(1) }))
      expect(world.target.delivered).toBe(0)
      world.send(member.data(1, last + 1, { flags: 0, body: body(0) }))
      expect(world.target.delivered).toBe(2)
      // A second later it is believed again.
      world.wait(1000).send(member.control(concat(...range(1, 3).map(() => expiredFrom(1)))))
      world.send(member.data(1, 2 * last + 3, { flags: 0, body: body(2) }))
      expect(world.target.delivered).toBe(3)
    },
  )

  attack(
    'numbers beyond what can be counted',
    { by: 'member', holds: 'they are malformed; what follows the largest ones ends, too' },
    () => {
      const world = new Attack()
      const member = world.member()
      world.announce(member, ['plant/1/x']).wait(100)
      const asker = world.target.peer.instance
      const beyond = [VARINT_MAX + 1, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER]
      for (const number of beyond) {
        const entries = [startedEntry(1, { start: number, head: number })]
        world.send(member.control(controlBytes({ type: 'started', asker, entries })))
      }
      expect(world.count('malformed')).toBe(beyond.length)
      const entries = [startedEntry(1, { start: VARINT_MAX - 200, head: VARINT_MAX - 200 })]
      world.send(member.control(controlBytes({ type: 'started', asker, entries })))
      for (const number of [150, 100, 1, 0].map((left) => VARINT_MAX - left)) {
        world.send(member.data(1, number, { flags: 0, body: body(0) })).wait(100)
      }
      world.wait(30_000)
      expect(world.count('malformed')).toBe(beyond.length)
    },
  )
})
