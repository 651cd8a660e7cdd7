/** Actors of one bus: messages in order, state, replies, errors, and what their mailboxes do. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ActorContext, Step } from '../../../bus/api/actor-options.ts'
import type { Bus } from '../../../bus/api/options.ts'
import { code } from '../api/asking.ts'
import { event, network } from '../api/company.ts'
import { counter, gate, keeper, refusal, type Told, until } from './stage.ts'

async function alone(): Promise<Bus> {
  return network()()
}

describe('an actor', () => {
  it('takes one message after the other, and replies to who asks', async () => {
    const bus = await alone()
    const actor = bus.spawn('counter', counter, { initial: 1 })
    actor.tell({ add: 2 })
    expect(await actor.ask({ add: 4 })).toBe(7)
    expect(await bus.actor<Told, number>('counter').ask('get')).toBe(7)
    expect(await bus.actor(`counter@${bus.id}`).ask('get')).toBe(7)
    await actor.deliver({ add: 1 })
    expect(await actor.ask('get')).toBe(8)
    expect([actor.name, actor.address, actor.queued]).toEqual(['counter', `counter@${bus.id}`, 0])
  })

  it('takes the next one only when it is done with the one before', async () => {
    const bus = await alone()
    const { behaviour, open, taken } = gate()
    const actor = bus.spawn('gate', behaviour, { initial: 0 })
    const replies = [1, 2, 3].map((one) => actor.ask(one))
    await until(() => taken.length === 1)
    expect(actor.queued).toBe(2)
    for (const count of [2, 3]) {
      open()
      await until(() => taken.length === count)
    }
    open()
    expect(await Promise.all(replies)).toEqual([1, 2, 3])
  })

  it('tells nobody over the network what is told within a process', async () => {
    const bus = await alone()
    const heard: unknown[] = []
    const actor = bus.spawn('keeper', keeper(heard), { initial: null })
    await bus.flush()
    const before = bus.stats()
    for (let i = 0; i < 1000; i++) actor.tell(i)
    expect(await actor.ask('last')).toBe(1001)
    expect(heard).toEqual([...Array.from({ length: 1000 }, (_, i) => i), 'last'])
    const { messagesPublished, mailDone } = bus.stats()
    expect(messagesPublished).toBe(before.messagesPublished)
    expect(mailDone - before.mailDone).toBe(1001)
  })

  it('shares nothing with who has sent a message, nor with who is replied to', async () => {
    const bus = await alone()
    const list: number[] = []
    const grow = (state: number[], given: number[]): Step<number[], number[], number[]> => {
      given.push(9)
      state.push(given.length)
      return { state, reply: state }
    }
    const actor = bus.spawn('grow', grow, { initial: () => [] as number[] })
    const first = await actor.ask(list)
    first.push(100)
    expect([list, await actor.ask(list)]).toEqual([[], [1, 1]])
    expect(() => actor.tell([NaN])).toThrow(code('INVALID_VALUE', /NaN/))
  })

  it('knows itself, its sender and its bus', async () => {
    const bus = await alone()
    const seen: unknown[] = []
    const echo = (state: null, _message: string, context: ActorContext<string>) => {
      const { self, from, sender } = context
      seen.push([self.address, from, sender?.address, context.bus === bus, context.signal.aborted])
      if (sender) sender.tell('back')
      return { state }
    }
    const ping = (state: null, message: string, context: ActorContext<string>) => {
      if (message === 'go') context.actor<string>('echo').tell('hello')
      else seen.push(message, context.sender?.address)
      return { state }
    }
    bus.spawn('echo', echo, { initial: null }).tell('hi')
    bus.spawn('ping', ping, { initial: null }).tell('go')
    await until(() => seen.length === 4)
    const at = `@${bus.id}`
    expect(seen).toEqual([
      [`echo${at}`, bus.id, undefined, true, false],
      [`echo${at}`, bus.id, `ping${at}`, true, false],
      'back',
      `echo${at}`,
    ])
  })

  it('becomes another, until it starts anew', async () => {
    const bus = await alone()
    type Word = 'sleep' | 'say' | 'fail'
    type Day = (state: null, message: Word) => Step<Word, null, string>
    const night: Day = (state, message) => {
      if (message === 'fail') throw new Error('a bad dream')
      return { state, reply: 'zzz' }
    }
    const day: Day = (state, message) =>
      message === 'sleep'
        ? { state, reply: 'good night', become: night }
        : { state, reply: 'hello' }
    const actor = bus.spawn('sleeper', day, { initial: null, backoff: 0 })
    const replies = []
    for (const word of ['say', 'sleep', 'say'] as const) replies.push(await actor.ask(word))
    await expect(actor.ask('fail')).rejects.toEqual(code('REMOTE', /a bad dream/))
    replies.push(await actor.ask('say'))
    expect(replies).toEqual(['hello', 'good night', 'zzz', 'hello'])
  })

  it('refuses what it will not do, and what does not match its schema, and goes on', async () => {
    const bus = await alone()
    const plain = bus.spawn('plain', counter, { initial: 3 })
    await expect(plain.ask('refuse')).rejects.toEqual(code('NO_LAMP', /there is no lamp/))
    await expect(plain.deliver('refuse')).rejects.toEqual(code('NO_LAMP'))
    expect(await plain.ask('get')).toBe(3)
    const schemas = [
      z.object({ add: z.number() }),
      z.object({ add: z.number() }).refine(async () => true),
    ]
    for (const [place, schema] of schemas.entries()) {
      const strict = bus.spawn(`strict/${place}`, counter, { initial: 0, schema })
      const invalid = event(bus, 'invalid')
      strict.tell('get' as never)
      expect(await invalid).toMatchObject({ topic: `strict/${place}`, from: bus.id })
      await expect(strict.ask('get' as never)).rejects.toEqual(code('INVALID_VALUE', /strict/))
      expect(await strict.ask({ add: 2 })).toBe(2)
    }
    expect(bus.stats()).toMatchObject({ mailInvalid: 4, actorsFailed: 0 })
  })

  it('checks replies where it is asked with a schema', async () => {
    const bus = await alone()
    const actor = bus.spawn('counter', counter, { initial: 1 })
    const schema = z.string() as unknown as z.ZodType<number>
    await expect(actor.ask('get', { schema })).rejects.toEqual(code('INVALID_VALUE', /reply/))
    const odd = bus.spawn('odd', (state: null) => ({ state, reply: () => 1 }), { initial: null })
    await expect(odd.ask(1)).rejects.toEqual(code('INVALID_VALUE'))
    const none = bus.spawn('none', (state: null) => ({ state }), { initial: null })
    expect(await none.ask(1)).toBeNull()
  })

  it('is waited for as long as the asker says, and not taken up after that', async () => {
    const bus = await alone()
    const { behaviour, open, taken } = gate()
    const actor = bus.spawn('gate', behaviour, { initial: 0 })
    await expect(actor.ask(1, { timeout: 20 })).rejects.toEqual(code('TIMEOUT', /20 ms/))
    await expect(actor.ask(2, { timeout: 20 })).rejects.toEqual(code('TIMEOUT'))
    const stop = new AbortController()
    const aborted = actor.ask(3, { signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    open()
    await until(() => actor.queued === 0)
    const last = actor.ask(4)
    await until(() => taken.length === 2)
    open()
    expect([await last, taken]).toEqual([4, [1, 4]])
  })
})

describe('a mailbox', () => {
  /** An actor at work on 0, with 1 and 2 waiting. */
  async function full(overflow: 'reject' | 'drop-oldest' | 'drop-newest') {
    const bus = await alone()
    const { behaviour, open, taken } = gate()
    const actor = bus.spawn('gate', behaviour, { initial: 0, mailbox: 2, overflow })
    const first = actor.ask(0)
    await until(() => taken.length === 1)
    const one = actor.ask(1)
    actor.tell(2)
    expect([actor.queued, bus.stats().mailboxFull]).toEqual([2, 0])
    const all = async (count: number): Promise<unknown[]> => {
      for (let i = 1; i <= count; i++) {
        await until(() => taken.length === i)
        open()
      }
      await first
      return taken
    }
    return { bus, actor, one, all }
  }

  it('that is full rejects the sender', async () => {
    const { bus, actor, one, all } = await full('reject')
    expect(() => actor.tell(3)).toThrow(code('MAILBOX_FULL', /"gate".*2 messages/))
    await expect(actor.ask(4)).rejects.toEqual(code('MAILBOX_FULL'))
    await expect(actor.deliver(5)).rejects.toEqual(code('MAILBOX_FULL'))
    expect(bus.stats().mailboxFull).toBe(3)
    expect([await all(3), await one]).toEqual([[0, 1, 2], 1])
  })

  it('drops the newest, and tells who waits for it', async () => {
    const { bus, actor, one, all } = await full('drop-newest')
    actor.tell(3)
    await expect(actor.ask(4)).rejects.toEqual(code('MAILBOX_FULL'))
    expect(bus.stats().mailboxFull).toBe(2)
    expect([await all(3), await one]).toEqual([[0, 1, 2], 1])
  })

  it('drops the oldest, and tells who waits for it', async () => {
    const { bus, actor, one, all } = await full('drop-oldest')
    const dropped = refusal(one)
    actor.tell(3)
    expect(await dropped).toEqual(code('MAILBOX_FULL'))
    expect(bus.stats().mailboxFull).toBe(1)
    expect(await all(3)).toEqual([0, 2, 3])
  })

  it('is full as well when too many bytes wait in all of them', async () => {
    const bus = await network()({ limits: { mailboxSize: 2000 } })
    const { behaviour, open, taken } = gate()
    const [a, b] = ['a', 'b'].map((name) => bus.spawn(name, behaviour, { initial: 0 }))
    a!.tell(0)
    await until(() => taken.length === 1)
    a!.tell('x'.repeat(1400))
    expect(() => a!.tell('')).toThrow(code('MAILBOX_FULL', /limits.mailboxSize/))
    // One is always taken.
    b!.tell('x'.repeat(1400))
    await until(() => taken.length === 2)
    open()
    open()
    await until(() => taken.length === 3)
    a!.tell('')
  })
})

