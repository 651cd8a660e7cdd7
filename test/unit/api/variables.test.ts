/** Variables: what is exposed is fetched, and each peer has one outcome. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { BusError } from '../../../bus/api/errors.ts'
import type { Bus, PeerId } from '../../../bus/api/options.ts'
import { topic } from '../../../bus/api/topic.ts'
import type { FetchOptions, FetchOutcome } from '../../../bus/api/variable-options.ts'
import { simulate } from '../../../bus/testing/simulation.ts'
import { code, three } from './asking.ts'
import { acquainted, event, first, network, pair } from './company.ts'

/** Everything that a fetch gave, and what its report says of each peer. */
async function all(bus: Bus, names: string | string[], options: FetchOptions<unknown> = {}) {
  const fetching = bus.fetch(names, options)
  const readings = await fetching.all()
  const { end, outcomes } = await fetching.report
  const byId = new Map<PeerId, FetchOutcome>(outcomes.map((one) => [one.from, one]))
  expect(byId.size).toBe(outcomes.length)
  const values = readings.map(({ name, value }) => `${name}=${JSON.stringify(value)}`).toSorted()
  return { readings, values, end, byId }
}

/** Three buses, two of them with tags. */
async function tagged(): Promise<readonly [Bus, Bus, Bus]> {
  const join = network()
  const web = { role: 'web', site: 'north' }
  const buses = [await join(), await join({ tags: web }), await join({ tags: { role: 'db' } })]
  await acquainted(...buses)
  return buses as unknown as readonly [Bus, Bus, Bus] // three were made
}

describe('a variable', () => {
  it('is fetched from all who expose it, with its version, its age and its owner', async () => {
    const [asker, one, other] = await three()
    const load = one.expose('load', 0.5)
    load.set(0.75)
    other.expose('load', () => 2)
    asker.expose('disk', { free: 3 })
    const { readings, end, byId } = await all(asker, 'load')
    expect(new Map(readings.map((reading) => [reading.from, reading]))).toEqual(
      new Map([
        [one.id, reading(one, { value: 0.75, version: 2 })],
        [other.id, reading(other, { value: 2, version: 1, age: 0 })],
      ]),
    )
    expect(end).toBe('complete')
    expect(byId.get(one.id)).toMatchObject({ type: 'answered', values: 1, failures: [] })
    expect(byId.get(asker.id)).toMatchObject({ type: 'absent', values: 0 })
  })

  it('is found by patterns and lists of names, each once, also its own', async () => {
    const [asker, owner] = await pair()
    owner.expose('disk/a/free', 1)
    owner.expose('disk/b/free', 2)
    owner.expose('load', 3)
    asker.expose('disk/c/free', 4)
    expect((await all(asker, 'disk/*/free')).values).toEqual([
      'disk/a/free=1',
      'disk/b/free=2',
      'disk/c/free=4',
    ])
    const { values } = await all(asker, ['load', 'disk/a/*', '**/free'])
    expect(values).toEqual(['disk/a/free=1', 'disk/b/free=2', 'disk/c/free=4', 'load=3'])
  })

  it('holds text, bytes and null as they are', async () => {
    const [asker, owner] = await pair()
    owner.expose('text', 'grüß')
    owner.expose('bytes', Uint8Array.of(1, 255))
    owner.expose('nothing', () => null)
    const readings = await asker.fetch('*').all()
    expect(new Map(readings.map(({ name, value }) => [name, value]))).toEqual(
      new Map<string, unknown>([
        ['text', 'grüß'],
        ['bytes', Uint8Array.of(1, 255)],
        ['nothing', null],
      ]),
    )
  })

  it('keeps what was set, until it is set anew', async () => {
    const [asker, owner] = await pair()
    const value = { on: false }
    const lamp = owner.expose('lamp', value)
    value.on = true
    expect((await all(asker, 'lamp')).values).toEqual(['lamp={"on":false}'])
    lamp.set({ on: false })
    lamp.update(({ on }) => ({ on: !on }))
    expect(lamp.version).toBe(3)
    expect((await all(asker, 'lamp')).values).toEqual(['lamp={"on":true}'])
  })

  it('has a new version when its function gives another value', async () => {
    const [asker, owner] = await pair()
    let now = 1
    const exposed = owner.expose('clock', () => now)
    const versions = []
    for (const value of [1, 1, 2, 2]) {
      now = value
      versions.push(...(await asker.fetch('clock').all()).map(({ version }) => version))
    }
    expect([versions, exposed.version]).toEqual([[1, 1, 2, 2], 2])
  })

  it('is gone when it is closed, and may be exposed anew', async () => {
    const [asker, owner] = await pair()
    owner.expose('other', 0)
    const load = owner.expose('load', 1)
    expect(() => owner.expose('load', 2)).toThrow(code('EXISTS', /"load"/))
    await load.close()
    expect(() => load.set(2)).toThrow(code('CLOSED', /"load"/))
    expect((await all(asker, 'load')).byId.get(owner.id)).toMatchObject({ type: 'absent' })
    owner.expose('load', 3)
    await load.close()
    expect((await all(asker, 'load')).values).toEqual(['load=3'])
  })

  it('is taken apart into several answers when there are many', async () => {
    const [asker, owner] = await pair()
    for (let i = 0; i < 40; i++) owner.expose(`blob/${i}`, 'x'.repeat(10_000))
    const { readings, byId } = await all(asker, 'blob/*')
    expect(byId.get(owner.id)).toMatchObject({ type: 'answered', values: 40, failures: [] })
    expect(new Set(readings.map(({ name }) => name)).size).toBe(40)
  })
})

