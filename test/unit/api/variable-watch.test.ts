/** Watches: what is there now, then what changes, and who goes. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Bus, PeerId } from '../../../bus/api/options.ts'
import type { Change } from '../../../bus/api/variable-options.ts'
import type { Simulation } from '../../../bus/testing/options.ts'
import { simulate } from '../../../bus/testing/simulation.ts'
import { utf8 } from '../../../bus/core/text.ts'
import { writeReadAsk } from '../../../bus/core/wire/variables.ts'
import { code } from './asking.ts'
import { pair } from './company.ts'

/** Changes as short texts, and waiting for them in virtual time. */
class Log {
  readonly lines: string[] = []
  readonly ended: Promise<void>
  readonly #net: Simulation

  constructor(net: Simulation, changes: AsyncIterable<Change>, nameOf: (id: PeerId) => string) {
    this.#net = net
    this.ended = this.#read(changes, nameOf)
    this.ended.catch(() => undefined)
  }

  async #read(changes: AsyncIterable<Change>, nameOf: (id: PeerId) => string): Promise<void> {
    for await (const change of changes) {
      const what = change.type === 'value' ? JSON.stringify(change.value) : change.type
      this.lines.push(`${nameOf(change.from)} ${change.name} ${what}`)
    }
  }

  /** What has come until then, in any order. */
  async after(ms: number): Promise<string[]> {
    await this.#net.run(ms)
    return this.lines.splice(0).toSorted()
  }
}

async function world(seed: number, loss = 0) {
  const net = simulate({ seed, loss, delay: [1, 8] })
  const nameById = new Map<string, string>()
  const connect = async (name: string, role = 'web'): Promise<Bus> => {
    const bus = await net.connect({ name, tags: { role } })
    nameById.set(bus.id, name)
    return bus
  }
  const nameOf = (id: PeerId): string => nameById.get(id) ?? id
  const log = (changes: AsyncIterable<Change>): Log => new Log(net, changes, nameOf)
  return { net, connect, log }
}

describe.each([
  { loss: 0, seed: 1 },
  { loss: 0.05, seed: 2 },
  { loss: 0.2, seed: 3 },
])('a watch at a loss of $loss', ({ loss, seed }) => {
  it('begins with what is there, goes on with what changes, and tells what has gone', async () => {
    const { net, connect, log } = await world(seed, loss)
    const [desk, one, two] = [await connect('desk'), await connect('one'), await connect('two')]
    const load = one.expose('load', 1)
    two.expose('load', 2)
    two.expose('other', 0)
    await net.run(2000)
    const watch = log(desk.watch('load'))
    expect(await watch.after(5000)).toEqual(['one load 1', 'two load 2'])
    load.set(3)
    expect(await watch.after(3000)).toEqual(['one load 3'])
    // Asked again and again, and nothing new.
    expect(await watch.after(40_000)).toEqual([])
    const later = two.expose('load/b', 0)
    expect(await watch.after(2000)).toEqual([])
    await later.close()
    await load.close()
    expect(await watch.after(3000)).toEqual(['one load gone'])
    one.expose('load', 3)
    expect(await watch.after(15_000)).toEqual(['one load 3'])
    net.crash(two)
    expect(await watch.after(30_000)).toEqual(['two load gone'])
    const three = await connect('three')
    three.expose('load', 4)
    expect(await watch.after(20_000)).toEqual(['three load 4'])
    await net.close()
  })
})

