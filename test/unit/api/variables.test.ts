/** Variables: what is exposed is fetched, and each peer has one outcome. */
import { describe, expect, it } from 'vitest'
import type { Bus, PeerId } from '../../../bus/api/options.ts'
import { code, three } from './asking.ts'
import { acquainted, first, network, pair } from './company.ts'
import { all } from './fetched.ts'

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

  it('shows its owner what others get, and not an object of the program', async () => {
    const [asker, owner] = await pair()
    const given = { n: 1, gone: undefined, at: new Date(0) }
    const held = owner.expose<unknown>('held', given)
    const bytes = owner.expose('bytes', Uint8Array.of(1))
    given.n = 2
    ;(held.value as { n: number }).n = 3
    bytes.value[0] = 2
    const seen = { n: 1, at: '1970-01-01T00:00:00.000Z' }
    expect([held.value, bytes.value]).toEqual([seen, Uint8Array.of(1)])
    const fetched = await asker.fetch(['held', 'bytes']).all()
    expect(fetched.map(({ value }) => value)).toEqual([held.value, bytes.value])
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
    await asker.matched('sixcast/variables', { count: 2 })
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
    const rejected = closed.all().catch((error: unknown) => error)
    await asker.close({ linger: 0 })
    expect(await rejected).toEqual(code('CLOSED'))
    expect((await closed.report).end).toBe('closed')
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
  return { name: 'load', from: from.id, age: ms, rtt: ms, stale: false, ...more }
}