describe('a process', () => {
  it('holds ten thousand actors behind one topic, and each gets what is for it', async () => {
    const bus = await alone()
    const before = bus.stats().messagesPublished
    const count = 10_000
    const ask = { timeout: 60_000 }
    const actors = Array.from({ length: count }, (_, i) =>
      bus.spawn(`cell/${i}`, counter, { initial: i }),
    )
    for (const actor of actors) actor.tell({ add: 1 })
    const states = await Promise.all(actors.map((actor) => actor.ask('get', ask)))
    expect(states).toEqual(actors.map((_, i) => i + 1))
    expect(bus.stats()).toMatchObject({ mailDone: 2 * count, mailLost: 0, mailboxFull: 0 })
    expect(bus.stats().messagesPublished).toBe(before)
    expect([...bus.topics]).toEqual([])
    await Promise.all(actors.map((actor) => actor.close()))
    expect(await Promise.all(actors.map(({ stopped }) => stopped))).toEqual(
      actors.map(() => ({ reason: 'closed' })),
    )
  })

  it('lets others have their turn while actors keep each other busy', async () => {
    const bus = await alone()
    let turns = 0
    const ball = (state: null, to: string, { actor }: ActorContext<string>) => {
      turns += 1
      actor<string>(to).tell(to === 'ping' ? 'pong' : 'ping')
      return { state }
    }
    bus.spawn('ping', ball, { initial: null })
    bus.spawn('pong', ball, { initial: null }).tell('ping')
    // A timer of the program comes in between, for ever.
    await new Promise((resolve) => setTimeout(resolve, 1))
    await new Promise((resolve) => setTimeout(resolve, 1))
    expect(turns).toBeGreaterThan(1000)
  })
})

