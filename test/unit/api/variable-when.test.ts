/** Conditions: when they act, for how long they wait, and what ends them. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { mean } from '../../../bus/api/variables/aggregate.ts'
import type { WhenOptions, WhenStep } from '../../../bus/api/when-options.ts'
import { simulate } from '../../../bus/testing/simulation.ts'
import { code } from './asking.ts'
import { event, network, pair } from './company.ts'

async function world(seed: number) {
  const net = simulate({ seed, loss: 0.05, delay: [1, 8] })
  const desk = await net.connect({ name: 'desk' })
  const one = await net.connect({ name: 'one', tags: { role: 'web' } })
  const two = await net.connect({ name: 'two' })
  while ([desk, one, two].some(({ presence }) => presence.size < 2)) await net.run(100)
  const names = new Map([desk, one, two].map((bus, i) => [bus.id, ['desk', 'one', 'two'][i]]))
  const steps: string[] = []
  const told = ({ type, name, from, value }: WhenStep): void => {
    const what = from === undefined ? '' : `${names.get(from)} ${name} `
    steps.push(`${type} ${what}${JSON.stringify(value)}`)
  }
  /** What has been told until then. */
  const after = async (ms: number): Promise<string[]> => {
    await net.run(ms)
    return steps.splice(0)
  }
  return { net, desk, one, two, told, after }
}

const isHigh = (value: number): boolean => value > 8

describe('a condition', () => {
  it('acts once for each variable of which it becomes true, and again once it was over', async () => {
    const { net, desk, one, two, told, after } = await world(1)
    const loads = [one, two].map((bus, i) => bus.expose('load', i))
    const acted: unknown[] = []
    const condition = desk.when('load', isHigh, (occasion) => void acted.push(occasion), { told })
    expect(await after(3000)).toEqual([])
    loads[0]!.set(9)
    expect(await after(3000)).toEqual(['acts one load 9', 'acted one load 9'])
    expect(acted).toEqual([
      {
        name: 'load',
        from: one.id,
        value: 9,
        version: 2,
        held: expect.any(Number),
        signal: expect.any(AbortSignal),
      },
    ])
    loads[0]!.set(10)
    loads[1]!.set(11)
    expect(await after(3000)).toEqual(['acts two load 11', 'acted two load 11'])
    expect(condition.holding).toBe(2)
    loads[0]!.set(8)
    expect(await after(3000)).toEqual(['over one load 8'])
    expect(condition.holding).toBe(1)
    loads[0]!.set(9)
    expect(await after(3000)).toEqual(['acts one load 9', 'acted one load 9'])
    await loads[1]!.close()
    expect(await after(3000)).toEqual(['gone two load 11'])
    await condition.close()
    await condition.ended
    loads[0]!.set(1)
    loads[0]!.set(9)
    expect(await after(20_000)).toEqual([])
    await net.close()
  })

  it('waits until it has held for so long, and begins anew when it has not', async () => {
    const { net, desk, one, told, after } = await world(2)
    const load = one.expose('load', 1)
    const held: number[] = []
    const act = ({ held: ms }: { held: number }): void => void held.push(ms)
    desk.when('load', isHigh, act, { for: 10_000, told })
    await after(3000)
    load.set(9)
    expect(await after(8000)).toEqual(['holds one load 9'])
    load.set(8)
    expect(await after(8000)).toEqual(['passed one load 8'])
    load.set(9)
    expect(await after(5000)).toEqual(['holds one load 9'])
    load.set(12)
    expect(await after(4000)).toEqual([])
    expect(await after(2000)).toEqual(['acts one load 12', 'acted one load 12'])
    expect(held).toEqual([expect.any(Number)])
    expect(held[0]).toBeGreaterThanOrEqual(10_000)
    expect(held[0]).toBeLessThan(10_100)
    await net.close()
  })

  it('counts how long a value had been there before it was seen', async () => {
    const { net, desk, one, told, after } = await world(3)
    one.expose('load', 9)
    await net.run(20_000)
    desk.when('load', isHigh, () => undefined, { for: 10_000, told })
    expect(await after(3000)).toEqual(['acts one load 9', 'acted one load 9'])
    await net.close()
  })

  it('is over where `until` says so, and not where the test is false', async () => {
    const { net, desk, one, told, after } = await world(4)
    const load = one.expose('load', 9)
    desk.when('load', isHigh, () => undefined, { until: (value) => value < 6, told })
    expect(await after(3000)).toEqual(['acts one load 9', 'acted one load 9'])
    for (const value of [7, 9, 6, 9]) {
      load.set(value)
      expect(await after(1000)).toEqual([])
    }
    load.set(5)
    expect(await after(1000)).toEqual(['over one load 5'])
    load.set(7)
    expect(await after(1000)).toEqual([])
    load.set(9)
    expect(await after(1000)).toEqual(['acts one load 9', 'acted one load 9'])
    await net.close()
  })

  it('only tells what it would do in a dry run', async () => {
    const { net, desk, one, told, after } = await world(5)
    one.expose('load', 9)
    let acts = 0
    desk.when('load', isHigh, () => void (acts += 1), { dryRun: true, told })
    expect(await after(3000)).toEqual(['would one load 9'])
    expect(acts).toBe(0)
    await net.close()
  })

  it('of what fails does not hold, and is not over either', async () => {
    const { net, desk, one, told, after } = await world(6)
    let value = 9
    one.expose('load', () => {
      if (value < 0) throw new Error('out')
      return value
    })
    desk.when('load', isHigh, () => undefined, { for: 5000, told })
    expect(await after(3000)).toEqual(['holds one load 9'])
    value = -1
    expect(await after(3000)).toEqual(['passed one load 9'])
    value = 9
    expect(await after(8000)).toEqual(['holds one load 9', 'acts one load 9', 'acted one load 9'])
    value = -1
    expect(await after(3000)).toEqual([])
    value = 9
    expect(await after(8000)).toEqual([])
    await net.close()
  })

  it('passes with the owner that goes before it has held for long enough', async () => {
    const { net, desk, one, told, after } = await world(7)
    one.expose('load', 9)
    desk.when('load', isHigh, () => undefined, { for: 60_000, told })
    expect(await after(3000)).toEqual(['holds one load 9'])
    net.crash(one)
    expect(await after(40_000)).toEqual(['passed one load 9'])
    await net.close()
  })
})

