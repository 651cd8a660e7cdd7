/** Variables of pages and for pages, by a relay: read, watched, set, and acted upon. */
import { describe, expect, it } from 'vitest'
import { present, useWorld, type World } from './world.ts'

let world: World
useWorld((opened) => (world = opened))

describe('a page', () => {
  it('fetches what members expose, with an outcome for each of them', async () => {
    const tags = { role: 'pump' }
    const one = await world.member({ name: 'one', tags })
    const two = await world.member({ name: 'two', tags })
    const page = await world.tab({ options: { name: 'reader' } })
    one.expose('pressure', 3)
    two.expose('pressure', () => {
      throw new Error('no such gauge')
    })
    await present(one, 'reader', true)
    await present(two, 'reader', true)
    const told = await page.evaluate(async () => {
      const fetching = bus.fetch<number>('pressure', { where: { role: 'pump' }, timeout: 60_000 })
      const values = (await fetching.all()).map(({ value, from, version }) => [
        value,
        from,
        version,
      ])
      const { end, outcomes } = await fetching.report
      const code = (outcome: (typeof outcomes)[number]) =>
        outcome.type === 'error' ? outcome.error.code : outcome.type
      return { values, end, codes: outcomes.map((outcome) => [outcome.from, code(outcome)]) }
    })
    expect(told.values).toEqual([[3, one.id, 1]])
    expect(told.end).toBe('complete')
    expect(new Map(told.codes as [string, string][])).toEqual(
      new Map([
        [one.id, 'answered'],
        [two.id, 'REMOTE'],
      ]),
    )
  })

  it('is read and set by members, as far as it lets them', async () => {
    const member = await world.member({ name: 'setter' })
    const page = await world.tab({ options: { name: 'lamp' } })
    const id = await page.evaluate(() => {
      globalThis.got = []
      const written = (value: number): void => void got.push(value)
      const writable = (_from: string, value: number): boolean => value <= 10
      bus.expose('lamp/level', 1, { writable, written })
      return bus.id
    })
    await present(member, 'lamp', true)
    const [reading] = await member.fetch<number>('lamp/*', { timeout: 60_000 }).all()
    expect(reading).toMatchObject({ name: 'lamp/level', value: 1, from: id, version: 1 })
    const written = await member.set('lamp/level', 7, { version: 1, to: id, timeout: 60_000 })
    expect(written).toMatchObject({ value: 7, version: 2 })
    const again = member.set('lamp/level', 8, { version: 1, to: id, timeout: 60_000 })
    await expect(again).rejects.toMatchObject({ code: 'CHANGED' })
    const more = member.set('lamp/level', 11, { timeout: 60_000 })
    await expect(more).rejects.toMatchObject({ code: 'DENIED' })
    expect(await page.evaluate(() => got)).toEqual([7])
  })

  it('sets at one member and at all, watches, and sees who goes', async () => {
    const one = await world.member({ name: 'tank-1' })
    const two = await world.member({ name: 'tank-2' })
    const page = await world.tab({ options: { name: 'watcher' } })
    const [first] = [one, two].map((bus) => bus.expose('tank/limit', 1, { writable: true }))
    await present(one, 'watcher', true)
    await present(two, 'watcher', true)
    const ids = [one.id, two.id]
    await page.evaluate(() => {
      globalThis.got = []
      void (async () => {
        for await (const change of bus.watch<number>('tank/limit')) {
          got.push([change.from, change.type, change.type === 'value' ? change.value : undefined])
        }
      })()
    })
    await page.waitForFunction(() => got.length === 2)
    const types = await page.evaluate(async (to) => {
      await bus.set('tank/limit', 5, { to, timeout: 60_000 })
      const { outcomes } = await bus.setAll('tank/limit', 6, { timeout: 60_000 })
      return outcomes.map(({ type }) => type)
    }, one.id)
    expect(types).toEqual(['written', 'written'])
    const seen = (
      await page.waitForFunction((of) => {
        const last = of.map((id) => (got as unknown[][]).findLast(([from]) => from === id)?.[2])
        return last.every((value) => value === 6) && got
      }, ids)
    ).jsonValue()
    expect(await seen).toContainEqual([one.id, 'value', 6])
    expect(first!.value).toBe(6)
    await two.close()
    await page.waitForFunction((id) => {
      return (got as unknown[][]).some(([from, type]) => from === id && type === 'gone')
    }, two.id)
  })

  it('acts when a member passes a bound, once until it was otherwise', async () => {
    const member = await world.member({ name: 'boiler' })
    const page = await world.tab({ options: { name: 'guard' } })
    const heat = member.expose('boiler/heat', 1)
    await present(member, 'guard', true)
    await page.evaluate(() => {
      globalThis.got = []
      bus.when<number>(
        'boiler/heat',
        (value) => value > 4,
        ({ value }) => void got.push(value),
        {
          until: (value) => value < 3,
          told: ({ type }) => void (type === 'over' && got.push(type)),
        },
      )
    })
    heat.set(5)
    await page.waitForFunction(() => got.length === 1)
    heat.set(6)
    heat.set(2)
    await page.waitForFunction(() => got.length === 2)
    heat.set(9)
    await page.waitForFunction(() => got.length === 3)
    expect(await page.evaluate(() => got)).toEqual([5, 'over', 9])
  })
})