describe('a call', () => {
  it('that is wrong is refused', async () => {
    const bus = await network()({ limits: { actors: 2 } })
    bus.spawn('a', counter, { initial: 0 })
    expect(() => bus.spawn('a', counter, { initial: 0 })).toThrow(code('EXISTS', /"a"/))
    expect(() => bus.spawn('a/*', counter, { initial: 0 })).toThrow(code('INVALID_TOPIC'))
    expect(() => bus.spawn('a@b', counter, { initial: 0 })).toThrow(code('INVALID_TOPIC', /"@"/))
    expect(() => bus.spawn('b', 5 as never, { initial: 0 })).toThrow(code('INVALID_OPTION'))
    expect(() => bus.spawn('b', counter, {} as never)).toThrow(code('INVALID_OPTION', /initial/))
    expect(() => bus.spawn('b', counter, { initial: 0, mailbox: 0 })).toThrow(
      code('INVALID_OPTION', /"mailbox"/),
    )
    expect(() => bus.spawn('b', counter, { initial: 0, groups: ['a//b'] })).toThrow(
      code('INVALID_TOPIC'),
    )
    const broken = (): number => {
      throw new Error('no state')
    }
    expect(() => bus.spawn('b', counter, { initial: broken })).toThrow('no state')
    expect(() => bus.actor('a@somewhere')).toThrow(code('INVALID_TOPIC', /name@peer/))
    expect(() => bus.group('a//b')).toThrow(code('INVALID_TOPIC', /^of a group: name "a\/\/b"/))
    expect(() => bus.group('a@b')).toThrow(code('INVALID_TOPIC', /^the name "a@b" of a group/))
    expect(() => bus.spawn('a/*', counter, { initial: 0 })).toThrow(/a name is exact/)
    const a = bus.actor('a')
    await expect(a.ask('get', { timeout: 0 })).rejects.toEqual(code('INVALID_OPTION', /timeout/))
    await expect(a.deliver('get', { timeout: 0 })).rejects.toEqual(code('INVALID_OPTION'))
    expect(() => bus.group('g').askAll(1, { quiet: 0 })).toThrow(code('INVALID_OPTION', /quiet/))
    bus.spawn('b', counter, { initial: 0 })
    expect(() => bus.spawn('c', counter, { initial: 0 })).toThrow(code('LIMIT', /limits.actors/))
    expect(bus.stats().actorsFull).toBe(1)
    await bus.close({ linger: 0 })
    expect(() => bus.spawn('c', counter, { initial: 0 })).toThrow(code('CLOSED'))
    expect(() => a.tell('get')).toThrow(code('CLOSED'))
    expect(() => bus.actor('a')).toThrow(code('CLOSED'))
  })

  it('of a message that is too large is refused', async () => {
    const bus = await network()({ limits: { messageSize: 2000 } })
    const actor = bus.spawn('a', keeper([]), { initial: null })
    actor.tell('x'.repeat(2000))
    expect(() => actor.tell('x'.repeat(2001))).toThrow(code('TOO_LARGE', /2001 bytes/))
  })
})
