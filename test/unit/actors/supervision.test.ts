/** What becomes of actors that fail, stop and are stopped, and of those below them and who watch them. */
import { describe, expect, it } from 'vitest'
import type {
  ActorContext,
  ActorGone,
  ActorRef,
  SpawnOptions,
  Step,
} from '../../../bus/api/actor-options.ts'
import type { Bus } from '../../../bus/api/options.ts'
import { code } from '../api/asking.ts'
import { event, network } from '../api/company.ts'
import { counter, gate, refusal, type Told, until } from './stage.ts'

async function alone(): Promise<Bus> {
  return network()()
}

/** A parent that spawns a counter as its child when it is told to, and says how it is itself. */
function parentOf(options: SpawnOptions<Told, number>) {
  type Order = 'spawn' | 'hello' | 'fail'
  const lives: AbortSignal[] = []
  const behaviour = (state: number, message: Order, context: ActorContext<Order>) => {
    lives.push(context.signal)
    if (message === 'fail') throw new Error('the parent broke')
    if (message === 'spawn') context.spawn('child', counter, options)
    return { state: state + 1, reply: state }
  }
  return { behaviour, lives }
}

describe('an actor that fails', () => {
  it('starts anew with its first state, and what waits is not lost', async () => {
    const bus = await alone()
    const failed = event(bus, 'error')
    const actor = bus.spawn('counter', counter, { initial: 5, backoff: 1 })
    await actor.ask({ add: 1 })
    const broken = refusal(actor.ask('fail'))
    const next = actor.ask({ add: 10 })
    expect(await broken).toEqual(code('REMOTE', /it broke/))
    expect([(await failed).error.message, await next]).toEqual(['it broke', 15])
    expect(bus.stats()).toMatchObject({ actorsFailed: 1, actorsRestarted: 1, mailLost: 0 })
  })

  it('stops when it has failed too often', async () => {
    const bus = await alone()
    const actor = bus.spawn('counter', counter, { initial: 0, restarts: 2, backoff: 0 })
    for (let i = 0; i < 4; i++) actor.tell('fail')
    const end = await actor.stopped
    expect([end.reason, end.error?.message]).toEqual(['failed', 'it broke'])
    expect(bus.stats()).toMatchObject({ actorsFailed: 3, actorsRestarted: 2, mailLost: 1 })
    await expect(actor.ask('get')).rejects.toEqual(code('NO_ACTOR', /"counter"/))
  })

  it('counts the failures of its window alone', async () => {
    const bus = await alone()
    const actor = bus.spawn('counter', counter, { initial: 0, restarts: 1, window: 1, backoff: 20 })
    for (let i = 0; i < 5; i++) await expect(actor.ask('fail')).rejects.toEqual(code('REMOTE'))
    expect(await actor.ask('get')).toBe(0)
  })

  it('stops at once where it is to', async () => {
    const bus = await alone()
    const actor = bus.spawn('counter', counter, { initial: 0, failure: 'stop' })
    await expect(actor.ask('wrong')).rejects.toEqual(code('REMOTE', /no step/))
    expect(await actor.stopped).toMatchObject({ reason: 'failed' })
    expect(bus.stats().actorsRestarted).toBe(0)
  })

  it('tries again when its state cannot be made', async () => {
    const bus = await alone()
    let made = 0
    const initial = (): number => {
      made += 1
      if (made === 2) throw new Error('no state yet')
      return made * 10
    }
    const actor = bus.spawn('counter', counter, { initial, backoff: 1 })
    actor.tell('fail')
    expect(await actor.ask('get')).toBe(30)
    expect(bus.stats()).toMatchObject({ actorsFailed: 2, actorsRestarted: 2 })
  })

  it('leaves it to its parent, which starts anew without it', async () => {
    const bus = await alone()
    const { behaviour, lives } = parentOf({ initial: 0, failure: 'escalate' })
    const parent = bus.spawn('parent', behaviour, { initial: 0, backoff: 1 })
    await parent.ask('hello')
    expect(await parent.ask('spawn')).toBe(1)
    const child = bus.actor<Told, number>('parent/child')
    expect(await child.ask({ add: 2 })).toBe(2)
    await expect(child.ask('fail')).rejects.toEqual(code('REMOTE', /it broke/))
    // Its state is the first one, and the name of the child is free.
    expect([await parent.ask('spawn'), await child.ask('get')]).toEqual([0, 0])
    expect(lives.map(({ aborted }) => aborted)).toEqual([true, true, false])
    expect(bus.stats()).toMatchObject({ actorsFailed: 2, actorsRestarted: 1 })
  })

  it('leaves nothing behind of what its parent had at work', async () => {
    const bus = await alone()
    const { behaviour, open, taken } = gate()
    const parent = async (state: number, message: string, context: ActorContext<string>) => {
      if (message === 'spawn') context.spawn('child', counter, { initial: 0, failure: 'escalate' })
      if (message !== 'work') return { state: state + 1, reply: state }
      await behaviour(0, message, context)
      return { state: 1000 }
    }
    const actor = bus.spawn('parent', parent, { initial: 0, backoff: 50 })
    await actor.ask('spawn')
    const work = refusal(actor.ask('work'))
    await until(() => taken.length === 1)
    const next = actor.ask('next')
    bus.actor<Told>('parent/child').tell('fail')
    expect(await work).toEqual(code('REMOTE', /it broke/))
    // What it comes to now is of a life that is over.
    open()
    expect([await next, await actor.ask('next')]).toEqual([0, 1])
    expect(bus.stats().actorsRestarted).toBe(1)
  })

  it('takes its children along when it starts anew', async () => {
    const bus = await alone()
    const { behaviour } = parentOf({ initial: 0 })
    const parent = bus.spawn('parent', behaviour, { initial: 0, backoff: 0 })
    await parent.ask('spawn')
    await expect(parent.ask('fail')).rejects.toEqual(code('REMOTE'))
    await expect(bus.actor('parent/child').ask('get')).rejects.toEqual(code('NO_ACTOR'))
    expect(await parent.ask('spawn')).toBe(0)
  })
})

