/** Variables that cannot be had: each peer has one outcome that says why, and no other is harmed. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { BusError } from '../../../bus/api/errors.ts'
import { topic } from '../../../bus/api/topic.ts'
import { simulate } from '../../../bus/testing/simulation.ts'
import { code } from './asking.ts'
import { acquainted, event, network, pair } from './company.ts'
import { all } from './fetched.ts'

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

  it('is an event there also of an error of the bus that tells nobody else what it is', async () => {
    const [asker, owner] = await pair()
    owner.expose('late', () => Promise.reject(new BusError('TIMEOUT', 'the sensor is slow')))
    const told = event(owner, 'error')
    const { byId } = await all(asker, 'late')
    expect(byId.get(owner.id)).toMatchObject({ error: code('REMOTE', /the sensor is slow/) })
    expect((await told).error).toEqual(code('TIMEOUT', /the sensor is slow/))
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

  it('is not exposed where there is no room for who answers for it', async () => {
    const bus = await network()({ limits: { subscriptions: 1 } })
    const responder = bus.respond('job', () => 1)
    for (let i = 0; i < 2; i++) {
      expect(() => bus.expose('load', 1)).toThrow(code('LIMIT', /limits.subscriptions/))
    }
    await responder.close()
  })

  it('is nothing of who comes later than the question: nobody has asked it', async () => {
    const net = simulate({ seed: 5 })
    const asker = await net.connect()
    const slow = await net.connect()
    slow.expose('load', () => new Promise(() => undefined), { timeout: 3000 })
    const before = await net.connect()
    await net.run(2000)
    const fetching = asker.fetch('load', { everyone: true, timeout: 8000 })
    await net.run(500)
    const later = await net.connect()
    later.expose('load', 1)
    await net.run(500)
    const { end, outcomes } = await net.until(fetching.report)
    expect(end).toBe('complete')
    expect(asker.presence.get(later.id)).toBeDefined()
    expect(new Map(outcomes.map(({ from, type }) => [from, type]))).toEqual(
      new Map([
        [slow.id, 'error'],
        [before.id, 'absent'],
      ]),
    )
    await net.close()
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
