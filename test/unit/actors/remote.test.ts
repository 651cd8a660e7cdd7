/** Actors of other peers: found by address and by name, told, asked and delivered to; and their ends. */
import { describe, expect, it } from 'vitest'
import type { ActorContext, ActorGone } from '../../../bus/api/actor-options.ts'
import type { Bus, PeerId } from '../../../bus/api/options.ts'
import { instanceOf } from '../../../bus/api/request-call.ts'
import { type Said, writeSaid } from '../../../bus/actors/wire.ts'
import { code, three } from '../api/asking.ts'
import { event, pair } from '../api/company.ts'
import { counter, gate, keeper, refusal, type Told, until } from './stage.ts'

const at = (name: string, bus: Bus): string => `${name}@${bus.id}`

describe('an actor of another peer', () => {
  it('is told, asked and delivered to by its address, in order', async () => {
    const [here, there] = await pair()
    const heard: unknown[] = []
    there.spawn('keeper', keeper(heard), { initial: null })
    const far = here.actor<number | string, number>(at('keeper', there))
    const replies: Promise<unknown>[] = []
    const options = { timeout: 60_000 }
    for (let i = 0; i < 300; i++) {
      if (i % 3 === 0) replies.push(far.ask(i, options))
      else if (i % 3 === 1) far.tell(i)
      else replies.push(far.deliver(i, options))
    }
    await Promise.all(replies)
    expect(await far.ask('last')).toBe(301)
    expect(heard).toEqual([...Array.from({ length: 300 }, (_, i) => i), 'last'])
    expect(await replies[1]).toBeUndefined()
    expect(await replies[2]).toBe(4)
  })

  it('is found by its name alone, also while messages wait for it, in order', async () => {
    const [here, there] = await pair()
    const heard: unknown[] = []
    there.spawn('a/keeper', keeper(heard), { initial: null })
    const far = here.actor<number, number>('a/keeper')
    const replies: Promise<unknown>[] = []
    for (let i = 0; i < 60; i++) {
      if (i % 3 === 0) replies.push(far.ask(i))
      else if (i % 3 === 1) far.tell(i)
      else replies.push(here.actor<number>('a/keeper').deliver(i))
    }
    await Promise.all(replies)
    far.tell(60)
    expect(await far.ask(61)).toBe(62)
    expect(heard).toEqual(Array.from({ length: 62 }, (_, i) => i))
  })

  it('is told by one message, and nothing comes back', async () => {
    const [here, there] = await pair()
    const heard: unknown[] = []
    there.spawn('keeper', keeper(heard), { initial: null })
    const far = here.actor(at('keeper', there))
    await far.ask(0)
    const before = [here.stats(), there.stats()]
    far.tell(Uint8Array.of(1, 2))
    far.tell('grüß')
    await until(() => heard.length === 3)
    expect(heard).toEqual([0, Uint8Array.of(1, 2), 'grüß'])
    expect(here.stats().messagesPublished - before[0]!.messagesPublished).toBe(2)
    expect(there.stats().answersSent - before[1]!.answersSent).toBe(0)
  })

  it('says what it throws, and what it refuses, by code and message', async () => {
    const [here, there] = await pair()
    const failed = event(there, 'error')
    const { behaviour, taken } = gate()
    there.spawn('counter', counter, { initial: 0, backoff: 0 })
    const full = there.spawn('gate', behaviour, { initial: 0, mailbox: 1 })
    const far = here.actor<Told, number>(at('counter', there))
    await expect(far.ask('fail')).rejects.toEqual(code('REMOTE', /it broke/))
    expect((await failed).error.message).toBe('it broke')
    await expect(far.ask('refuse')).rejects.toEqual(code('NO_LAMP', /no lamp/))
    await expect(far.deliver('refuse')).rejects.toEqual(code('NO_LAMP'))
    full.tell(0)
    await until(() => taken.length === 1)
    full.tell(1)
    const other = here.actor(at('gate', there))
    await expect(other.ask(2)).rejects.toEqual(code('MAILBOX_FULL', /"gate"/))
    await expect(other.deliver(3)).rejects.toEqual(code('MAILBOX_FULL'))
    other.tell(4)
    await until(() => there.stats().mailboxFull === 3)
    await expect(here.actor(at('nobody', there)).ask(1)).rejects.toEqual(code('NO_ACTOR'))
    await expect(here.actor('nobody').ask(1)).rejects.toEqual(
      code('NO_ACTOR', /nobody who is here/),
    )
    await expect(here.actor('nobody').deliver(1)).rejects.toEqual(code('NO_ACTOR'))
    const stranger = here.actor('counter@00000000000000ff')
    await expect(stranger.ask(1)).rejects.toEqual(code('NO_ACTOR', /00000000000000ff/))
    here.actor('nobody').tell(1)
    await until(() => here.stats().mailLost === 1)
    here.actor(at('nobody', there)).tell(1)
    await until(() => there.stats().mailLost === 2)
  })

  it('knows who has sent a message, and answers by that', async () => {
    const [here, there] = await pair()
    const heard: unknown[] = []
    const echo = (state: null, message: string, { sender, from }: ActorContext<string>) => {
      heard.push([message, from, sender?.address])
      sender?.tell(`${message}!`)
      return { state }
    }
    const ask = (state: null, message: string, { actor }: ActorContext<string>) => {
      if (message === 'go') actor<string>(at('echo', there)).tell('hello')
      else heard.push(message)
      return { state }
    }
    there.spawn('echo', echo, { initial: null })
    here.spawn('asker', ask, { initial: null }).tell('go')
    await until(() => heard.length === 2)
    expect(heard).toEqual([['hello', here.id, at('asker', here)], 'hello!'])
  })

  it('is of its own bus where that has one of the name', async () => {
    const [here, there] = await pair()
    here.spawn('counter', counter, { initial: 1 })
    there.spawn('counter', counter, { initial: 2 })
    expect(await here.actor('counter').ask('get')).toBe(1)
    expect(await here.actor(at('counter', there)).ask('get')).toBe(2)
  })

  it('is none where two others have one of the name, until one of them has not', async () => {
    const [here, one, other] = await three()
    const first = one.spawn('counter', counter, { initial: 1 })
    other.spawn('counter', counter, { initial: 2 })
    const far = here.actor<Told, number>('counter')
    await here.matched('sixcast/actors', { count: 2 })
    await expect(far.ask('get')).rejects.toEqual(code('CONFLICT', /name@peer/))
    far.tell('get')
    await until(() => here.stats().mailLost === 1)
    await first.close()
    expect(await far.ask('get')).toBe(2)
  })

  it('is found anew when it has moved', async () => {
    const [here, one, other] = await three()
    // Both are asked from the beginning on: nobody knows at once who has its first actor.
    for (const bus of [one, other]) bus.spawn('idle', counter, { initial: 0 })
    const first = one.spawn('counter', counter, { initial: 1 })
    const far = here.actor<Told, number>('counter')
    expect(await far.ask('get')).toBe(1)
    await first.close()
    other.spawn('counter', counter, { initial: 2 })
    expect(await far.ask('get')).toBe(2)
    await other.close({ linger: 0 })
    one.spawn('counter', counter, { initial: 3 })
    await until(() => here.presence.get(other.id) === undefined)
    expect(await far.ask('get')).toBe(3)
  })

  it('is found anew when it has moved by who delivers as well', async () => {
    const [here, one, other] = await three()
    // Both are asked from the beginning on: nobody knows at once who has its first actor.
    for (const bus of [one, other]) bus.spawn('idle', counter, { initial: 0 })
    const first = one.spawn('counter', counter, { initial: 1 })
    const far = here.actor<Told, number>('counter')
    await far.deliver({ add: 1 })
    await first.close()
    await expect(far.deliver({ add: 2 })).rejects.toEqual(code('NO_ACTOR', /nobody who is here/))
    const again = one.spawn('counter', counter, { initial: 1 })
    await far.deliver({ add: 1 })
    await again.close()
    const moved = other.spawn('counter', counter, { initial: 2 })
    await far.deliver({ add: 3 })
    expect(await moved.ask('get')).toBe(5)
  })

  it('gives a delivery up with its peer, or goes on with who has the name then', async () => {
    const [here, one, other] = await three()
    const { behaviour, taken } = gate()
    one.spawn('worker', behaviour, { initial: 0 })
    const far = [here.actor('worker'), here.actor(at('worker', one))] as const
    const byName = far[0].deliver('work', { timeout: 50_000 })
    await until(() => taken.length === 1)
    const byAddress = refusal(far[1].deliver('more', { timeout: 50_000 }))
    const heard: unknown[] = []
    other.spawn('worker', keeper(heard), { initial: null })
    await one.close({ linger: 0 })
    expect(await byAddress).toEqual(code('ABANDONED'))
    // What was at work may have been done: twice is the price of at least once.
    await byName
    expect(heard).toEqual(['work'])
  })
})