describe('an actor that ends', () => {
  it('says why, and its name is free', async () => {
    const bus = await alone()
    const actor = bus.spawn('counter', counter, { initial: 4 })
    const last = actor.ask('stop')
    const late = refusal(actor.ask('get'))
    actor.tell('get')
    expect([await last, await actor.stopped]).toEqual([4, { reason: 'stopped' }])
    expect(await late).toEqual(code('NO_ACTOR', /has stopped/))
    actor.tell('get')
    expect(bus.stats().mailLost).toBe(3)
    expect(await bus.spawn('counter', counter, { initial: 1 }).ask('get')).toBe(1)
  })

  it('finishes what is at work when it is closed, and takes no more', async () => {
    const bus = await alone()
    const { behaviour, open, taken } = gate()
    const stop = new AbortController()
    const actor = bus.spawn('gate', behaviour, { initial: 0, signal: stop.signal })
    const first = actor.ask('first')
    const second = refusal(actor.ask('second'))
    await until(() => taken.length === 1)
    stop.abort()
    const closed = actor.close()
    await expect(actor.ask('third')).rejects.toEqual(code('NO_ACTOR'))
    open()
    expect(await first).toBe('first')
    await closed
    expect(await second).toEqual(code('NO_ACTOR'))
    expect([taken, await actor.stopped]).toEqual([['first'], { reason: 'closed' }])
    expect(() => bus.spawn('other', counter, { initial: 0, signal: stop.signal })).toThrow(
      /aborted/,
    )
  })

  it('takes its children along, each when it is done', async () => {
    const bus = await alone()
    const { behaviour, open, taken } = gate()
    const refs: ActorRef[] = []
    const parent = (state: null, _message: string, context: ActorContext<string>) => {
      refs.push(context.spawn('child', behaviour, { initial: 0 }))
      return { state }
    }
    const actor = bus.spawn('parent', parent, { initial: null })
    await actor.deliver('spawn')
    const reply = refs[0]!.ask('work')
    await until(() => taken.length === 1)
    const closed = actor.close()
    open()
    expect(await reply).toBe('work')
    await closed
    await expect(refs[0]!.ask('more')).rejects.toEqual(code('NO_ACTOR'))
  })

  it('ends with its bus, whatever is at work', async () => {
    const bus = await alone()
    const { behaviour, taken } = gate()
    const actor = bus.spawn('gate', behaviour, { initial: 0 })
    const lost = refusal(actor.ask('work'))
    await until(() => taken.length === 1)
    await bus.close({ linger: 0 })
    expect(await lost).toEqual(code('ABANDONED'))
    expect(await actor.stopped).toEqual({ reason: 'closed' })
  })
})

