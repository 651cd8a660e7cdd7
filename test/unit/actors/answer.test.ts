/** What comes of a message that is waited for: what only the bus says of it, and replies as they were. */
import { describe, expect, it } from 'vitest'
import type { ActorContext, Step } from '../../../bus/api/actor-options.ts'
import { BusError } from '../../../bus/api/errors.ts'
import type { Bus } from '../../../bus/api/options.ts'
import { code } from '../api/asking.ts'
import { pair } from '../api/company.ts'
import { gate, refusal, until } from './stage.ts'

const groups = ['workers']
/** What the bus says of a message: it was not begun, or may have been done. */
const CODES = ['NO_ACTOR', 'MAILBOX_FULL', 'BUSY', 'ABANDONED'] as const

/** Fails with the code that it is told, and remembers what it has done. */
function failing(done: string[]) {
  return (state: null, message: string): Step<string, null> => {
    done.push(message)
    const error = new BusError(message, 'so it is')
    if (done.length % 2 === 0) throw error
    return { state, error }
  }
}

describe('a message whose behaviour fails as the bus itself would', () => {
  const cases = CODES.flatMap((text) => [true, false].map((isFar) => [text, isFar] as const))

  it.each(cases)('is done once, with %s, also where it is far: %s', async (text, isFar) => {
    const [here, there] = await pair()
    const done: string[] = []
    const bus: Bus = isFar ? there : here
    const options = { initial: null, groups, backoff: 0, restarts: 100 }
    bus.spawn('worker', failing(done), options)
    if (isFar) await here.matched('sixcast/groups/workers')
    const worker = here.actor('worker')
    const sends = [
      () => worker.ask(text),
      () => worker.deliver(text, { timeout: 1000 }),
      () => here.actor(`worker@${bus.id}`).ask(text),
      () => here.group('workers').ask(text),
    ]
    for (const [place, send] of sends.entries()) {
      expect(await refusal(send())).toEqual(code('REMOTE', /so it is/))
      expect(done).toHaveLength(place + 1)
    }
  })
})

describe('a message that is at work when its actor is ended', () => {
  /** A parent whose child is a gate; it stops when it is told to. */
  function parent(behaviour: ReturnType<typeof gate>['behaviour']) {
    return (state: null, message: string, { spawn }: ActorContext<string>) => {
      if (message === 'spawn') spawn('child', behaviour, { initial: 0 })
      return { state, stop: message === 'stop' }
    }
  }

  it('is ABANDONED, and what waits behind it is refused with NO_ACTOR', async () => {
    const [here, there] = await pair()
    const { behaviour, taken } = gate()
    const above = there.spawn('parent', parent(behaviour), { initial: null })
    await above.deliver('spawn')
    const address = `parent/child@${there.id}`
    const far = refusal(here.actor(address).ask('work'))
    await until(() => taken.length === 1)
    const near = refusal(there.actor(address).ask('wait'))
    await above.deliver('stop')
    expect(await far).toEqual(code('ABANDONED', /may have been done/))
    expect(await near).toEqual(code('NO_ACTOR'))
    expect(taken).toEqual(['work'])
  })
})

describe('a reply', () => {
  it.each([true, false])('is what its value was at that time, also far: %s', async (isFar) => {
    const [here, there] = await pair()
    const bus = isFar ? there : here
    const counts = (state: { n: number }): Step<unknown, { n: number }, { n: number }> => {
      state.n += 1
      return { state, reply: state }
    }
    const counted = (state: Uint8Array): Step<unknown, Uint8Array, Uint8Array> => {
      state[0]! += 1
      return { state, reply: state }
    }
    bus.spawn('object', counts, { initial: () => ({ n: 0 }), groups })
    bus.spawn('bytes', counted, { initial: () => new Uint8Array(1), groups })
    const thrice = (name: string): Promise<unknown[]> => {
      const actor = here.actor(`${name}@${bus.id}`)
      return Promise.all([actor.ask(0), actor.ask(0), actor.ask(0)])
    }
    expect(await thrice('object')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    expect(await thrice('bytes')).toEqual([1, 2, 3].map((n) => Uint8Array.of(n)))
    if (isFar) await here.matched('sixcast/groups/workers')
    const all = [4, 5].map(() => here.group('workers').askAll(0).all())
    const values = (await Promise.all(all)).flat().map(({ value }) => value)
    expect(values).toHaveLength(4)
    for (const n of [4, 5]) {
      expect(values).toContainEqual({ n })
      expect(values).toContainEqual(Uint8Array.of(n))
    }
  })
})
