/** Floods: what they cost, what they make a peer send, and that the others go on meanwhile. */
import { describe, expect } from 'vitest'
import { concat } from '../../bus/core/bytes.ts'
import { Kind, readHeader } from '../../bus/core/wire/packet.ts'
import type { Bus } from '../../bus/api/options.ts'
import type { Random } from '../../bus/testing/random.ts'
import { acquainted, first } from '../unit/api/company.ts'
import { attack } from './attack.ts'
import { made } from './made.ts'
import { memory } from './memory.ts'
import { Segment, flood } from './tap.ts'
import { dice, flipped, Twin } from './twins.ts'

/** Who is heard, and the hint of their realm: what anybody on the segment sees. */
function seenOn(segment: Segment): { instances: bigint[]; hint: number } {
  const headers = segment.heard.map(({ datagram }) => readHeader(datagram))
  return {
    instances: [...new Set(headers.map(({ instance }) => instance))],
    hint: headers[0]!.hint,
  }
}

/** Datagrams. */
const FLOOD = 2000

/** Two that know each other talk while it rains; then somebody new comes. */
async function endure(
  make: (random: Random, count: number, seen: ReturnType<typeof seenOn>) => Uint8Array,
  terms: { readonly perTurn: number; readonly taps?: number } = { perTurn: 20 },
) {
  await using segment = new Segment()
  const [a, b] = [await segment.bus(), await segment.bus()]
  await acquainted(a, b)
  const got = b.subscribe<number>('work')
  expect(await a.matched('work')).toBe(1)
  const seen = seenOn(segment)
  const random = dice('flood')
  const rain = await flood(segment, (from, count) => make(from, count, seen), { ...terms, random })
  const begun = performance.now()
  const values = first(300, got)
  for (let i = 0; i < 300; i++) {
    a.publish('work', i)
    if (i % 30 === 29) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect((await values).map(({ value }) => value)).toEqual(Array.from({ length: 300 }, (_, i) => i))
  const talkMs = performance.now() - begun
  // However fast the machine is: a flood it shall be.
  await rain.fallen(FLOOD)
  const newcomer = await segment.bus()
  const came = first(1, newcomer.subscribe<string>('news'))
  await met(a, newcomer)
  a.publish('news', 'welcome')
  const welcome = (await came)[0]!.value
  const ms = performance.now() - begun
  const count = await rain.stop()
  return { talkMs, ms, count, welcome, gaps: b.stats().messagesLost, stats: b.stats() }
}

async function met(bus: Bus, other: Bus): Promise<void> {
  const changes = bus.presence.watch()
  if (bus.presence.get(other.id)) return
  for await (const { type, peer } of changes) {
    if (type === 'join' && peer.id === other.id) return
  }
}

describe('a flood', () => {
  attack(
    'of random bytes',
    { by: 'outsider', holds: 'messages go on in order, and newcomers come in' },
    async () => {
      const outcome = await endure((random) => random.bytes(random.integer(0, 300)))
      expect(outcome).toMatchObject({ welcome: 'welcome', gaps: 0 })
      expect(outcome.count).toBeGreaterThanOrEqual(FLOOD)
    },
  )

  attack(
    'of packets of members with bodies of nobody',
    { by: 'outsider', holds: 'messages go on in order, and newcomers come in' },
    async () => {
      const outcome = await endure((random, count, { instances, hint }) => {
        const kind = count % 2 === 0 ? Kind.data : Kind.control
        const instance = instances[count % instances.length]!
        return made(random, { kind, instance, hint, stream: kind === Kind.data ? 1 : 0 })
      })
      expect(outcome).toMatchObject({ welcome: 'welcome', gaps: 0 })
      expect(outcome.stats.forged).toBeGreaterThan(200)
    },
  )

  attack(
    'of unknown instances',
    { by: 'outsider', holds: 'a full quarantine keeps nobody out' },
    async () => {
      const outcome = await endure((random, _, { hint }) => made(random, { hint }))
      expect(outcome).toMatchObject({ welcome: 'welcome', gaps: 0 })
      expect(outcome.stats.quarantineFull).toBeGreaterThan(200)
    },
  )

  attack(
    'of forged hellos',
    {
      by: 'outsider',
      holds: 'those who know each other go on at once; newcomers come in when it ends or between',
    },
    async () => {
      const outcome = await endure(
        (random, _, { hint }) => made(random, { kind: Kind.hello, hint }),
        { perTurn: 30, taps: 5 },
      )
      expect(outcome).toMatchObject({ welcome: 'welcome', gaps: 0 })
      expect(outcome.stats.forged).toBeGreaterThan(500)
    },
  )

  attack(
    'of hellos beyond the budget',
    { by: 'outsider', holds: 'the rest of the second is dropped unread; the next begins anew' },
    () => {
      const twin = new Twin()
      const { attack: world } = twin
      const { failedHellos, failedHellosBySource } = world.target.limits
      const random = dice('hellos')
      const { hint } = world.keys
      for (let i = 0; i < failedHellosBySource + 100; i++) {
        world.send(made(random, { kind: Kind.hello, hint }), 1)
      }
      expect(world.count('helloBudget')).toBe(100)
      for (let i = 0; i < failedHellos; i++) {
        world.send(made(random, { kind: Kind.hello, hint }), 2 + (i % 50))
      }
      expect(world.count('helloBudget')).toBe(100 + failedHellosBySource)
      // Meanwhile the others are heard, a second later newcomers as well.
      const { delivered } = world.target
      world.send(twin.data(2)).send(twin.data(3))
      expect(world.target.delivered).toBe(delivered + 2)
      const late = world.stranger()
      world.send(late.hello({ echoes: [world.target.challenge] }), 3)
      expect(world.target.present.size).toBe(1)
      world.wait(1000).member()
      expect(world.target.present.size).toBe(2)
    },
  )

  attack(
    'and the time it takes',
    { by: 'outsider', holds: 'no kind of bad packet costs more than 100 us, on a busy machine' },
    () => {
      const twin = new Twin()
      const { attack: world } = twin
      const random = dice('cost')
      const { hint } = world.keys
      const { instance } = twin.member.sender
      const kinds = {
        random: () => random.bytes(300),
        magic: () => made(random, { hint }),
        data: () => made(random, { hint, instance, stream: 1 }),
        control: () => made(random, { hint, instance, kind: Kind.control, stream: 0 }),
        hello: () => made(random, { hint, kind: Kind.hello }),
        own: () => made(random, { hint, instance: world.target.peer.instance, kind: Kind.control }),
      }
      for (const [name, make] of Object.entries(kinds)) {
        const packets = Array.from({ length: 4000 }, make)
        // Of this process alone: what else the machine does is no cost of a packet.
        const start = process.cpuUsage()
        for (const packet of packets) world.target.hear(world.now, packet, SOURCE)
        const { user, system } = process.cpuUsage(start)
        const microseconds = (user + system) / packets.length
        expect({ name, cheap: microseconds < 100 }).toEqual({ name, cheap: true })
        world.wait(1100)
      }
    },
  )

  attack(
    'of everything at once',
    { by: 'outsider', holds: 'a hundred thousand packets later it holds no more than before' },
    () => {
      const twin = new Twin()
      const { attack: world } = twin
      const random = dice('memory')
      const { hint } = world.keys
      const { instance } = twin.member.sender
      const some = (count: number): void => {
        for (let i = 0; i < count; i++) {
          const known = random.chance(0.5) ? { instance } : {}
          const kind = random.pick([Kind.data, Kind.control, Kind.hello])
          world.send(made(random, { hint, kind, ...known }), random.integer(1, 1000))
          if (i % 100 === 0) world.wait(2).send(twin.beacon())
        }
      }
      some(20_000)
      const before = memory()
      some(80_000)
      world.wait(2000)
      expect(memory() - before).toBeLessThan(1024 * 1024)
      expect(world.target.peer.held).toMatchObject({ packets: 0, size: 0 })
    },
  )
})

describe('what an outsider makes a peer send', () => {
  /** Bytes out beyond those of a peer left alone, and bytes in, over ten seconds. */
  function amplified(make: (twin: Twin, count: number) => Uint8Array) {
    const [attacked, spared] = [new Twin(), new Twin()]
    const before = attacked.attack.target.sentBytes
    let bytesIn = 0
    for (let ms = 0; ms < 10_000; ms += 10) {
      for (const twin of [attacked, spared]) {
        if (ms % 500 === 0) twin.attack.send(twin.beacon())
        twin.attack.wait(10)
      }
      for (let i = 0; i < 10; i++) {
        const packet = make(attacked, ms + i)
        bytesIn += packet.length
        attacked.attack.send(packet, i)
      }
    }
    const own = spared.attack.target.sentBytes - before
    return { bytesIn, bytesOut: attacked.attack.target.sentBytes - before - own }
  }

  attack(
    'by unknown instances',
    { by: 'outsider', holds: '20 questions a second, a fiftieth of what a thousand packets bring' },
    () => {
      const random = dice('unknown')
      const { bytesIn, bytesOut } = amplified((twin) =>
        made(random, { hint: twin.attack.keys.hint }),
      )
      expect(bytesOut / bytesIn).toBeLessThan(0.06)
      expect(bytesOut).toBeGreaterThan(0)
    },
  )

  attack(
    'by unknown streams of a member',
    {
      by: 'outsider',
      holds: 'questions for bindings have a pace: far less goes out than comes in',
    },
    () => {
      const random = dice('streams')
      const { bytesIn, bytesOut } = amplified((twin, count) => {
        const { instance } = twin.member.sender
        return made(random, { hint: twin.attack.keys.hint, instance, stream: 2 + count })
      })
      expect(bytesOut / bytesIn).toBeLessThan(0.1)
    },
  )

  attack(
    'by recorded questions for everybody',
    {
      by: 'outsider',
      holds: 'a peer answers 25 times a second at most: factor 0.2 at 1,000 a second',
    },
    () => {
      const recorded: Uint8Array[] = []
      const { bytesIn, bytesOut } = amplified(({ attack: world }, count) => {
        // More than a peer remembers, so that each looks new again.
        if (recorded.length < 3000) recorded.push(world.stranger().hello({ flags: 2 }))
        return recorded[count % recorded.length]!
      })
      expect(bytesOut / bytesIn).toBeLessThan(0.2)
    },
  )

  attack('by control that is sent again', { by: 'outsider', holds: 'nothing: factor 0' }, () => {
    const { bytesOut } = amplified(({ recorded }) =>
      concat(recorded.control, recorded.bindings, recorded.data, recorded.hello),
    )
    expect(bytesOut).toBe(0)
  })

  attack(
    'to an address of its choice',
    { by: 'outsider', holds: 'nothing goes to an address that no member was heard from' },
    () => {
      const twin = new Twin()
      twin.future()
      const { attack: world, recorded } = twin
      const sent: string[] = []
      world.target.watch = (to) => void (typeof to === 'object' && sent.push(to.address))
      const random = dice('victim')
      const { hint } = world.keys
      for (let i = 0; i < 300; i++) {
        // What a member asks for is on its way when the attacker speaks.
        world.send(twin.questions())
        for (const packet of Object.values(recorded)) {
          world.send(packet, 66).send(flipped(packet, 210 + i), 66)
        }
        world.send(flipped(twin.beacon(), 300), 66)
        world.send(made(random, { hint, kind: random.integer(0, 2) }), 66).wait(5)
      }
      expect(sent).toContain('fe80::1')
      expect(sent.filter((address) => address === 'fe80::66')).toEqual([])
    },
  )
})

const SOURCE = { address: 'fe80::5', port: 5 }
