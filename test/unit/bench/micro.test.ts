/** What the micro-benchmarks measure works, and is counted as it should be. */
import { describe, expect, it } from 'vitest'
import { type Machine, measure, type Operation } from '../../bench/micro/meter.ts'
import { operations } from '../../bench/micro/operations.ts'

const all = await operations()

describe('the operations of the micro-benchmarks', () => {
  it('are of each part that has some', () => {
    expect([...new Set(all.map(({ part }) => part))]).toEqual(['wire', 'seal', 'stream', 'trie'])
  })

  it.each(all.map((one) => [`${one.part}: ${one.name}`, one] as const))(
    '%s, again and again',
    (_name, { run, right }) => {
      for (let call = 0; call < 5; call++) expect(right(run())).toBe(true)
    },
  )
})

describe('a measurement', () => {
  it('is the time and the growth of one operation, however many a call does', () => {
    const machine = fake({ callMs: 2, callBytes: 300 })
    const figure = measure({ ...machine.operation, times: 10 }, machine, { rounds: 3, roundMs: 10 })
    expect(figure).toEqual({ part: 'part', name: 'name', ns: 200_000, bytes: 30 })
  })

  it('leaves out rounds in which something was collected', () => {
    const shrinking = fake({ callMs: 1, callBytes: -5 })
    const rounds = { rounds: 2, roundMs: 4 }
    expect(measure(shrinking.operation, shrinking, rounds).bytes).toBeUndefined()
  })

  it('collects before it counts, in each round', () => {
    const machine = fake({ callMs: 1, callBytes: 1 })
    measure(machine.operation, machine, { rounds: 4, roundMs: 1 })
    expect(machine.collected()).toBe(4)
  })

  it('is refused where the result is wrong', () => {
    const machine = fake({ callMs: 1, callBytes: 1 })
    const wrong = { ...machine.operation, right: () => false }
    expect(() => measure(wrong, machine, { rounds: 1, roundMs: 1 })).toThrow(
      'part, name: the result is wrong',
    )
  })
})

/** Its clock and its memory move with each call, and by nothing else. */
function fake(each: { readonly callMs: number; readonly callBytes: number }): Machine & {
  readonly operation: Operation
  readonly collected: () => number
} {
  let [calls, collections] = [0, 0]
  return {
    nowMs: () => calls * each.callMs,
    held: () => calls * each.callBytes,
    collect: () => void (collections += 1),
    collected: () => collections,
    operation: { part: 'part', name: 'name', run: () => (calls += 1), right: () => true },
  }
}