describe('a delivery', () => {
  it('that comes twice is done once', async () => {
    const [here, there] = await pair()
    const heard: unknown[] = []
    const actor = there.spawn('keeper', keeper(heard), { initial: null })
    await here.actor(at('keeper', there)).ask('first')
    const about = { to: instanceOf(there.id), name: 'keeper', sender: '', codec: 1 } as const
    const said = writeSaid({ kind: 'deliver', id: 7, ...about, payload: Uint8Array.of(120) })
    const request = (): Promise<unknown> => here.request('sixcast/actors', said, { to: there.id })
    await Promise.all([request(), request()])
    await request()
    expect(heard).toEqual(['first', 'x'])
    await actor.close()
  })

  it('is tried again, and finds what the first attempt has begun', async () => {
    const [here, there] = await pair()
    const { behaviour, open, taken } = gate()
    there.spawn('gate', behaviour, { initial: 0 })
    const slow = here.actor(at('gate', there)).deliver(1, { timeout: 15_000 })
    await until(() => taken.length === 1)
    // The first attempt is over by now: the second one finds the message at work.
    await new Promise((resolve) => setTimeout(resolve, 5500))
    open()
    await slow
    expect(taken).toEqual([1])
  })
})

describe('a watch on an actor of another peer', () => {
  function watcher(target: string, ends: ActorGone[]) {
    return (
      state: null,
      message: 'watch' | ActorGone,
      context: ActorContext<'watch' | ActorGone>,
    ) => {
      if (message === 'watch') context.watch(context.actor(target), (end) => end)
      else ends.push(message)
      return { state }
    }
  }

  it('tells of its end, of its peer leaving, and that there is none', async () => {
    const [here, there] = await pair()
    const ends: ActorGone[] = []
    const actor = there.spawn('a', counter, { initial: 0, failure: 'stop' })
    there.spawn('b', counter, { initial: 0 })
    const targets = [at('a', there), 'a', at('b', there), at('none', there), 'none']
    for (const [place, target] of targets.entries()) {
      await here.spawn(`w/${place}`, watcher(target, ends), { initial: null }).deliver('watch')
    }
    await here.actor(at('a', there)).ask('get')
    await until(() => ends.length === 2)
    expect(ends.map(({ reason }) => reason)).toEqual(['unknown', 'unknown'])
    // Each watch has been confirmed before the actor fails.
    await here.actor(at('b', there)).ask('get')
    actor.tell('fail')
    await until(() => ends.length === 4)
    expect(ends.slice(2)).toEqual([
      { address: at('a', there), reason: 'failed' },
      { address: at('a', there), reason: 'failed' },
    ])
    await there.close({ linger: 0 })
    await until(() => ends.length === 5)
    expect(ends[4]).toEqual({ address: at('b', there), reason: 'gone' })
  })
})

