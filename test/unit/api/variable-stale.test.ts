/** Fetches that take old values: the last that are known come at once, and new ones replace them. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { PeerId } from '../../../bus/api/options.ts'
import type { Reading } from '../../../bus/api/variable-options.ts'
import { Known } from '../../../bus/api/variables/known.ts'
import { parsePattern, type Pattern } from '../../../bus/core/topic/pattern.ts'
import { simulate } from '../../../bus/testing/simulation.ts'
import { code } from './asking.ts'
import { network } from './company.ts'

async function world(seed: number) {
  const net = simulate({ seed, delay: [1, 8] })
  const desk = await net.connect({ name: 'desk' })
  const web = await net.connect({ name: 'web', tags: { role: 'web' } })
  const db = await net.connect({ name: 'db', tags: { role: 'db' } })
  while ([desk, web, db].some(({ presence }) => presence.size < 2)) await net.run(100)
  const names = new Map([desk, web, db].map((bus, i) => [bus.id, ['desk', 'web', 'db'][i]]))
  const shown = ({ from, name, value, stale }: Reading): string =>
    `${names.get(from)} ${name} ${JSON.stringify(value)}${stale ? ' stale' : ''}`
  return { net, desk, web, db, shown }
}

describe('a fetch that takes old values', () => {
  it('gives at once what the last one has got, with its age, and then what is new', async () => {
    const { net, desk, web, db, shown } = await world(1)
    const load = web.expose('load', 1)
    db.expose('load', () => 2)
    expect((await net.until(desk.fetch('load', { stale: 60_000 }).all())).map(shown)).toHaveLength(
      2,
    )
    await net.run(5000)
    load.set(3)
    const fetching = desk.fetch('load', { stale: 60_000 })
    const items = fetching[Symbol.asyncIterator]()
    const before = net.time
    const first = [await items.next(), await items.next()].map(({ value }) => value as Reading)
    expect(net.time).toBe(before)
    expect(first.map(shown).toSorted()).toEqual(['db load 2 stale', 'web load 1 stale'])
    for (const { age } of first) expect(age).toBeGreaterThanOrEqual(5000)
    for (const { age, rtt } of first) expect([age < 15_000, rtt]).toEqual([true, 0])
    await net.until(fetching.report)
    const rest = [await items.next(), await items.next()].map(({ value }) => value as Reading)
    expect(rest.map(shown).toSorted()).toEqual(['db load 2', 'web load 3'])
    expect((await items.next()).done).toBe(true)
    await net.close()
  })

  it('has all of them once: new where they have come, old where they have not', async () => {
    const { net, desk, web, db, shown } = await world(2)
    web.expose('load', 1)
    db.expose('load', 2)
    await net.until(desk.fetch('load', { stale: 60_000 }).report)
    net.crash(db)
    await net.run(1000)
    const found = desk.fetch('load', { stale: 60_000, timeout: 500 })
    expect((await net.until(found.all())).map(shown).toSorted()).toEqual([
      'db load 2 stale',
      'web load 1',
    ])
    const { outcomes } = await found.report
    expect(new Map(outcomes.map(({ from, type }) => [from, type])).get(db.id)).toBe('silent')
    await net.run(40_000)
    // Who has gone is still known, with the tags that it had, for as long as is asked for.
    const fetch = async (options: object): Promise<string[]> =>
      (await net.until(desk.fetch('load', options).all())).map(shown)
    expect(await fetch({ stale: 60_000, where: { role: 'db' } })).toEqual(['db load 2 stale'])
    expect(await fetch({ stale: 60_000, where: { role: 'web' } })).toEqual(['web load 1'])
    expect(await fetch({ stale: 60_000, from: db.id })).toEqual(['db load 2 stale'])
    expect(await fetch({ stale: 10_000, from: db.id })).toEqual([])
    expect(await fetch({})).toEqual(['web load 1'])
    await net.close()
  })

  it('forgets what its owner does not have any more', async () => {
    const { net, desk, web, db, shown } = await world(3)
    const [one, two] = ['a/1', 'a/2'].map((name) => web.expose(name, name))
    const three = db.expose('a/3', 'a/3')
    const fetch = async (names: string): Promise<string[]> =>
      (await net.until(desk.fetch(names, { stale: 60_000 }).all())).map(shown).toSorted()
    expect(await fetch('a/*')).toHaveLength(3)
    await one!.close()
    await three.close()
    expect(await fetch('a/*')).toEqual(['web a/2 "a/2"'])
    await two!.close()
    // Not asked for, so nothing is said of it.
    expect(await fetch('a/1')).toEqual([])
    net.crash(web)
    net.crash(db)
    await net.run(40_000)
    expect(await fetch('**')).toEqual(['web a/2 "a/2" stale'])
    await net.close()
  })

  it('checks old values by the schema of the new question', async () => {
    const { net, desk, web, shown } = await world(4)
    web.expose('a', ' x ')
    web.expose('b', 1)
    const schema = z.string().trim()
    await net.until(desk.fetch('*', { stale: 60_000 }).report)
    net.crash(web)
    await net.run(40_000)
    const found = await net.until(desk.fetch('*', { stale: 60_000, schema }).all())
    expect(found.map(shown)).toEqual(['web a "x" stale'])
    await net.close()
  })

  it('keeps as much as the limit lets it, and counts what had to go', async () => {
    const bus = await network()({ limits: { knownSize: 1200 } })
    for (const name of ['a', 'b', 'c']) bus.expose(name, name)
    await bus.fetch('*', { stale: 60_000 }).report
    expect(bus.stats().knownEvicted).toBe(1)
  })

  it('is refused with an age that is none', async () => {
    const bus = await network()()
    for (const stale of [0, -1, 1.5, '5', Infinity]) {
      expect(() => bus.fetch('a', { stale } as object)).toThrow(
        code('INVALID_OPTION', /"stale" is .*: a whole number from 1 to 86400000/),
      )
    }
  })
})

describe('what is known', () => {
  const id = (n: number): PeerId => n.toString(16).padStart(16, '0') as PeerId
  const all = patternOf('**')
  const parts = { sizeMax: 3000, now: () => 0 }
  const namesIn = (known: Known): string[] =>
    known.find([all], 1, () => true).map(({ name }) => name)

  it('is bounded: the oldest makes room, and what is too large is not kept', () => {
    let evicted = 0
    const known = new Known({ ...parts, evicted: () => void (evicted += 1) })
    const keep = (name: string, size: number): void =>
      known.keep({ name, value: 1, from: id(1), version: 1, age: 0 }, {}, size)
    // 512 besides its payload: two of them fit, to the byte.
    keep('a', 988)
    keep('b', 988)
    expect([namesIn(known), evicted]).toEqual([['a', 'b'], 0])
    keep('c', 1)
    expect([namesIn(known), evicted]).toEqual([['b', 'c'], 1])
    // Kept anew it is the newest one, and takes its place once.
    keep('b', 988)
    keep('d', 0)
    expect([namesIn(known), evicted]).toEqual([['c', 'b', 'd'], 1])
    keep('e', 2488)
    expect([namesIn(known), evicted]).toEqual([['e'], 4])
    keep('f', 2489)
    expect([namesIn(known), evicted]).toEqual([['e'], 5])
  })
})

function patternOf(text: string): Pattern {
  const parsed = parsePattern(text)
  if (!parsed.ok) throw new TypeError(parsed.fault)
  return parsed.pattern
}
