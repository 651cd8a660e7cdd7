/** A variable that is set at many owners: each judges for itself, and each has an outcome. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Bus, PeerId } from '../../../bus/api/options.ts'
import { topic } from '../../../bus/api/topic.ts'
import type { SetAllOptions, SetReport } from '../../../bus/api/variable-options.ts'
import { utf8 } from '../../../bus/core/text.ts'
import { writePart } from '../../../bus/core/wire/variables.ts'
import { simulate } from '../../../bus/testing/simulation.ts'
import { code } from './asking.ts'
import { network, pair } from './company.ts'

/** By name, with what became of it. */
function shown(report: SetReport, buses: Readonly<Record<string, Bus>>): string[] {
  const nameById = new Map(Object.entries(buses).map(([name, { id }]) => [id, name]))
  expect(new Set(report.outcomes.map(({ from }) => from)).size).toBe(report.outcomes.length)
  return report.outcomes
    .map((outcome) => {
      const what = outcome.type === 'written' ? ` ${JSON.stringify(outcome.value)}` : ''
      const why = 'error' in outcome ? ` ${outcome.error.code}` : ''
      return `${nameById.get(outcome.from)} ${outcome.type}${what}${why}`
    })
    .toSorted()
}

async function world(seed: number, loss = 0.05) {
  const net = simulate({ seed, loss, delay: [1, 8] })
  const tagged: Record<string, string> = { a: 'web', b: 'web', c: 'db', d: 'db', e: 'web' }
  const desk = await net.connect({ name: 'desk' })
  const buses: Record<string, Bus> = { desk }
  for (const [name, role] of Object.entries(tagged)) {
    buses[name] = await net.connect({ name, tags: { role } })
  }
  const all = Object.values(buses)
  while (all.some(({ presence }) => presence.size < all.length - 1)) await net.run(100)
  const { a, b, c, d } = buses as Record<'a' | 'b' | 'c' | 'd', Bus>
  a.expose('level', 1, { writable: true })
  b.expose('level', 1)
  c.expose('level', 1, { writable: true, schema: z.number().max(5) })
  d.expose('other', 1, { writable: true })
  await net.run(2000)
  const setAll = async (value: unknown, options: SetAllOptions = {}) => {
    const report = await net.until(desk.setAll('level', value, { timeout: 20_000, ...options }))
    return [report.end, ...shown(report, buses)]
  }
  return { net, buses: { desk, a, b, c, d, e: buses['e']! }, setAll }
}

describe('setAll', () => {
  it.each([1, 2, 3])('sets it wherever it may, by one message, seed %i', async (seed) => {
    const { net, buses, setAll } = await world(seed)
    const before = buses.desk.stats().messagesPublished
    expect(await setAll(4)).toEqual(['complete', 'a written 4', 'b refused DENIED', 'c written 4'])
    expect(buses.desk.stats().messagesPublished - before).toBe(1)
    expect(await setAll(9)).toEqual([
      'complete',
      'a written 9',
      'b refused DENIED',
      'c error INVALID_VALUE',
    ])
    await net.close()
  })

  it('sets it at those with tags, or at those that are named, and nowhere else', async () => {
    const { net, buses, setAll } = await world(4)
    const { a, c, d, e } = buses
    expect(await setAll(2, { where: { role: 'web' } })).toEqual([
      'complete',
      'a written 2',
      'b refused DENIED',
      'e absent',
    ])
    expect(await setAll(3, { to: [c.id, d.id, c.id] })).toEqual([
      'complete',
      'c written 3',
      'd absent',
    ])
    expect(await setAll(5, { to: e.id })).toEqual(['complete', 'e absent'])
    expect(await setAll(5, { where: { role: 'none' } })).toEqual(['complete'])
    const levels = await net.until(buses.desk.fetch('level', { from: [a.id, c.id] }).all())
    expect(new Set(levels.map(({ value }) => value))).toEqual(new Set([2, 3]))
    await net.close()
  })

  it('tells who has gone, and who has not answered', async () => {
    const { net, buses, setAll } = await world(5, 0)
    expect(await setAll(4)).toHaveLength(4)
    net.crash(buses.a)
    expect(await setAll(2, { timeout: 1000 })).toEqual([
      'timeout',
      'a silent',
      'b refused DENIED',
      'c written 2',
    ])
    await net.run(40_000)
    expect(await setAll(3, { to: buses.a.id })).toEqual(['complete', 'a gone'])
    await net.close()
  })

  it('names as many at once as one question may', async () => {
    const join = network()
    const desk = await join()
    const owner = await join({ tags: { role: 'web' } })
    owner.expose('level', 1, { writable: true })
    const strangers = Array.from({ length: 60 }, (_, i) => (i + 1).toString(16).padStart(16, '0'))
    const before = desk.stats().messagesPublished
    const to = [...(strangers as PeerId[]), owner.id]
    const { outcomes } = await desk.setAll('level', 2, { to, timeout: 2000 })
    expect(outcomes).toHaveLength(61)
    expect(outcomes.filter(({ type }) => type === 'written')).toMatchObject([{ from: owner.id }])
    expect(outcomes.filter(({ type }) => type === 'gone')).toHaveLength(60)
    expect(desk.stats().messagesPublished - before).toBe(2)
  })
})

describe('what cannot be set anywhere', () => {
  it('is refused before anybody is asked', async () => {
    const bus = await network()({ limits: { variableSize: 10 } })
    const level = topic('level', z.number())
    await expect(bus.setAll(level, 'x' as never)).rejects.toEqual(code('INVALID_VALUE', /level/))
    await expect(bus.setAll('level', 'x'.repeat(11))).rejects.toEqual(code('TOO_LARGE'))
    await expect(bus.setAll('a/*', 1)).rejects.toEqual(code('INVALID_TOPIC'))
    const both = { to: bus.id, where: { role: 'web' } }
    await expect(bus.setAll('a', 1, both)).rejects.toEqual(code('INVALID_OPTION', /both given/))
    const unknown = { version: 1 } as object
    await expect(bus.setAll('a', 1, unknown)).rejects.toEqual(code('INVALID_OPTION', /"version"/))
    expect(bus.stats().messagesPublished).toBe(0)
    await bus.close()
    await expect(bus.setAll('a', 1)).rejects.toEqual(code('CLOSED'))
  })

  it('at a peer that answers what no bus answers is an error of that peer', async () => {
    const [desk, odd] = await pair()
    const other = { name: utf8('other'), kind: 'gone' } as const
    odd.respond('sixcast/variables', () => writePart({ more: false, entries: [other] }))
    const { outcomes } = await desk.setAll('level', 1)
    expect(outcomes).toMatchObject([{ from: odd.id, type: 'error', error: code('INVALID_VALUE') }])
    expect(desk.stats().malformed).toBe(1)
  })

  it('ends with the signal, and says what has come of it so far', async () => {
    const [desk, odd] = await pair()
    odd.respond('sixcast/variables', () => new Promise(() => undefined))
    await desk.gather('sixcast/variables', null, { timeout: 100 }).report
    const control = new AbortController()
    const setting = desk.setAll('level', 1, { signal: control.signal })
    setTimeout(() => control.abort(new Error('enough')), 20)
    expect(await setting).toEqual({
      end: 'aborted',
      outcomes: [{ from: odd.id, type: 'cancelled' }],
    })
    await expect(desk.setAll('level', 1, { signal: control.signal })).rejects.toThrow('enough')
  })
})
