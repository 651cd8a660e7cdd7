/** Peers that only are there: what they say stays bounded however many they are. */
import { describe, expect, it } from 'vitest'
import { quietPlan } from './plan.ts'
import { Trace } from './trace.ts'
import { advance, World } from './world.ts'

const FOUND_MS = 6000
const IDLE_MS = 2000
/** Twice what the beacons of a large realm are planned to take together. */
const BYTES_PER_SECOND_MAX = 32 * 1024
/** The same of one peer in a small realm. */
const BYTES_PER_PEER_MAX = 400

describe('idle peers', () => {
  it.each([2, 10, 50, 100])('%i of them find each other and speak little', (count) => {
    const world = new World(quietPlan(count), new Trace())
    for (let i = 0; i < count; i++) {
      const host = world.network.host([0])
      world.schedule.at(i % 7, () => void world.launch({ host, realm: 0 }))
    }
    advance(world, FOUND_MS)
    const strangers = world.processes.filter((process) => {
      return world.presence.seenBy(process).size < count - 1
    })
    expect(strangers.map(({ id }) => id)).toEqual([])
    const before = world.wire.controlSize
    advance(world, FOUND_MS + IDLE_MS)
    const rate = ((world.wire.controlSize - before) * 1000) / IDLE_MS
    expect(rate).toBeGreaterThan(0)
    expect(rate).toBeLessThan(Math.min(BYTES_PER_SECOND_MAX, BYTES_PER_PEER_MAX * count))
  })

  it('are not taken for gone while their ways to the others change again and again', () => {
    const world = new World(quietPlan(2), new Trace())
    const [fickle, other] = [0, 1].map(() => {
      return world.launch({ host: world.network.host([0]), realm: 0 })
    })
    let left = false
    advance(world, 1000)
    for (let turn = 0; turn < 100; turn++) {
      fickle!.command((peer, now) => peer.pathChanged(now))
      advance(world, world.schedule.time + 200)
      left ||= !world.presence.seenBy(other!).has(fickle!)
    }
    expect(left).toBe(false)
  })
})
