/** Variables that others set: the owner judges, and one outcome comes back. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Bus, PeerId } from '../../../bus/api/options.ts'
import { topic } from '../../../bus/api/topic.ts'
import { utf8 } from '../../../bus/core/text.ts'
import { writePart } from '../../../bus/core/wire/variables.ts'
import { code, hanging, three } from './asking.ts'
import { acquainted, event, network, pair } from './company.ts'

async function valuesOf(bus: Bus, name: string): Promise<unknown[]> {
  return (await bus.fetch(name).all()).map(({ value }) => value)
}

describe('a variable that is writable', () => {
  it('is set by another, whose owner is told', async () => {
    const [desk, owner] = await pair()
    const told: unknown[] = []
    const written = (...given: unknown[]): void => void told.push(given)
    const lamp = owner.expose('lamp', 'off', { writable: true, written })
    expect(await desk.set('lamp', 'on')).toEqual({
      name: 'lamp',
      value: 'on',
      from: owner.id,
      version: 2,
    })
    expect([lamp.value, lamp.version, told]).toEqual(['on', 2, [['on', desk.id]]])
    expect(await desk.set('lamp', Uint8Array.of(1), { to: owner.id })).toMatchObject({ version: 3 })
    expect(await valuesOf(desk, 'lamp')).toEqual([Uint8Array.of(1)])
    // Its own program is not told of what it does itself.
    lamp.set('off')
    expect(told.length).toBe(2)
    expect(await owner.set('lamp', 'by itself')).toMatchObject({ version: 5, from: owner.id })
  })

  it('is set only while it has the version that is expected', async () => {
    const [desk, owner] = await pair()
    const count = owner.expose('count', 1, { writable: true })
    const [seen] = await desk.fetch<number>('count').all()
    const { from: to, version } = seen!
    count.set(5)
    const late = desk.set('count', seen!.value + 1, { to, version })
    await expect(late).rejects.toEqual(code('CHANGED', /has version 2, not 1/))
    expect(await desk.set('count', 6, { to, version: 2 })).toMatchObject({ value: 6, version: 3 })
  })

  it('takes one of many that all want to replace the same', async () => {
    const [one, other, owner] = await three()
    const seat = owner.expose('seat', 'free', { writable: true })
    const options = { to: owner.id, version: 1 }
    const tries = [one, other].flatMap((bus) =>
      ['a', 'b', 'c'].map((name) => bus.set('seat', name, options)),
    )
    const results = await Promise.allSettled(tries)
    const taken = results.filter(({ status }) => status === 'fulfilled')
    const refused = results.filter((result) => result.status === 'rejected')
    expect([taken.length, seat.version]).toEqual([1, 2])
    const changed = Array.from({ length: 5 }, () => code('CHANGED'))
    expect(refused.map(({ reason }) => reason as unknown)).toEqual(changed)
  })

  it('holds what its schema makes of the value', async () => {
    const [desk, owner] = await pair()
    const level = topic('level', z.number().max(10))
    owner.expose(level, 1, { writable: true })
    await expect(desk.set('level', 11)).rejects.toEqual(code('INVALID_VALUE', /"level"/))
    await expect(desk.set(level, 11)).rejects.toEqual(code('INVALID_VALUE', /for "level"/))
    const trimmed = topic('text', z.string().trim())
    owner.expose(trimmed, '', { writable: true })
    expect((await desk.set('text', '  x ')).value).toBe('x')
  })
})

describe('what may not be set', () => {
  it('stays as it is: not writable, or not by him, or not so', async () => {
    const [desk, other, owner] = await three()
    owner.expose('fixed', 1)
    const mine = owner.expose('mine', 1, {
      writable: (from, value) => from === desk.id && value < 10,
    })
    await expect(desk.set('fixed', 2)).rejects.toEqual(code('DENIED', /"fixed" stays as it is/))
    await expect(other.set('mine', 2)).rejects.toEqual(code('DENIED'))
    await expect(desk.set('mine', 10)).rejects.toEqual(code('DENIED'))
    expect([mine.value, mine.version]).toEqual([1, 1])
    expect((await desk.set('mine', 9)).version).toBe(2)
  })

  it('is what a function gives, and what its judge throws on, which is an event there', async () => {
    const [desk, owner] = await pair()
    owner.expose('getter', () => 1, { writable: true })
    owner.expose('judged', 1, {
      writable: () => {
        throw new Error('the judge is out')
      },
    })
    await expect(desk.set('getter', 2)).rejects.toEqual(code('UNSUPPORTED', /function/))
    const told = event(owner, 'error')
    await expect(desk.set('judged', 2)).rejects.toEqual(code('REMOTE', /the judge is out/))
    expect((await told).error.message).toBe('the judge is out')
    expect(await valuesOf(desk, 'judged')).toEqual([1])
  })

  it('is set all the same when its owner fails on being told', async () => {
    const [desk, owner] = await pair()
    owner.expose('lamp', 'off', {
      writable: true,
      written: () => {
        throw new Error('no such relay')
      },
    })
    const told = event(owner, 'error')
    expect((await desk.set('lamp', 'on')).value).toBe('on')
    expect((await told).error.message).toBe('no such relay')
  })

  it('is set all the same when its owner fails later, and not by a judge who takes time', async () => {
    const [desk, owner] = await pair()
    const later = (): unknown => Promise.reject(new Error('no such relay'))
    owner.expose('lamp', 'off', { writable: true, written: later })
    const judge = (): unknown => Promise.resolve(true)
    // Plain JavaScript gives anything, and a promise is true.
    const judged = owner.expose('judged', 1, { writable: judge as () => boolean })
    const told = event(owner, 'error')
    expect((await desk.set('lamp', 'on')).value).toBe('on')
    expect((await told).error.message).toBe('no such relay')
    await expect(desk.set('judged', 2)).rejects.toEqual(code('DENIED'))
    expect(judged.value).toBe(1)
  })

  it('is another one than what had its name before', async () => {
    const [desk, owner] = await pair()
    const before = owner.expose('lamp', 'off', { writable: true })
    const { version } = before
    await before.close()
    const lamp = owner.expose('lamp', 'other', { writable: true })
    const late = desk.set('lamp', 'on', { to: owner.id, version })
    await expect(late).rejects.toEqual(code('CHANGED', /has version 2, not 1/))
    let value = 1
    const getter = owner.expose('getter', () => value++)
    await desk.fetch('getter').all()
    await getter.close()
    expect(lamp.value).toBe('other')
    expect(owner.expose('getter', 1).version).toBeGreaterThan(getter.version)
  })

  it('is what a peer may expose that has no time to say so', async () => {
    const join = network()
    const limits = { answering: 1 }
    const [desk, one, busy] = [await join(), await join(), await join({ limits })]
    await acquainted(desk, one, busy)
    const lamp = one.expose('lamp', 'off', { writable: true })
    busy.expose('lamp', 'off', { writable: true })
    const { begun, handler } = hanging()
    busy.respond('job', handler)
    const asked = desk.request('job', null)
    asked.catch(() => undefined)
    await begun
    await desk.matched('sixcast/variables', { count: 2 })
    await expect(desk.set('lamp', 'on')).rejects.toEqual(code('BUSY', /has not said whether.*"to"/))
    expect(lamp.value).toBe('off')
  })

  it('is too large on either side', async () => {
    const join = network()
    const [desk, owner] = [await join(), await join({ limits: { variableSize: 10 } })]
    await acquainted(desk, owner)
    owner.expose('text', '', { writable: true })
    await expect(desk.set('text', 'x'.repeat(11))).rejects.toEqual(code('TOO_LARGE', /11 bytes/))
    await expect(owner.set('text', 'x'.repeat(11))).rejects.toEqual(code('TOO_LARGE'))
    await expect(desk.set('text', undefined)).rejects.toEqual(code('INVALID_VALUE'))
  })

  it('is what nobody, another, or more than one exposes', async () => {
    const [desk, one, other] = await three()
    await expect(desk.set('lamp', 'on')).rejects.toEqual(code('NO_RESPONDER'))
    one.expose('lamp', 'off', { writable: true })
    other.expose('lamp', 'off', { writable: true })
    await desk.matched('sixcast/variables', { count: 2 })
    const several = desk.set('lamp', 'on')
    await expect(several).rejects.toEqual(code('CONFLICT', /2 peers expose "lamp".*"to"/))
    expect((await desk.set('lamp', 'on', { to: other.id })).from).toBe(other.id)
    await expect(desk.set('door', 1, { to: one.id })).rejects.toEqual(
      code('NO_RESPONDER', /does not expose "door"/),
    )
    const stranger = '00000000000000ff' as PeerId
    await expect(desk.set('lamp', 1, { to: stranger })).rejects.toEqual(
      code('NO_RESPONDER', /^peer 00000000000000ff is not here to set "lamp": /),
    )
    await expect(desk.set('lamp/*', 1)).rejects.toEqual(
      code('INVALID_TOPIC', /^name "lamp\/\*" has a wildcard: a name is exact/),
    )
    expect(() => desk.expose('lamp/*', 1)).toThrow(code('INVALID_TOPIC', /a name is exact/))
  })

  it('is of a peer that has no variables, or does not answer, which the error says', async () => {
    const [desk, plain] = await pair()
    await expect(desk.set('lamp', 1, { to: plain.id })).rejects.toEqual(
      code('NO_RESPONDER', new RegExp(`^peer ${plain.id} does not expose "lamp": `)),
    )
    plain.respond('sixcast/variables', hanging().handler)
    await desk.matched('sixcast/variables')
    await expect(desk.set('lamp', 1, { to: plain.id, timeout: 50 })).rejects.toEqual(
      code(
        'TIMEOUT',
        new RegExp(`^peer ${plain.id} has not answered for variable "lamp" within 50`),
      ),
    )
  })

  it('is an answer that no bus gives', async () => {
    const [desk, liar] = await pair()
    const entry = { name: utf8('b'), kind: 'fault', code: utf8('X'), message: utf8('x') } as const
    liar.respond('sixcast/variables', () => writePart({ more: false, entries: [entry] }))
    const asked = desk.set('a', 1, { to: liar.id })
    await expect(asked).rejects.toEqual(code('INVALID_VALUE', /answers what no bus answers/))
    expect(desk.stats().malformed).toBe(1)
  })

  it('is called wrongly', async () => {
    const [bus] = await pair()
    await expect(bus.set('a/*', 1)).rejects.toEqual(code('INVALID_TOPIC'))
    await expect(bus.set('a', 1, { version: 0 })).rejects.toEqual(code('INVALID_OPTION'))
    await expect(bus.set('a', 1, { to: 'x' as PeerId })).rejects.toEqual(code('INVALID_OPTION'))
    const stop = AbortSignal.abort(new Error('enough'))
    await expect(bus.set('a', 1, { signal: stop })).rejects.toThrow('enough')
    expect(() => bus.expose('a', 1, { writable: 1 as unknown as boolean })).toThrow(
      code('INVALID_OPTION', /"writable"/),
    )
    await bus.close({ linger: 0 })
    await expect(bus.set('a', 1)).rejects.toEqual(code('CLOSED'))
  })
})
