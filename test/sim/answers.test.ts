/** Answers in lossy worlds: each comes once and in order, or its answerer counts it as given up. */
import { describe, expect, it } from 'vitest'
import { defaultLimits } from '../../bus/core/limits.ts'
import { EpochRealm } from './epoch-realm.ts'
import { ask, Inquiry, type Setting as Asking } from './inquiry.ts'
import type { Process } from './process.ts'
import { Scene, type Setting } from './scene.ts'
import { CLEAR, type Weather } from './weather.ts'
import type { World } from './world.ts'

function storm(loss: number): Weather {
  // It is lost on either of two cables.
  const alone = 1 - Math.sqrt(1 - loss)
  return { ...CLEAR, jitterMs: 2, loss: alone, duplicate: 0.05, overtaken: 0.05, overtakenMs: 20 }
}

function lossy(seed: number, weather: Weather, about?: Asking['about']): Inquiry {
  const inquiry = new Inquiry({
    seed,
    askers: 3,
    answerers: 5,
    plan: { weather },
    ...(about && { about }),
  })
  inquiry.wait(3000)
  return inquiry
}

describe('answers', () => {
  it('need one packet each, and few acknowledgements, where nothing is lost', () => {
    const inquiry = lossy(1, CLEAR, () => ({ size: 100, spreadMs: 0, lifeMs: 5000 }))
    inquiry.ask(40, 2000)
    inquiry.wait(4000)
    inquiry.check()
    const { world } = inquiry
    expect(inquiry.counts).toEqual({ given: 3 * 5 * 40, come: 3 * 5 * 40 })
    expect(world.wire.directPackets).toBe(3 * 5 * 40)
    expect(world.sum('answersResent')).toBe(0)
  })

  it.each([0, 0.05, 0.2].flatMap((loss) => [1, 2, 3, 4].map((seed) => ({ loss, seed }))))(
    'all come, each once and in order, though packets are lost, doubled and late: $loss, seed $seed',
    ({ loss, seed }) => {
      const inquiry = lossy(seed, storm(loss))
      inquiry.ask(40, 3000)
      inquiry.wait(25_000)
      inquiry.check()
      const { given, come } = inquiry.counts
      expect(given).toBeGreaterThan(3 * 5 * 40 * 0.95)
      expect(come).toBe(given)
    },
  )

  it.each([1, 2, 3, 4, 5, 6])(
    'come or are given up, whoever is cut off and for how long: seed %d',
    (seed) => {
      const about: Asking['about'] = (random) => ({
        size: random.pick([4, 300, 9000]),
        spreadMs: random.pick([0, 100]),
        lifeMs: random.pick([200, 1000, 30_000]),
      })
      const inquiry = lossy(seed, storm(0.05), about)
      const { world, askers, answerers } = inquiry
      inquiry.ask(60, 12_000)
      const [asker] = askers
      for (const [place, answerer] of answerers.entries()) {
        const [from, to] = [asker!.options.host, answerer.options.host]
        // One way alone, both ways, for a moment, or until they lose sight of each other.
        world.schedule.after(500 * place, () => {
          if (place !== 1) world.network.cut(from, to)
          if (place !== 2) world.network.cut(to, from)
        })
      }
      world.schedule.after(4000, () => world.network.mend(answerers[3]!.options.host))
      world.schedule.after(11_000, () => world.network.mend())
      inquiry.wait(20_000)
      world.network.heal()
      inquiry.wait(30_000)
      inquiry.check()
      const { given, come } = inquiry.counts
      expect(world.sum('answersGivenUp')).toBeGreaterThan(0)
      expect(come).toBeGreaterThan(given / 2)
    },
  )

  it('keep within the bounds of memory at both ends, however many are asked for', () => {
    const limits = { answersSize: 60_000, answersHeldSize: 80_000, answerSize: 10_000 }
    const inquiry = new Inquiry({
      seed: 1,
      askers: 2,
      answerers: 12,
      plan: { weather: storm(0.1), limits: { ...defaultLimits, ...limits } },
      about: () => ({ size: 9000, spreadMs: 0, lifeMs: 20_000 }),
    })
    inquiry.wait(3000)
    inquiry.ask(100, 500)
    inquiry.wait(40_000)
    inquiry.check()
    expect(inquiry.heldMax).toBeLessThanOrEqual(80_000)
    expect(inquiry.refused).toBeGreaterThan(0)
    const { given, come } = inquiry.counts
    expect(come).toBeGreaterThan(given * 0.9)
  })
})