describe('a timer', () => {
  it('brings a message later, unless it is called off or its life is over', async () => {
    const bus = await alone()
    const heard: string[] = []
    const timed = (
      state: null,
      message: string,
      { after }: ActorContext<string>,
    ): Step<string, null> => {
      heard.push(message)
      if (message === 'fail') throw new Error('it broke')
      if (message === 'begin') {
        after(1, 'later')
        after(0, 'never')()
      }
      if (message === 'long') after(20, 'of another life')
      return { state }
    }
    const actor = bus.spawn('timed', timed, { initial: null, backoff: 0 })
    actor.tell('begin')
    await until(() => heard.includes('later'))
    actor.tell('long')
    actor.tell('fail')
    await new Promise((resolve) => setTimeout(resolve, 40))
    await actor.deliver('end')
    expect(heard).toEqual(['begin', 'later', 'long', 'fail', 'end'])
  })

  it('is one of so many at most, and of a delay that can be', async () => {
    const bus = await network()({ limits: { actorTimers: 2 } })
    const thrown: unknown[] = []
    const timed = (
      state: null,
      delays: number[],
      { after }: ActorContext<number[]>,
    ): Step<number[], null> => {
      for (const delay of delays) {
        try {
          after(delay, [])
        } catch (error) {
          thrown.push(error)
        }
      }
      return { state }
    }
    const actor = bus.spawn('timed', timed, { initial: null })
    await actor.deliver([-1, -0.5, 100_000_000, 80_000_000, 80_000_000, 1])
    const fault = code('INVALID_OPTION', /after\(\)/)
    expect(thrown).toEqual([fault, fault, fault, code('LIMIT', /limits.actorTimers/)])
    expect(bus.stats().actorTimersFull).toBe(1)
    await actor.close()
    const other = bus.spawn('timed', timed, { initial: null })
    await other.deliver([80_000_000, 80_000_000])
    expect(thrown).toHaveLength(4)
  })
})

describe('a watch', () => {
  /** An actor that watches whom it is told to, and keeps what it is told of their ends. */
  function watcher(ends: ActorGone[]) {
    return (
      state: null,
      message: { watch: string } | ActorGone,
      context: ActorContext<typeof message>,
    ) => {
      if ('watch' in message) context.watch(context.actor(message.watch), (end) => end)
      else ends.push(message)
      return { state }
    }
  }

  it('tells of the end of an actor, and why', async () => {
    const bus = await alone()
    const ends: ActorGone[] = []
    const watching = bus.spawn('watcher', watcher(ends), { initial: null })
    const names = ['stops', 'fails', 'closes'] as const
    const actors = names.map((name) => bus.spawn(name, counter, { initial: 0, failure: 'stop' }))
    for (const name of [...names, 'nobody']) await watching.deliver({ watch: name })
    await watching.deliver({ watch: `none@${bus.id}` })
    actors[0]!.tell('stop')
    await actors[0]!.stopped
    actors[1]!.tell('fail')
    await actors[1]!.stopped
    await actors[2]!.close()
    await until(() => ends.length === 5)
    const by = new Map(ends.map(({ address, reason }) => [address.replace(/@.*/, ''), reason]))
    expect(by).toEqual(
      new Map([
        ['stops', 'stopped'],
        ['fails', 'failed'],
        ['closes', 'closed'],
        ['nobody', 'unknown'],
        ['none', 'unknown'],
      ]),
    )
  })

  it('comes through a full mailbox, and ends with its life', async () => {
    const bus = await alone()
    const { behaviour, open, taken } = gate()
    const ends: unknown[] = []
    const target = `target@${bus.id}`
    const watching = async (state: number, message: string, context: ActorContext<string>) => {
      if (message === 'watch') context.watch(context.actor(target), () => 'ended')
      else if (message === 'ended') ends.push(message)
      else return behaviour(state, message, context as ActorContext<unknown>)
      return { state }
    }
    const actor = bus.spawn('watcher', watching, { initial: 0, mailbox: 1 })
    await actor.deliver('watch')
    // There was none, and then there is one.
    await until(() => ends.length === 1)
    const watched = bus.spawn('target', counter, { initial: 0 })
    await actor.deliver('watch')
    actor.tell('work')
    await until(() => taken.length === 1)
    actor.tell('more')
    await watched.close()
    open()
    await until(() => taken.length === 2)
    open()
    await until(() => ends.length === 2)
    expect(ends).toEqual(['ended', 'ended'])
  })

  it('is one of so many at most', async () => {
    const bus = await network()({ limits: { watches: 1 } })
    const ends: ActorGone[] = []
    const watching = bus.spawn('watcher', watcher(ends), { initial: null, failure: 'stop' })
    for (const name of ['a', 'b']) bus.spawn(name, counter, { initial: 0 })
    await watching.deliver({ watch: 'a' })
    await expect(watching.deliver({ watch: 'b' })).rejects.toEqual(code('REMOTE', /limits.watches/))
    expect(bus.stats().watchesFull).toBe(1)
  })
})
