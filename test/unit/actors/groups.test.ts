/** Groups: one packet tells all of them, one of them is asked, or all of them are. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ActorContext } from '../../../bus/api/actor-options.ts'
import { groupTopic } from '../../../bus/actors/host.ts'
import { code, three } from '../api/asking.ts'
import { network, pair } from '../api/company.ts'
import { counter, gate, keeper, type Told, until } from './stage.ts'

const groups = ['lamps']

describe('a group', () => {
  it('of any size is told by one message, and its members here hear it, too', async () => {
    const [here, one, other] = await three()
    const heard: unknown[] = []
    for (const [place, bus] of [here, one, other].entries()) {
      for (let i = 0; i < 100; i++) {
        bus.spawn(`lamp/${place}/${i}`, keeper(heard), { initial: null, groups })
      }
    }
    await here.matched(groupTopic('lamps'), { count: 2 })
    const before = here.stats().messagesPublished
    here.group<string>('lamps').tell('on')
    await until(() => heard.length === 300)
    expect(new Set(heard)).toEqual(new Set(['on']))
    expect(here.stats().messagesPublished - before).toBe(1)
  })

  it('is heard by who is a member, and no longer', async () => {
    const [here, there] = await pair()
    const [a, b]: [unknown[], unknown[]] = [[], []]
    const first = there.spawn('a', keeper(a), { initial: null, groups: ['lamps', 'lamps', 'all'] })
    const second = there.spawn('b', keeper(b), { initial: null, groups })
    const lamps = here.group<number, number>('lamps')
    lamps.tell(1)
    here.group('all').tell(2)
    await until(() => a.length === 2 && b.length === 1)
    await first.close()
    lamps.tell(3)
    await until(() => b.length === 2)
    await second.close()
    expect([a.map(Number).toSorted((x, y) => x - y), b]).toEqual([
      [1, 2],
      [1, 3],
    ])
    await expect(lamps.ask(4)).rejects.toEqual(code('NO_ACTOR', /group "lamps"/))
    // It still says so, or has left the topic: it does two seconds after its last member has gone.
    const { outcomes } = await lamps.askAll(4).report
    expect(outcomes.filter(({ type }) => type !== 'none')).toEqual([])
    there.spawn('c', keeper(b), { initial: null, groups })
    expect(await lamps.ask(5)).toBe(3)
  })

  it('says who has told it', async () => {
    const [here, there] = await pair()
    const heard: unknown[] = []
    const lamp = (state: null, message: string, { from, sender }: ActorContext<string>) => {
      heard.push([message, from, sender?.address])
      return { state }
    }
    const desk = (state: null, message: string, { group }: ActorContext<string>) => {
      group<string>('lamps').tell(message)
      return { state }
    }
    there.spawn('lamp', lamp, { initial: null, groups })
    here.spawn('desk', desk, { initial: null }).tell('on')
    await until(() => heard.length === 1)
    expect(heard).toEqual([['on', here.id, `desk@${here.id}`]])
  })

  it('is asked by asking one of it: the one that has least to do', async () => {
    const [here, there] = await pair()
    const { behaviour, open, taken } = gate()
    for (const name of ['a', 'b']) there.spawn(name, behaviour, { initial: 0, groups })
    const lamps = here.group('lamps')
    const replies = [lamps.ask(1)]
    await until(() => taken.length === 1)
    there.actor('a').tell('more')
    replies.push(lamps.ask(2))
    await until(() => taken.length === 2)
    open()
    open()
    expect(await Promise.all(replies)).toEqual([1, 2])
    await expect(lamps.ask(() => 1)).rejects.toEqual(code('INVALID_VALUE'))
    await expect(lamps.ask(3, { timeout: 50 })).rejects.toEqual(
      code('TIMEOUT', new RegExp(`^peer ${there.id} has not answered for actor "[ab]" within`)),
    )
  })

  it('is asked as a whole, and each member replies or has its failure', async () => {
    const [here, one, other] = await three()
    one.spawn('good', counter, { initial: 1, groups })
    one.spawn('bad', counter, { initial: 1, groups, schema: z.number() as never })
    other.spawn('better', counter, { initial: 2, groups })
    here.spawn('own', counter, { initial: 3, groups })
    await here.matched(groupTopic('lamps'), { count: 2 })
    const asking = here.group<Told, number>('lamps').askAll('get')
    const replies = await asking.all()
    const { end, outcomes, failures } = await asking.report
    expect(new Map(replies.map(({ actor, value }) => [actor, value]))).toEqual(
      new Map([
        [`good@${one.id}`, 1],
        [`better@${other.id}`, 2],
        [`own@${here.id}`, 3],
      ]),
    )
    expect(failures).toEqual([{ actor: `bad@${one.id}`, error: code('INVALID_VALUE') }])
    expect([end, outcomes.map(({ type }) => type)]).toEqual([
      'complete',
      ['answered', 'answered', 'answered'],
    ])
  })

  it('checks what members reply, and tells how it has ended when nobody takes it', async () => {
    const [here, there] = await pair()
    const { behaviour } = gate()
    there.spawn('counter', counter, { initial: 1, groups })
    there.spawn('gate', behaviour, { initial: 1, groups: ['slow'] })
    const schema = z.string() as unknown as z.ZodType<number>
    const { failures } = await here.group<Told, number>('lamps').askAll('get', { schema }).report
    expect(failures).toEqual([{ actor: `counter@${there.id}`, error: code('INVALID_VALUE') }])
    const slow = await here.group('slow').askAll(1, { timeout: 200 }).report
    expect([slow.end, slow.outcomes.map(({ type }) => type)]).toEqual(['timeout', ['silent']])
    const asking = here.group('slow').askAll(1)
    const ending = asking[Symbol.asyncIterator]().return?.()
    await ending
    expect((await asking.report).end).toBe('break')
  })

  it('asked as a whole is asked by one message, also where a thousand members are', async () => {
    const join = network()
    const [here, there] = [await join(), await join()]
    for (let i = 0; i < 1000; i++) there.spawn(`cell/${i}`, counter, { initial: i, groups })
    await here.matched(groupTopic('lamps'))
    const before = here.stats().messagesPublished
    const asking = here.group<Told, number>('lamps').askAll('get', { timeout: 60_000 })
    const values = (await asking.all()).map(({ value }) => value)
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i))
    expect(here.stats().messagesPublished - before).toBe(1)
  })
})
