/** Clocks that leap and stand still: everybody is given what they are given with good ones. */
import { expect, it } from 'vitest'
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { Random } from '../../bus/testing/random.ts'
import { quietPlan } from './plan.ts'
import type { Process } from './process.ts'
import { type Slip, Slips } from './slips.ts'
import { Trace } from './trace.ts'
import { advance, World } from './world.ts'

const PEERS = 5
const MET_MS = 5000
const TALK_MS = 20_000
/** All that is missing has come, and clocks are calm again. */
const REST_MS = 15_000
const LOSS = 0.05

/** Everybody publishes to everybody: who was given what, by receiver and publisher, in order. */
function given(seed: number, slipsOf: (id: string) => Slips | undefined): Map<string, number[]> {
  const world = new World({ ...quietPlan(seed), processes: PEERS }, new Trace())
  world.slipsOf = slipsOf
  const log = new Map<string, number[]>()
  world.onDelivered = ({ id }, index, { stream }) => {
    const way = `${stream.topic} to ${id}`
    log.set(way, [...(log.get(way) ?? []), index])
  }
  const parsed = parsePattern('sixsim/*')
  if (!parsed.ok) throw new Error(parsed.fault)
  const peers = Array.from({ length: PEERS }, (_, i) => {
    const process = world.launch({ host: world.network.host([0]), realm: 0 })
    world.ledger.subscribed(process, 0, { id: i, pattern: parsed.pattern })
    process.command((peer, now) => peer.subscribe(now, i, parsed.pattern))
    return process
  })
  advance(world, MET_MS)
  for (const { interfaces } of world.network.hosts) {
    for (const { up, down } of interfaces) up.loss = down.loss = LOSS
  }
  for (let time = MET_MS; time < MET_MS + TALK_MS; time += 20) {
    const process = peers[(time / 20) % PEERS]!
    world.schedule.at(time, () => publish(world, process))
  }
  advance(world, MET_MS + TALK_MS + REST_MS)
  expect([seed, world.ledger.lost]).toEqual([seed, 0])
  return log
}

function publish(world: World, process: Process): void {
  const segments = ['sixsim', process.id]
  const about = { topic: segments.join('/'), segments, delivery: 'reliable' } as const
  const payload = new Uint8Array(100)
  const message = { ...about, payload, expiresMs: Infinity }
  world.ledger.published(process, world.schedule.time, message)
  const publication = { ...about, codec: 0, payload, urgent: false }
  expect(process.command((peer, now) => peer.publish(now, publication))).toBeUndefined()
  process.endTurn()
}

/** Three slips while they talk. */
function slipsFrom(seed: number, make: (random: Random) => Omit<Slip, 'at'>) {
  return (id: string): Slips => {
    const random = new Random(seed, id)
    const part = TALK_MS / 3
    return new Slips(
      [0, 1, 2].map((n) => ({ ...make(random), at: MET_MS + n * part + random.between(0, 2000) })),
    )
  }
}

const SEEDS = [1, 2, 3, 4]
const good = new Map(SEEDS.map((seed) => [seed, given(seed, () => undefined)]))

it.each<[string, (random: Random) => Omit<Slip, 'at'>]>([
  ['leap by up to three seconds', (random) => ({ leapMs: random.between(0, 3000) })],
  ['stand still for up to three seconds', (random) => ({ stillMs: random.between(0, 3000) })],
  [
    'do now the one and now the other',
    (random) =>
      random.chance(0.5)
        ? { leapMs: random.between(0, 3000) }
        : { stillMs: random.between(0, 3000) },
  ],
])('peers whose clocks %s are given what others are', (_, make) => {
  for (const seed of SEEDS) {
    const expected = good.get(seed)!
    expect(expected.size).toBe(PEERS * PEERS)
    expect(given(seed, slipsFrom(seed, make))).toEqual(expected)
  }
})

it('a clock that slips shows what it should, and its timers go by it', () => {
  const slips = new Slips([
    { at: 100, stillMs: 50 },
    { at: 200, leapMs: 30 },
  ])
  expect([50, 100, 120, 150, 199, 200, 300].map((time) => slips.shown(time))).toEqual([
    50, 100, 100, 100, 149, 180, 280,
  ])
  const asked = [80, 120, 149, 160, 180, 280]
  expect(asked.map((shown) => slips.trueTime(10, shown))).toEqual([80, 170, 199, 200, 200, 300])
  expect(slips.trueTime(120, 110)).toBe(160)
})