describe('a condition of an aggregate', () => {
  it('is of what all variables come to, once for all of them', async () => {
    const { net, desk, one, two, told, after } = await world(8)
    const loads = [one, two].map((bus) => bus.expose('load', 4))
    const seen: unknown[] = []
    desk.when(
      'load',
      (value: number) => value > 5,
      ({ value, readings }) => void seen.push([value, readings.length]),
      { aggregate: mean, told },
    )
    expect(await after(5000)).toEqual([])
    loads[0]!.set(8)
    expect(await after(3000)).toEqual(['acts 6', 'acted 6'])
    expect(seen).toEqual([[6, 2]])
    loads[1]!.set(9)
    expect(await after(3000)).toEqual([])
    for (const load of loads) load.set(1)
    expect(await after(3000)).toEqual(['over 1'])
    await net.close()
  })

  it('sees that variables go, and that none are there', async () => {
    const { net, desk, one, two, told, after } = await world(9)
    const [up] = [one, two].map((bus) => bus.expose('up', true))
    const isFew = (count: number): boolean => count < 2
    desk.when('up', isFew, () => undefined, {
      aggregate: (readings) => readings.length,
      for: 3000,
      told,
    })
    // The first look may come before all have answered: hence `for`.
    expect((await after(10_000)).filter((step) => !/^(holds|passed)/.test(step))).toEqual([])
    await up!.close()
    expect(await after(10_000)).toEqual(['holds 1', 'acts 1', 'acted 1'])
    await net.close()
  })
})

