/** What a publisher keeps of its topics beyond the age of its history, and what makes it go. */
import { describe, expect, it } from 'vitest'
import type { Limits } from '../../../bus/core/limits.ts'
import { Answering, range } from './answering.ts'

/** A publisher that forgets after a second what its topics do not retain. */
function retaining(retain: number, { streams = 1, ...limits }: Options = {}): Answering {
  return new Answering({ retain, streams, limits: { historyAge: 1000, ...limits } })
}

interface Options extends Partial<Limits> {
  readonly streams?: number
}

/** Which packets of the stream are sent again when all are asked for. */
function held(world: Answering, stream = 1): number[] {
  // Longer than a round trip, within which nothing is sent twice.
  world.wait(300).log()
  world.ask(1, range(1, 200), { stream, solo: true }).wait(300)
  return world
    .log()
    .filter((word) => !word.startsWith('oldest'))
    .map((word) => Number.parseInt(word, 10))
}

describe('retained messages', () => {
  it('stay as packets, byte for byte, long after the history has forgotten the others', () => {
    const world = retaining(3).publish(8).wait(60_000)
    expect(held(world)).toEqual([6, 7, 8])
    const [first, again] = world.data.filter(({ number }) => number === 7)
    expect(again!.datagram).toEqual(first!.datagram)
    expect([world.count('historyEvicted'), world.count('retainEvicted')]).toEqual([5, 0])
  })

  it('give way to newer ones of their topic', () => {
    const world = retaining(2).publish(5).wait(5000).publish(1)
    expect(held(world)).toEqual([5, 6])
    world.publish(2).wait(5000)
    expect(held(world)).toEqual([7, 8])
    expect(world.count('historyEvicted')).toBe(6)
  })

  it('are those that the last call has asked for', () => {
    const world = retaining(3).publish(5).wait(3000)
    expect(held(world)).toEqual([3, 4, 5])
    world.publish(1, { retain: 1 }).wait(3000)
    expect(held(world)).toEqual([6])
    world.publish(1, { retain: 0 }).wait(3000)
    expect(held(world)).toEqual([])
  })

  it('are whole: a large one stays with all its parts, or with none', () => {
    const world = retaining(1).publish(2).publish(1, { size: 5000 }).wait(3000)
    expect(held(world)).toEqual([3, 4, 5, 6, 7])
    const poor = retaining(1, { retainSize: 3000 }).publish(1, { size: 5000 }).wait(3000)
    expect(held(poor)).toEqual([])
    expect(poor.count('retainEvicted')).toBeGreaterThan(0)
  })

  it('have a bound in bytes, and whoever retains most loses first', () => {
    const world = retaining(100, { retainSize: 3000, streams: 2 })
    world.publish(1, { stream: 2 }).publish(60).wait(3000)
    expect(held(world, 2)).toEqual([1])
    const left = held(world)
    expect(left.length).toBeGreaterThan(5)
    expect(left.length).toBeLessThan(20)
    expect(left.at(-1)).toBe(60)
    expect(world.count('retainEvicted')).toBe(60 - left.length)
  })

  it('up to the bound exactly are all kept, and one byte less is too little', () => {
    const { length } = retaining(1).publish(1).data[0]!.datagram
    const just = retaining(10, { retainSize: 10 * length })
      .publish(20)
      .wait(3000)
    expect([held(just), just.count('retainEvicted')]).toEqual([range(11, 20), 0])
    const less = retaining(10, { retainSize: 10 * length - 1 })
      .publish(20)
      .wait(3000)
    expect(held(less).length).toBeLessThan(10)
    expect(less.count('retainEvicted')).toBeGreaterThan(0)
  })

  it('are no more than the history where nothing is retained', () => {
    const world = retaining(0).publish(4).wait(3000)
    expect(held(world)).toEqual([])
    expect([world.count('historyEvicted'), world.count('retainEvicted')]).toEqual([4, 0])
  })
})

describe('questions', () => {
  it('stay for as long as they may be answered, whatever the topic retains', () => {
    const world = retaining(0).publish(1).publish(2, { asks: true, expiresMs: 8000 }).publish(1)
    expect(held(world.wait(4000))).toEqual([2, 3, 4])
    expect(held(world.wait(5000))).toEqual([])
    expect(world.count('historyEvicted')).toBe(4)
  })

  it('keep what came behind them, so that there is no hole', () => {
    const world = retaining(0).publish(1, { asks: true, expiresMs: 20_000 })
    world.publish(2, { asks: true, expiresMs: 2000 }).publish(1)
    // What has expired is there, and not sent again.
    expect(held(world.wait(5000))).toEqual([1, 4])
    expect(world.count('historyEvicted')).toBe(0)
    expect(held(world.wait(20_000))).toEqual([])
  })

  it('have the bound in bytes of what is retained', () => {
    const world = retaining(0, { retainSize: 400 })
    world.publish(20, { asks: true, expiresMs: 20_000 }).wait(5000)
    expect(held(world).length).toBeLessThan(4)
    expect(world.count('retainEvicted')).toBeGreaterThan(15)
  })

  it('go before what topics retain', () => {
    const world = retaining(1, { streams: 2, retainSize: 1500 }).publish(1, { size: 800 })
    world.publish(9, { stream: 2, retain: 0, asks: true, expiresMs: 20_000 }).wait(5000)
    expect(held(world)).toEqual([1])
    expect(world.count('retainEvicted')).toBeGreaterThan(0)
  })

  it('are not kept when they are only messages that expire', () => {
    expect(held(retaining(0).publish(2, { expiresMs: 8000 }).wait(4000))).toEqual([])
    const world = retaining(0).publish(1, { asks: true, expiresMs: 500 })
    expect(held(world.publish(1, { expiresMs: 8000 }).wait(4000))).toEqual([])
  })
})