describe('a thousand answers to one question', () => {
  it('all come at a loss of 5 %, for few packets more', () => {
    const inquiry = new Inquiry({
      seed: 1,
      askers: 1,
      answerers: 1000,
      plan: { weather: { ...CLEAR, loss: 0.025 }, limits: { ...defaultLimits, askedHellos: 1000 } },
      about: () => ({ size: 200, spreadMs: 200, lifeMs: 20_000 }),
      apart: true,
    })
    const { world, askers } = inquiry
    const [asker] = askers
    for (let rounds = 0; rounds < 8 && knowing(world, asker!, inquiry.answerers) < 1000; rounds++) {
      asker!.command((peer, now) => peer.pathChanged(now))
      inquiry.wait(2000)
    }
    inquiry.ask(1, 0)
    // The stream is new: everybody attaches to it, and then nothing is left to be said.
    for (let waited = 0; waited < 30 && inquiry.counts.come < 1000; waited++) inquiry.wait(1000)
    inquiry.wait(2000)
    expect(inquiry.counts).toEqual({ given: 1000, come: 1000 })
    const { metrics } = asker!.peer
    const before = [world.wire.directPackets, metrics.get('packetsSent')]
    const resent = world.sum('answersResent')
    inquiry.ask(1, 0)
    inquiry.wait(3000)
    inquiry.check()
    expect(inquiry.counts).toEqual({ given: 2000, come: 2000 })
    const packets = [world.wire.directPackets - before[0]!, world.sum('answersResent') - resent]
    // One in twenty is lost, and so are its acknowledgement or the packet that has others' as well.
    expect(packets[0]).toBe(1000 + packets[1]!)
    expect(packets[1]).toBeLessThan(250)
    // Acknowledgements, heartbeats, repairs of the question, beacons.
    expect(metrics.get('packetsSent') - before[1]!).toBeLessThan(250)
  }, 240_000)
})

/** How many answerers know the asker. */
function knowing(world: World, asker: Process, answerers: readonly Process[]): number {
  return answerers.filter((one) => world.presence.seenBy(one).has(asker)).length
}

describe('answers while the keys of the realm change', () => {
  it.each([
    { seed: 1, isAtOnce: false },
    { seed: 2, isAtOnce: true },
  ])('all come, each once, seed $seed', ({ seed, isAtOnce }) => {
    const realm = new EpochRealm(seed)
    const asker = realm.member(false)
    const answerers = [realm.member(true), realm.member(true), realm.member(true)]
    const members = [asker, ...answerers]
    const come = answering(realm.world)
    realm.wait(2000)
    for (const epoch of [1, 2]) {
      for (let i = 0; i < 100; i++) {
        ask(realm.world, asker)
        if (i === 30) realm.adopt(members[epoch]!, realm.page(epoch, { members, isAtOnce }))
        realm.wait(20)
      }
    }
    realm.wait(8000)
    for (const member of members) {
      expect(realm.told.get(member)?.at(-1)).toBe('entered 2')
      expect(realm.count(member, 'forged') + realm.count(member, 'answersGivenUp')).toBe(0)
    }
    expect(come).toHaveLength(3 * 200)
    expect(new Set(come).size).toBe(3)
  })
})

describe('answers by relays', () => {
  const link: Setting = { peers: [0, 0], relays: [[0]], linked: [0, 0] }
  const segments: Setting = { peers: [0, 1, 1], relays: [[0, 1]], linked: [0] }
  const trunks: Setting = { peers: [0, 1, 2], relays: [[0], [1], [2]], linked: [0, 2] }
  const chain = { ...trunks, trunks: [[0, 1] as const, [1, 2] as const] }
  const settings = { link, segments, chain }

  it.each(
    Object.entries(settings).flatMap(([name, setting]) =>
      [0, 0.03].map((loss) => ({ name, setting, loss })),
    ),
  )('come to everybody from everybody: $name, loss $loss', ({ setting, loss }) => {
    const scene = new Scene(1, { ...setting, loss })
    const { world, processes } = scene
    const come = answering(world)
    for (const process of processes) ask(world, process)
    scene.wait(8000)
    const all = processes.flatMap((one) =>
      processes.filter((other) => other !== one).map(({ peer }) => `${peer.instance} to ${one.id}`),
    )
    expect(come.toSorted()).toEqual(all.toSorted())
    expect(world.sum('answersGivenUp')).toBe(0)
    expect(loss > 0 || world.sum('answersResent') === 0).toBe(true)
  })
})

/** Everybody answers each question of others with a few packets: who has told whom. */
function answering(world: World): readonly string[] {
  const come: string[] = []
  world.onDelivered = (process, _, { question, stream }) => {
    if (!question || stream.from === process.peer.instance) return
    const payload = new Uint8Array(3000)
    const answer = { to: stream.from, stream: stream.stream, payload, spreadMs: 5 }
    process.command((peer, now) => peer.answer(now, { ...answer, lifeMs: 30_000 }))
  }
  world.onAnswer = (process, { from }) => void come.push(`${from} to ${process.id}`)
  return come
}