describe('what is no talk of actors', () => {
  it('is counted, and refused where it is a question', async () => {
    const [here, there] = await pair()
    there.spawn('counter', counter, { initial: 0 })
    await here.actor(at('counter', there)).ask('get')
    const to = { to: there.id }
    const ask = (value: unknown): Promise<unknown> => here.request('sixcast/actors', value, to)
    await expect(ask('junk')).rejects.toEqual(code('UNSUPPORTED', /malformed/))
    await expect(ask(Uint8Array.of(99))).rejects.toEqual(code('UNSUPPORTED'))
    const said: Said = {
      kind: 'tell',
      to: instanceOf(there.id),
      id: 0,
      name: 'counter',
      sender: '',
      codec: 2,
      payload: new TextEncoder().encode('{"add":'),
    }
    await expect(ask(writeSaid(said))).rejects.toEqual(code('UNSUPPORTED'))
    await expect(ask(writeSaid({ ...said, kind: 'ask' }))).rejects.toEqual(code('INVALID_VALUE'))
    await expect(ask(writeSaid({ ...said, kind: 'pick' }))).rejects.toEqual(code('UNSUPPORTED'))
    const other = instanceOf('00000000000000aa' as PeerId)
    await expect(ask(writeSaid({ ...said, kind: 'ask', to: other }))).rejects.toEqual(
      code('NO_ACTOR', /another peer/),
    )
    here.publish('sixcast/actors', Uint8Array.of(99))
    await until(() => there.stats().malformed === 3)
    expect(await here.actor(at('counter', there)).ask('get')).toBe(0)
  })
})