describe('what a program does wrong', () => {
  it('is told, and an event, and ends nothing', async () => {
    const { net, desk, one, told, after } = await world(10)
    const load = one.expose<unknown>('load', 9)
    const errors: string[] = []
    void (async () => {
      for await (const each of desk.events()) {
        if (each.type === 'error') errors.push(each.error.message)
      }
    })()
    const test = (value: unknown): boolean => {
      if (typeof value !== 'number') throw new Error('no number')
      return value > 8
    }
    const act = (): Promise<void> => Promise.reject(new Error('no pump'))
    desk.when('load', test, act, { told })
    expect(await after(3000)).toEqual(['acts one load 9', 'failed one load 9'])
    load.set('much')
    expect(await after(1000)).toEqual(['failed one load "much"'])
    load.set(1)
    load.set(2)
    expect(await after(1000)).toEqual(['over one load 2'])
    load.set(10)
    expect(await after(1000)).toEqual(['acts one load 10', 'failed one load 10'])
    expect(errors).toEqual(['no pump', 'no number', 'no pump'])
    await net.close()
  })

  it('in `told` is an event alone', async () => {
    const [desk, owner] = await pair()
    owner.expose('load', 9)
    const failed = event(desk, 'error')
    const told = (): void => {
      throw new Error('no screen')
    }
    desk.when('load', isHigh, () => undefined, { told })
    expect((await failed).error.message).toBe('no screen')
  })

  it('is refused where it is seen at once', async () => {
    const bus = await network()()
    const call = (test: unknown, act: unknown, options: object = {}): unknown =>
      bus.when('load', test as typeof isHigh, act as () => void, options as WhenOptions<number>)
    const none = (): undefined => undefined
    expect(() => call(8, none)).toThrow(code('INVALID_OPTION', /the test of when is a number/))
    expect(() => call(isHigh, undefined)).toThrow(code('INVALID_OPTION', /the act of when is und/))
    const wrong: [object, RegExp][] = [
      [{ for: -1 }, /"for" is -1: a whole number from 0 to 86400000/],
      [{ until: 6 }, /"until" is a number: a function/],
      [{ aggregate: 'mean' }, /"aggregate" is a string: a function/],
      [{ concurrency: 0 }, /"concurrency" is 0/],
      [{ dryRun: 1 }, /"dryRun" is 1/],
      [{ dryRun: true }, /"dryRun" is true without "told"/],
      [{ untill: 1 }, /"untill" is unknown to when: did you mean "until"/],
      [{ every: 1 }, /"every" is 1/],
    ]
    for (const [options, text] of wrong) {
      expect(() => call(isHigh, none, options)).toThrow(code('INVALID_OPTION', text))
    }
    expect(() => bus.when('a//b', isHigh, none)).toThrow(code('INVALID_PATTERN'))
    await bus.close()
    expect(() => call(isHigh, none)).toThrow(code('CLOSED'))
  })

  it('is told by a function that fails later: that is an event, and ends nothing', async () => {
    const [desk, one] = await pair()
    one.expose('load', 9)
    const told = event(desk, 'error')
    const later = (): unknown => Promise.reject(new Error('no room on the disk'))
    await new Promise<void>((resolve) => {
      desk.when('load', isHigh, () => resolve(), { told: later })
    })
    expect((await told).error.message).toBe('no room on the disk')
  })

  it('does not match its schema: that is no value', async () => {
    const [desk, one] = await pair()
    one.expose('load', 'high')
    one.expose('load/b', 9)
    const schema = z.number()
    const seen: unknown[] = []
    await new Promise<void>((resolve) => {
      const act = ({ value }: { value: number }): void => {
        seen.push(value)
        resolve()
      }
      desk.when('load/**', isHigh, act, { schema })
    })
    expect(seen).toEqual([9])
  })
})
