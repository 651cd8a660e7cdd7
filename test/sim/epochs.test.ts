/** Epochs of a realm's keys that change under load, on a network that loses, doubles and reorders. */
import { describe, expect, it } from 'vitest'
import type { Past } from '../../bus/core/peer-attacher.ts'
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { MARKER, quietPlan } from './plan.ts'
import type { Process } from './process.ts'
import { Trace } from './trace.ts'
import { CLEAR } from './weather.ts'
import { advance, World } from './world.ts'

const BAD = { ...CLEAR, loss: 0.05, duplicate: 0.2, overtaken: 0.1, overtakenMs: 10 }
const TOPIC = `${MARKER}/load`
const STEP_MS = 10
const BURST = 5

class Realm {
  readonly world: World
  sent = 0

  constructor(seed: number) {
    const plan = { ...quietPlan(seed), owned: true, weather: BAD, answerMs: 5 }
    this.world = new World(plan, new Trace())
  }

  member(subscribes: boolean, past?: Past): Process {
    const { world } = this
    const process = world.launch({ host: world.network.host([0]), realm: 0 })
    if (!subscribes) return process
    const parsed = parsePattern(`${MARKER}/**`)
    if (!parsed.ok) throw new Error(parsed.fault)
    const { pattern } = parsed
    world.ledger.subscribed(process, world.schedule.time, { id: 1, pattern, past })
    process.command((peer, now) => peer.subscribe(now, 1, pattern, { history: past }))
    return process
  }

  /** Publishes all the time for so long. */
  load(process: Process, durationMs: number): void {
    const end = this.world.schedule.time + durationMs
    while (this.world.schedule.time < end) {
      for (let i = 0; i < BURST; i++) this.world.workload.publish(process, TOPIC, 200)
      this.sent += BURST
      process.endTurn()
      advance(this.world, this.world.schedule.time + STEP_MS)
    }
  }

  /** They come to know the key of an epoch, each at another time. */
  enter(
    processes: readonly Process[],
    epoch: number,
    options: { spreadMs: number; isAtOnce: boolean },
  ): void {
    const secret = { key: new Uint8Array(32).fill(epoch) }
    for (const [i, process] of processes.entries()) {
      const delayMs = (i * options.spreadMs) / processes.length
      this.world.schedule.after(delayMs, () => {
        process.command((peer, now) =>
          peer.enter(now, { epoch, secret, isAtOnce: options.isAtOnce }),
        )
      })
    }
  }

  given(process: Process): number {
    let count = 0
    for (const { tracks } of this.world.ledger.subscriptionsOf(process)) {
      for (const { delivered } of tracks.values()) count += delivered
    }
    return count
  }
}

describe('an epoch that changes under load', () => {
  it.each([
    { seed: 1, spreadMs: 1500, isAtOnce: false },
    { seed: 2, spreadMs: 1500, isAtOnce: false },
    { seed: 3, spreadMs: 1500, isAtOnce: true },
    { seed: 4, spreadMs: 100, isAtOnce: true },
    { seed: 5, spreadMs: 4000, isAtOnce: false },
    { seed: 6, spreadMs: 0, isAtOnce: true },
  ])('loses and doubles nothing, $seed', ({ seed, ...how }) => {
    const realm = new Realm(seed)
    const publishers = [realm.member(false), realm.member(false)]
    const receivers = [realm.member(true), realm.member(true), realm.member(true)]
    const all = [...receivers, ...publishers]
    advance(realm.world, 1000)
    for (const epoch of [1, 2, 3]) {
      realm.load(publishers[0]!, 300)
      realm.enter(seed % 2 ? all : all.toReversed(), epoch, how)
      realm.load(publishers[epoch % 2]!, how.spreadMs + 500)
    }
    advance(realm.world, realm.world.schedule.time + 8000)
    for (const receiver of receivers) {
      expect(realm.given(receiver)).toBe(realm.sent)
      expect(receiver.peer.metrics.get('messagesLost')).toBe(0)
      expect(receiver.peer.metrics.get('forged')).toBe(0)
      expect(receiver.peer.metrics.get('parityForged')).toBe(0)
    }
  })

  it('leaves whoever has not the key with nothing of what is published behind it', () => {
    const realm = new Realm(7)
    const [publisher, receiver, removed] = [
      realm.member(false),
      realm.member(true),
      realm.member(true),
    ]
    advance(realm.world, 1000)
    realm.load(publisher, 500)
    advance(realm.world, realm.world.schedule.time + 1000)
    const before = realm.sent
    expect(realm.given(removed)).toBe(before)
    realm.enter([publisher, receiver], 1, { spreadMs: 0, isAtOnce: true })
    realm.load(publisher, 500)
    advance(realm.world, realm.world.schedule.time + 5000)
    expect(realm.given(receiver)).toBe(realm.sent)
    expect(realm.given(removed)).toBe(before)
    // Nor is it believed any more: what it seals is of an epoch that is over.
    expect(receiver.peer.metrics.get('epoch')).toBeGreaterThan(0)
  })

  it('opens what was kept from before, for who comes later', () => {
    const realm = new Realm(8)
    const publisher = realm.member(false)
    advance(realm.world, 1000)
    realm.load(publisher, 500)
    realm.enter([publisher], 1, { spreadMs: 0, isAtOnce: true })
    advance(realm.world, realm.world.schedule.time + 100)
    const late = realm.member(true, { ageMs: 10_000, back: 0 })
    realm.enter([late], 1, { spreadMs: 0, isAtOnce: true })
    realm.load(publisher, 500)
    advance(realm.world, realm.world.schedule.time + 3000)
    expect(realm.given(late)).toBe(realm.sent)
    expect(late.peer.metrics.get('messagesLost')).toBe(0)
  })
})
