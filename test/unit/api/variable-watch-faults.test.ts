/** Watches of which something goes wrong: owners that fail, peers that come and go, programs that stand still. */
import { describe, expect, it } from 'vitest'
import type { Bus, ConnectOptions } from '../../../bus/api/options.ts'
import type { Change } from '../../../bus/api/variable-options.ts'
import { simulate } from '../../../bus/testing/simulation.ts'
import { code } from './asking.ts'

function world(seed: number) {
  const net = simulate({ seed, delay: [1, 8] })
  const connect = (options: ConnectOptions = {}): Promise<Bus> => net.connect(options)
  /** What a watch has told, since it was last asked. */
  const log = (changes: AsyncIterable<Change>): (() => Change[]) => {
    const told: Change[] = []
    void (async () => {
      for await (const change of changes) told.push(change)
    })().catch(() => undefined)
    return () => told.splice(0)
  }
  return { net, connect, log }
}

describe('a watch', () => {
  it('asks again when it is due, also while others keep coming', async () => {
    const { net, connect, log } = world(1)
    const [desk, owner] = [await connect(), await connect()]
    await net.run(2000)
    const told = log(desk.watch('load'))
    await net.run(1500)
    owner.expose('load', 1)
    for (let i = 0; i < 14; i++) {
      await connect()
      await net.run(900)
    }
    expect(told()).toMatchObject([{ type: 'value', value: 1 }])
    await net.close()
  })

  it('asks each newcomer a second later, also one that comes while that is due', async () => {
    const { net, connect, log } = world(2)
    const desk = await connect()
    const told = log(desk.watch('load'))
    await net.run(12_000)
    const first = await connect()
    first.expose('load', 1)
    await net.run(950)
    const second = await connect()
    second.expose('load', 2)
    await net.run(3000)
    const values = told().map((change) => change.type === 'value' && change.value)
    expect(new Set(values)).toEqual(new Set([1, 2]))
    await net.close()
  })

  it('tells of an owner that is busy, and asks it again soon', async () => {
    const { net, connect, log } = world(3)
    const [desk, owner] = [await connect(), await connect({ limits: { answering: 1 } })]
    owner.expose('load', 1)
    let free = (): void => undefined
    owner.respond('job', () => new Promise<void>((resolve) => (free = resolve)))
    await net.run(2000)
    const hung = desk.request('job', null, { timeout: 60_000 })
    await net.run(100)
    const told = log(desk.watch(['load', 'other/*']))
    await net.run(1500)
    expect(told()).toMatchObject([{ type: 'failed', name: 'load', error: code('BUSY') }])
    free()
    await net.until(hung)
    await net.run(4000)
    expect(told()).toMatchObject([{ type: 'value', name: 'load', value: 1 }])
    expect(owner.stats().answeringFull).toBeLessThan(4)
    await net.close()
  })

  it('asks ever more rarely where an owner stays busy', async () => {
    const { net, connect, log } = world(4)
    const [desk, owner] = [await connect(), await connect({ limits: { answering: 1 } })]
    owner.expose('load', 1)
    owner.respond('job', () => new Promise<void>(() => undefined))
    await net.run(2000)
    desk.request('job', null, { timeout: 600_000 }).catch(() => undefined)
    await net.run(100)
    const told = log(desk.watch('load'))
    await net.run(60_000)
    expect(told().map(({ type }) => type)).toEqual(['failed'])
    // After 1, 2, 4 and 8 seconds, then every ten.
    expect(owner.stats().answeringFull).toBeLessThan(12)
    await net.close()
  })

  it('keeps what it knows of an owner that has no room for its next question', async () => {
    const { net, connect, log } = world(7)
    const [desk, owner] = [await connect(), await connect({ limits: { answering: 2 } })]
    const load = owner.expose('load', 1)
    owner.respond('job', () => new Promise<void>(() => undefined))
    await net.run(2000)
    desk.request('job', null, { timeout: 600_000 }).catch(() => undefined)
    const told = log(desk.watch('load'))
    await net.run(10_500)
    expect(told()).toMatchObject([{ type: 'value', value: 1 }])
    // Its first question was still at work when it asked anew.
    expect(owner.stats().answeringFull).toBe(1)
    await net.run(1500)
    load.set(2)
    await net.run(1000)
    expect(told()).toMatchObject([{ type: 'value', value: 2 }])
    await net.close()
  })

  it('sees a variable that was closed and exposed anew between two tellings', async () => {
    const { net, connect, log } = world(5)
    const [desk, owner] = [await connect(), await connect()]
    const load = owner.expose('load', 1)
    await net.run(2000)
    const told = log(desk.watch('load'))
    await net.run(2000)
    expect(told()).toMatchObject([{ type: 'value', value: 1, version: 1 }])
    void load.close()
    owner.expose('load', 2)
    await net.run(2000)
    expect(told()).toMatchObject([{ type: 'value', value: 2, version: 2 }])
    await net.close()
  })

  it('of a program that stands still keeps nothing of what has come and gone', async () => {
    const { net, connect } = world(6)
    const [desk, owner] = [await connect(), await connect()]
    const seen = owner.expose('v/seen', 0)
    await net.run(2000)
    const changes = desk.watch('v/*')[Symbol.asyncIterator]()
    await net.run(2000)
    const next = async () => (await net.until(changes.next())).value
    expect(await next()).toMatchObject({ type: 'value', name: 'v/seen' })
    for (let i = 0; i < 5; i++) {
      const passing = owner.expose(`v/${i}`, i)
      await net.run(1000)
      await passing.close()
      await net.run(1000)
    }
    await seen.close()
    await net.run(1000)
    owner.expose('v/last', 0)
    await net.run(1000)
    expect(await next()).toMatchObject({ type: 'gone', name: 'v/seen' })
    expect(await next()).toMatchObject({ type: 'value', name: 'v/last' })
    await net.close()
  })
})
