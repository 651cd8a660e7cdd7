/** What waits in gatherings: its room is given back whatever the program does with it. */
import { describe, expect, it } from 'vitest'
import { LiveGathering } from '../../../bus/api/gathering.ts'
import { first, network, acquainted } from './company.ts'
import { all } from './fetched.ts'

interface Item {
  readonly value: number
}

function world() {
  const budget = { used: 0, max: 3000 }
  const ends: string[] = []
  const gathering = new LiveGathering<Item, string>(budget, (how) => void ends.push(how))
  const push = (value: number): boolean => gathering.push({ value }, 488)
  return { budget, ends, gathering, push }
}

describe('the room of what waits', () => {
  it('is bounded while more may come, and given back at the end, once', async () => {
    const { budget, gathering, push } = world()
    expect([push(1), push(2), push(3), push(4)]).toEqual([true, true, true, false])
    expect(budget.used).toBe(3000)
    gathering.ended('done')
    expect(budget.used).toBe(0)
    // It belongs to the program, which may take it later, or never.
    const found: number[] = []
    for await (const { value } of gathering) found.push(value)
    expect([found, budget.used, await gathering.report]).toEqual([[1, 2, 3], 0, 'done'])
  })

  it('is given back by break and by a failure, and nothing takes it after that', async () => {
    const broken = world()
    expect([broken.push(1), broken.push(2)]).toEqual([true, true])
    await first(1, broken.gathering)
    expect([broken.budget.used, broken.ends]).toEqual([0, ['break']])
    expect([broken.push(3), broken.budget.used]).toEqual([true, 0])
    const failed = world()
    failed.push(1)
    failed.gathering.ended('aborted', new Error('enough'))
    expect(failed.budget.used).toBe(0)
    await expect(first(1, failed.gathering)).rejects.toThrow('enough')
  })
})

describe('a gathering', () => {
  it('has one consumer, as a fetch and a watch have', async () => {
    const bus = await network()()
    bus.expose('load', 1)
    const fetching = bus.fetch('load')
    expect(await fetching.all()).toHaveLength(1)
    await expect(fetching.all()).rejects.toThrow(/has a consumer: ask again/)
    const gathering = bus.gather('load', null)
    for await (const _ of gathering) continue
    expect(() => gathering[Symbol.asyncIterator]()).toThrow(TypeError)
    const watching = bus.watch('load')
    await first(1, watching)
    expect(() => watching[Symbol.asyncIterator]()).toThrow(/this watch has a consumer/)
  })
})

describe('a bus', () => {
  it('has room for ever more gatherings of which the program reads the report alone', async () => {
    const join = network()
    const desk = await join({ limits: { repliesSize: 2000 } })
    const owner = await join()
    await acquainted(desk, owner)
    owner.respond('load', async function* () {
      yield 1
      yield 2
    })
    for (let i = 0; i < 4; i++) {
      const { outcomes } = await desk.gather('load', null, { to: owner.id }).report
      expect(outcomes).toMatchObject([{ type: 'answered', replies: 2 }])
    }
    expect(desk.stats().repliesFull).toBe(0)
  })

  it('has room after fetches that were left early, or read by their report', async () => {
    const join = network()
    const desk = await join({ limits: { repliesSize: 2600 } })
    const owner = await join()
    await acquainted(desk, owner)
    for (let i = 0; i < 4; i++) owner.expose(`v/${i}`, i)
    for (let i = 0; i < 4; i++) {
      const left = desk.fetch('v/*')
      await first(1, left)
      await left.report
      const unread = desk.fetch('v/*')
      expect((await unread.report).outcomes).toMatchObject([{ type: 'answered', values: 4 }])
    }
    const { values } = await all(desk, 'v/*')
    expect(values).toEqual(['v/0=0', 'v/1=1', 'v/2=2', 'v/3=3'])
    expect(desk.stats().repliesFull).toBe(0)
  })
})