describe('who is asked', () => {
  it('are those with the tags, whether or not they expose anything', async () => {
    const [asker, web, db] = await tagged()
    db.expose('load', 1)
    const none = await all(asker, 'load', { where: { role: 'web' } })
    expect([none.values, [...none.byId]]).toEqual([
      [],
      [[web.id, { type: 'absent', from: web.id, values: 0, failures: [] }]],
    ])
    web.expose('load', 2)
    await asker.matched('sixcast/variables', { count: 2 })
    const some = await all(asker, 'load', { where: { role: 'web', site: 'north' } })
    expect([some.values, [...some.byId.keys()]]).toEqual([['load=2'], [web.id]])
    expect((await all(asker, 'load', { where: { role: 'cache' } })).byId.size).toBe(0)
  })

  it('are not evaluated where the tags are not theirs', async () => {
    const [asker, web, db] = await tagged()
    let read = 0
    db.expose('load', () => (read += 1))
    web.expose('load', 1)
    await all(asker, 'load', { where: { role: 'web' } })
    await all(asker, 'load', { from: web.id })
    expect(read).toBe(0)
  })

  it('are those that are named, strangers too', async () => {
    const [asker, one, other] = await three()
    one.expose('load', 1)
    other.expose('load', 2)
    const stranger = '00000000000000ff' as PeerId
    const { values, byId } = await all(asker, 'load', { from: [one.id, stranger] })
    expect(values).toEqual(['load=1'])
    expect(new Map([...byId].map(([id, { type }]) => [id, type]))).toEqual(
      new Map([
        [one.id, 'answered'],
        [stranger, 'gone'],
      ]),
    )
    const many = Array.from({ length: 60 }, (_, i) => (0xf00 + i).toString(16).padStart(16, '0'))
    const crowd = await all(asker, 'load', { from: [other.id, ...(many as PeerId[])] })
    expect([crowd.values, crowd.byId.size]).toEqual([['load=2'], 61])
    expect(crowd.byId.get(many[0] as PeerId)).toMatchObject({ type: 'gone', asked: false })
  })

  it('are all who are here, when everyone is', async () => {
    const [asker, one, other] = await three()
    one.expose('load', 1)
    expect([...(await all(asker, 'load')).byId.keys()]).toEqual([one.id])
    const { byId } = await all(asker, 'load', { everyone: true })
    expect(byId.get(one.id)?.type).toBe('answered')
    expect(byId.get(other.id)?.type).toBe('absent')
    expect(byId.size).toBe(2)
  })

  it('are enough when so many have given a value', async () => {
    const [asker, one, other] = await three()
    one.expose('load', 1)
    other.expose('load', () => new Promise(() => undefined))
    const { values, end, byId } = await all(asker, 'load', { min: 1 })
    expect([values, end]).toEqual([['load=1'], 'min'])
    expect([byId.get(one.id)?.type, byId.get(other.id)?.type]).toEqual(['answered', 'cancelled'])
  })

  it('are called off by break, by a signal and by the end of the bus', async () => {
    const [asker, owner] = await pair()
    owner.expose('fast', 1)
    owner.expose('slow', () => new Promise(() => undefined))
    const broken = asker.fetch('fast')
    await first(1, broken)
    expect((await broken.report).end).toMatch(/break|complete/)
    const stop = new AbortController()
    const stopped = asker.fetch('slow', { signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(stopped.all()).rejects.toThrow('enough')
    expect((await stopped.report).end).toBe('aborted')
    const closed = asker.fetch('slow')
    const rejects = expect(closed.all()).rejects.toEqual(code('CLOSED'))
    await asker.close({ linger: 0 })
    await rejects
    expect((await closed.report).end).toBe('closed')
  })
})

describe('what cannot be had', () => {
  it('is an error of its peer: of a function that throws, and an event there', async () => {
    const [asker, owner] = await pair()
    owner.expose('broken', () => {
      throw new Error('the sensor is out')
    })
    owner.expose('coded', () => Promise.reject(new BusError('NO_SENSOR', 'none')))
    owner.expose('fine', 1)
    const told = event(owner, 'error')
    const { values, byId } = await all(asker, '*')
    expect(values).toEqual(['fine=1'])
    expect(byId.get(owner.id)).toMatchObject({
      type: 'error',
      values: 1,
      error: code('REMOTE', /the sensor is out/),
      failures: [
        { name: 'broken', error: code('REMOTE', /sensor/) },
        { name: 'coded', error: code('NO_SENSOR') },
      ],
    })
    expect((await told).error.message).toBe('the sensor is out')
  })

  it('is too slow when a function hangs, which is called once and holds nothing up', async () => {
    const [asker, owner] = await pair()
    let calls = 0
    owner.expose(
      'hangs',
      () => {
        calls += 1
        return new Promise(() => undefined)
      },
      { timeout: 20 },
    )
    owner.expose('fine', 1)
    for (let i = 0; i < 2; i++) {
      const { values, byId } = await all(asker, '*')
      expect(values).toEqual(['fine=1'])
      expect(byId.get(owner.id)).toMatchObject({ type: 'error', error: code('TOO_SLOW', /20 ms/) })
    }
    expect([calls, owner.stats().variablesLate]).toEqual([1, 2])
    // Who waits for less is answered sooner.
    owner.expose('patient', () => new Promise(() => undefined))
    const { byId } = await all(asker, 'patient', { timeout: 800 })
    expect(byId.get(owner.id)).toMatchObject({ error: code('TOO_SLOW', /over 400 ms/) })
  })

  it('is what a schema does not take, on either side', async () => {
    const [asker, owner] = await pair()
    const load = topic('load', z.number())
    const exposed = owner.expose(load, 1)
    expect(() => exposed.set('high' as unknown as number)).toThrow(code('INVALID_VALUE', /"load"/))
    expect([exposed.value, exposed.version]).toEqual([1, 1])
    owner.expose(topic('getter', z.number()), () => 'high' as unknown as number)
    owner.expose('text', 'high')
    const { byId } = await all(asker, 'getter')
    expect(byId.get(owner.id)).toMatchObject({ type: 'error', error: code('INVALID_VALUE') })
    const wrong = asker.fetch(topic('text', z.number()))
    expect(await wrong.all()).toEqual([])
    expect((await wrong.report).outcomes).toMatchObject([
      { type: 'error', error: code('INVALID_VALUE', /"text" of peer/) },
    ])
    const later = z.number().refine(() => Promise.resolve(true))
    expect(() => owner.expose('async', 1, { schema: later })).toThrow(
      code('INVALID_OPTION', /checks at once/),
    )
  })

  it('is too large, or has no form', async () => {
    const join = network()
    const asker = await join()
    const owner = await join({ limits: { variableSize: 10, variables: 3 } })
    await acquainted(asker, owner)
    expect(() => owner.expose('big', 'x'.repeat(11))).toThrow(code('TOO_LARGE', /variableSize/))
    const text = owner.expose('text', 'x'.repeat(10))
    expect(() => text.set('x'.repeat(11))).toThrow(code('TOO_LARGE'))
    owner.expose('getter', () => 'x'.repeat(11))
    owner.expose('none', () => undefined)
    expect(() => owner.expose('more', 1)).toThrow(code('LIMIT', /limits.variables/))
    expect(owner.stats().variablesFull).toBe(1)
    const { values, byId } = await all(asker, '*')
    expect(values).toEqual([`text="${'x'.repeat(10)}"`])
    expect(byId.get(owner.id)?.failures).toMatchObject([
      { name: 'getter', error: code('TOO_LARGE') },
      { name: 'none', error: code('INVALID_VALUE') },
    ])
  })

  it('is what finds no room, and what is more than is taken of one peer', async () => {
    const join = network()
    const asker = await join({ limits: { repliesSize: 700, variables: 4 } })
    const owner = await join()
    await acquainted(asker, owner)
    for (let i = 0; i < 6; i++) owner.expose(`v/${i}`, i)
    const fetching = asker.fetch('v/*')
    expect((await fetching.report).outcomes).toMatchObject([
      { type: 'error', values: 1, error: code('LIMIT', /over 4 variables/) },
    ])
    expect(await fetching.all()).toHaveLength(1)
    const fewer = asker.fetch(['v/1', 'v/2', 'v/3'])
    expect((await fewer.report).outcomes).toMatchObject([
      { type: 'error', values: 1, error: code('OVERFLOW', /"v\/2"/) },
    ])
    await fewer.all()
    expect((await asker.fetch('v/4').all()).length).toBe(1)
  })

  it('is silent who does not answer in time, and gone who has left', async () => {
    const net = simulate({ seed: 3 })
    const asker = await net.connect({ name: 'asker' })
    const dead = await net.connect({ name: 'dead', tags: { role: 'web' } })
    const idle = await net.connect({ name: 'idle', tags: { role: 'web' } })
    const live = await net.connect({ name: 'live', tags: { role: 'web' } })
    dead.expose('load', 1)
    live.expose('load', 2)
    await net.run(2000)
    await net.until(asker.fetch('load').report)
    net.partition(['dead'])
    const late = await net.until(
      asker.fetch('load', { timeout: 500, where: { role: 'web' } }).report,
    )
    const typesOf = ({ outcomes }: typeof late) =>
      new Map(outcomes.map(({ from, type }) => [from, type]))
    expect(typesOf(late)).toEqual(
      new Map([
        [dead.id, 'silent'],
        [idle.id, 'absent'],
        [live.id, 'answered'],
      ]),
    )
    const gone = asker.fetch('load', { timeout: 30_000, where: { role: 'web' } })
    expect(typesOf(await net.until(gone.report)).get(dead.id)).toBe('gone')
    await net.close()
  })
})

describe('a call', () => {
  it('with wrong names or options is refused', async () => {
    const [bus] = await pair()
    expect(() => bus.expose('a/*', 1)).toThrow(code('INVALID_TOPIC', /wildcard/))
    expect(() => bus.expose('a', undefined)).toThrow(code('INVALID_VALUE'))
    expect(() => bus.expose('a', 1, { timeout: 0 })).toThrow(code('INVALID_OPTION', /timeout/))
    expect(() => bus.fetch('a//b')).toThrow(code('INVALID_PATTERN'))
    expect(() => bus.fetch([])).toThrow(code('INVALID_OPTION', /1 to 64/))
    expect(() => bus.fetch(Array.from({ length: 65 }, (_, i) => `n${i}`))).toThrow(
      code('INVALID_OPTION', /65 names/),
    )
    expect(() => bus.fetch('a', { min: 0 })).toThrow(code('INVALID_OPTION', /"min"/))
    expect(() => bus.fetch('a', { from: 'x' as PeerId })).toThrow(code('INVALID_OPTION', /"from"/))
    expect(() => bus.fetch('a', { where: { a: '' + 'x'.repeat(40) } })).toThrow(
      code('INVALID_OPTION', /"where"/),
    )
    const getter = bus.expose('getter', () => 1) as unknown as { set(value: number): void }
    expect(() => getter.set(2)).toThrow(code('UNSUPPORTED', /function/))
    // A name that failed is free.
    bus.expose('a', 1)
    await bus.close({ linger: 0 })
    expect(() => bus.expose('b', 1)).toThrow(code('CLOSED'))
    expect(() => bus.fetch('b')).toThrow(code('CLOSED'))
  })
})

/** A reading of `load` as it is expected. */
function reading(from: Bus, more: object): object {
  const ms = expect.any(Number)
  return { name: 'load', from: from.id, age: ms, rtt: ms, ...more }
}