describe('a watch', () => {
  it('calls functions as often as it says, for itself alone, and tells when one fails', async () => {
    const { net, connect, log } = await world(4)
    const [desk, one] = [await connect('desk'), await connect('one')]
    let [value, calls] = [1, 0]
    one.expose('load', () => {
      calls += 1
      if (value < 0) throw new Error('out')
      return value
    })
    await net.run(1000)
    const stop = new AbortController()
    const watch = log(desk.watch('load', { every: 500, signal: stop.signal }))
    expect(await watch.after(2000)).toEqual(['one load 1'])
    value = 2
    expect(await watch.after(1000)).toEqual(['one load 2'])
    value = -1
    expect(await watch.after(2000)).toEqual(['one load failed'])
    value = 2
    expect(await watch.after(1000)).toEqual(['one load 2'])
    expect(calls).toBeGreaterThan(8)
    expect(calls).toBeLessThan(20)
    stop.abort(new Error('enough'))
    await net.run(1000)
    await expect(watch.ended).rejects.toThrow('enough')
    const before = calls
    await net.run(40_000)
    expect(calls).toBe(before)
    await net.close()
  })

  it('whose watcher dies is over when its lease is', async () => {
    const { net, connect, log } = await world(5)
    const [desk, one] = [await connect('desk'), await connect('one')]
    let calls = 0
    one.expose('load', () => (calls += 1))
    await net.run(1000)
    log(desk.watch('load'))
    await net.run(3000)
    expect(calls).toBeGreaterThan(1)
    net.crash(desk)
    await net.run(35_000)
    const before = calls
    await net.run(20_000)
    expect(calls).toBe(before)
    await net.close()
  })

  it('holds its owner for a minute at most, whatever it asks for', async () => {
    const { net, connect } = await world(8)
    const [desk, one] = [await connect('desk'), await connect('one')]
    let calls = 0
    one.expose('load', () => (calls += 1))
    await net.run(1000)
    const ask = writeReadAsk({ watch: true, ms: 1, patterns: [utf8('load')], tags: [] })
    const gathering = desk.gather('sixcast/variables', ask, { timeout: 600_000 })
    const began = net.time
    const { outcomes } = await net.until(gathering.report, 600_000)
    expect(outcomes).toMatchObject([{ type: 'answered', from: one.id }])
    expect(net.time - began).toBeLessThan(65_000)
    // Nor does it call more often than ten times a second.
    expect(calls).toBeLessThan(620)
    await net.close()
  })

  it('is of those with the tags, or of those that are named', async () => {
    const { net, connect, log } = await world(6)
    const desk = await connect('desk')
    const [web, db] = [await connect('web', 'web'), await connect('db', 'db')]
    web.expose('load', 1)
    db.expose('load', 2)
    await net.run(1000)
    const tagged = log(desk.watch('load', { where: { role: 'db' } }))
    const named = log(desk.watch('load', { from: web.id }))
    expect(await tagged.after(3000)).toEqual(['db load 2'])
    expect(await named.after(0)).toEqual(['web load 1'])
    await net.close()
  })

  it('of a slow program keeps the newest of each variable alone', async () => {
    const { net, connect } = await world(7)
    const [desk, one] = [await connect('desk'), await connect('one')]
    const load = one.expose('load', 0)
    one.expose('fixed', 0)
    await net.run(1000)
    const changes = desk.watch<number>('*')[Symbol.asyncIterator]()
    await net.run(3000)
    for (let i = 1; i <= 50; i++) {
      load.set(i)
      await net.run(100)
    }
    const got = []
    for (let i = 0; i < 2; i++) {
      const { value } = await changes.next()
      if (value?.type === 'value') got.push([value.name, value.value, value.version])
    }
    expect(got).toEqual([
      ['fixed', 0, 1],
      ['load', 50, 51],
    ])
    await changes.return?.()
    await net.close()
  })

  it('tells what does not match, and ends with the bus', async () => {
    const [desk, owner] = await pair()
    owner.expose('load', 'high')
    const changes = desk.watch('load', { schema: z.number() })[Symbol.asyncIterator]()
    const { value: change } = await changes.next()
    expect(change).toMatchObject({ type: 'failed', error: code('INVALID_VALUE', /"load"/) })
    const rest = changes.next().catch((error: unknown) => error)
    await turn()
    await desk.close({ linger: 0 })
    expect(await rest).toEqual(code('CLOSED'))
    expect(() => desk.watch('load')).toThrow(code('CLOSED'))
    expect(() => owner.watch('load', { every: 99 })).toThrow(code('INVALID_OPTION', /"every"/))
    const stopped = AbortSignal.abort(new Error('enough'))
    expect(() => owner.watch('load', { signal: stopped })).toThrow('enough')
  })
})
