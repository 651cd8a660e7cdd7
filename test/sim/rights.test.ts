/** A realm with an owner on a network that loses, doubles and reorders: rights hold all the same. */
import { describe, expect, it } from 'vitest'
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { MARKER, quietPlan } from './plan.ts'
import type { Process } from './process.ts'
import { Trace } from './trace.ts'
import { CLEAR } from './weather.ts'
import { advance, type Launch, World } from './world.ts'

const BAD = { ...CLEAR, loss: 0.1, duplicate: 0.2, overtaken: 0.1, overtakenMs: 10 }
const MESSAGES = 40

/** A world whose realm has an owner. */
class Realm {
  readonly world: World

  constructor(seed: number) {
    const plan = { ...quietPlan(seed), owned: true, weather: BAD, answerMs: 5 }
    this.world = new World(plan, new Trace())
  }

  member(more: Pick<Launch, 'patterns' | 'lies'>, subscribed?: string): Process {
    const { world } = this
    const process = world.launch({ host: world.network.host([0]), realm: 0, ...more })
    if (subscribed === undefined) return process
    const parsed = parsePattern(subscribed)
    if (!parsed.ok) throw new Error(parsed.fault)
    world.ledger.subscribed(process, 0, { id: 1, pattern: parsed.pattern })
    process.command((peer, now) => peer.subscribe(now, 1, parsed.pattern))
    return process
  }

  /** Publishes on a topic below the marker that worlds look for on the wire. */
  publish(process: Process, topic: string): void {
    for (let i = 0; i < MESSAGES; i++) this.world.workload.publish(process, topic, 50)
    process.endTurn()
  }

  /** How many messages a process was given of each topic. */
  given(process: Process): Record<string, number> {
    const counts = new Map<string, number>()
    for (const { tracks } of this.world.ledger.subscriptionsOf(process)) {
      for (const [{ topic }, { delivered }] of tracks) {
        if (delivered > 0) counts.set(topic, (counts.get(topic) ?? 0) + delivered)
      }
    }
    return Object.fromEntries(counts)
  }
}

describe('rights on a bad network', () => {
  it.each([1, 2, 3, 4, 5])('let through what they name and nothing else, seed %i', (seed) => {
    const [fine, bad] = [`${MARKER}/fine/a`, `${MARKER}/bad/a`]
    const onFine = `${MARKER}/fine/**`
    const realm = new Realm(seed)
    const all = realm.member({}, `${MARKER}/**`)
    const some = realm.member({ patterns: { subscribe: [onFine] } }, `${MARKER}/**`)
    const deaf = realm.member({ patterns: { publish: ['**'] }, lies: true }, `${MARKER}/**`)
    const honest = realm.member({})
    // It has the realm's key, and a program that does not keep to its rights.
    const liar = realm.member({ patterns: { publish: [onFine] }, lies: true })
    advance(realm.world, 1000)
    for (const publisher of [honest, liar]) {
      realm.publish(publisher, fine)
      realm.publish(publisher, bad)
    }
    advance(realm.world, 20_000)
    expect(realm.given(all)).toEqual({ [fine]: 2 * MESSAGES, [bad]: MESSAGES })
    expect(realm.given(some)).toEqual({ [fine]: 2 * MESSAGES })
    expect(all.peer.metrics.get('denied')).toBeGreaterThan(0)
    // Nobody sends again what a receiver without the right to it lacks.
    expect(honest.peer.metrics.get('denied')).toBeGreaterThan(0)
    expect(deaf.peer.metrics.get('forged')).toBe(0)
  })
})
