/** A mailbox: the order of what waits, and what comes through although it is full. */
import { describe, expect, it } from 'vitest'
import { type Mail, Mailbox } from '../../../bus/actors/mailbox.ts'
import type { ActorContext } from '../../../bus/api/actor-options.ts'
import type { PeerId } from '../../../bus/api/options.ts'
import { code } from '../api/asking.ts'
import { network } from '../api/company.ts'
import { counter, gate, until } from './stage.ts'

const POLICIES = ['reject', 'drop-oldest', 'drop-newest'] as const
/** What is left of a, then something that is kept, and b, in a mailbox that has room for one. */
const LEFT = { reject: ['a', 'kept'], 'drop-oldest': ['kept', 'b'], 'drop-newest': ['a', 'kept'] }

/** What who tells b is told. */
const REFUSED = { reject: code('MAILBOX_FULL'), 'drop-oldest': null, 'drop-newest': null }

function thrown(task: () => void): unknown {
  try {
    task()
    return null
  } catch (error) {
    return error
  }
}

function mailOf(text: string): Mail {
  const payload = new TextEncoder().encode(text)
  return { from: '00000000000000aa' as PeerId, sender: '', codec: 1, payload, answer: undefined }
}

describe('a mailbox', () => {
  it('gives everything in its order, and drops nothing that must not be lost', () => {
    const budget = { used: 0, max: 1_000_000 }
    let full = 0
    const options = { owner: 'a', limit: 2, budget, full: () => void (full += 1) }
    const mailbox = new Mailbox({ ...options, overflow: 'drop-oldest' })
    const taken: string[] = []
    const take = (): void => {
      const mail = mailbox.take()
      if (mail) taken.push(new TextDecoder().decode(mail.payload))
    }
    for (let i = 0; i < 4; i++) {
      mailbox.put(mailOf(`put ${i}`))
      mailbox.push(mailOf(`kept ${i}`))
      if (i === 0) take()
    }
    expect([mailbox.size, full]).toEqual([6, 1])
    for (let i = 0; i < 7; i++) take()
    const kept = ['put 0', 'kept 0', 'kept 1', 'put 2', 'kept 2', 'put 3', 'kept 3']
    expect([taken, mailbox.size, budget.used]).toEqual([kept, 0, 0])
  })
})

describe('a mailbox that is full', () => {
  it.each(POLICIES)('takes what the actor has sent to itself: %s', async (overflow) => {
    const bus = await network()({ limits: { actorTimers: 1 } })
    const { behaviour, open, taken } = gate()
    const timed = (state: number, message: string, context: ActorContext<string>) => {
      if (message === 'begin') {
        context.self.tell('a')
        context.after(0, 'kept')
      }
      return behaviour(state, message, context as ActorContext<unknown>)
    }
    const later = (state: null, _message: string, { after }: ActorContext<string>) => {
      after(80_000_000, '')
      return { state }
    }
    const options = { initial: 0, mailbox: 1, overflow }
    const actor = bus.spawn('timed', timed, options)
    const other = bus.spawn('later', later, { initial: null, failure: 'stop' })
    actor.tell('begin')
    await until(() => actor.queued === 2)
    expect(thrown(() => actor.tell('b'))).toEqual(REFUSED[overflow])
    expect(actor.queued).toBe(2)
    // It is a timer for as long as it waits.
    await expect(other.deliver('')).rejects.toEqual(code('REMOTE', /limits.actorTimers/))
    for (const count of [2, 3]) {
      open()
      await until(() => taken.length === count)
    }
    expect(taken).toEqual(['begin', ...LEFT[overflow]])
    open()
    await bus.spawn('later', later, { initial: null }).deliver('')
    await actor.close()
  })

  it.each(POLICIES)('takes what a watch tells: %s', async (overflow) => {
    const bus = await network()()
    const { behaviour, open, taken } = gate()
    const target = bus.spawn('target', counter, { initial: 0 })
    const watching = (state: number, message: string, context: ActorContext<string>) => {
      if (message === 'begin') context.watch(context.actor('target'), () => 'kept')
      return behaviour(state, message, context as ActorContext<unknown>)
    }
    const actor = bus.spawn('watching', watching, { initial: 0, mailbox: 1, overflow })
    actor.tell('begin')
    await until(() => taken.length === 1)
    actor.tell('a')
    await target.close()
    expect(thrown(() => actor.tell('b'))).toEqual(REFUSED[overflow])
    for (const count of [2, 3]) {
      open()
      await until(() => taken.length === count)
    }
    expect(taken).toEqual(['begin', ...LEFT[overflow]])
    open()
  })

  it('gives the places of its timers back when the actor ends', async () => {
    const bus = await network()({ limits: { actorTimers: 1 } })
    const { behaviour, taken } = gate()
    const timed = (state: number, message: string, context: ActorContext<string>) => {
      if (message === 'begin') context.after(0, 'kept')
      return behaviour(state, message, context as ActorContext<unknown>)
    }
    for (const name of ['one', 'two']) {
      const end = new AbortController()
      const parent = (state: null, message: string, { spawn }: ActorContext<string>) => {
        if (message === 'stop') return { state, stop: true }
        spawn('timed', timed, { initial: 0 }).tell('begin')
        return { state }
      }
      const actor = bus.spawn(name, parent, { initial: null, signal: end.signal })
      const count = taken.length
      await actor.deliver('go')
      await until(() => taken.length === count + 1)
      await actor.deliver('stop')
    }
    expect([taken, bus.stats().actorTimersFull]).toEqual([['begin', 'begin'], 0])
  })
})
