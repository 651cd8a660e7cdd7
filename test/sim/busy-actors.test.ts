/** Actors of peers that are too busy to say whether they have them, or hang: they are not taken for none. */
import { describe, expect, it } from 'vitest'
import type { ActorContext, ActorGone, Step } from '../../bus/api/actor-options.ts'
import { BusError } from '../../bus/api/errors.ts'
import type { Bus } from '../../bus/api/options.ts'
import type { Simulation } from '../../bus/testing/options.ts'
import { simulate } from '../../bus/testing/simulation.ts'

interface World {
  readonly net: Simulation
  readonly here: Bus
  /** It answers one question at a time. */
  readonly there: Bus
  /** Takes its one place; what it gives frees that again. */
  readonly occupy: () => Promise<() => Promise<void>>
}

async function world(): Promise<World> {
  const net = simulate({ seed: 1, delay: [1, 8] })
  const here = await net.connect({ name: 'here' })
  const there = await net.connect({ name: 'there', limits: { answering: 1 } })
  while (here.presence.size + there.presence.size < 2) await net.run(100)
  let [taken, open] = [0, (): void => undefined]
  const gate = async (state: null): Promise<Step<unknown, null>> => {
    taken += 1
    await new Promise<void>((resolve) => (open = resolve))
    return { state }
  }
  there.spawn('gate', gate, { initial: null })
  const occupy = async (): Promise<() => Promise<void>> => {
    const before = taken
    const asked = here.actor(`gate@${there.id}`).ask('work', { timeout: 600_000 })
    while (taken === before) await net.run(100)
    return async () => {
      open()
      await net.until(asked)
    }
  }
  await net.run(3000)
  return { net, here, there, occupy }
}

function counter(state: number, message: unknown): Step<unknown, number, number> {
  return message === 'stop' ? { state, stop: true } : { state: state + 1, reply: state + 1 }
}

function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'done',
    (error: unknown) => (error instanceof BusError ? error.code : error),
  )
}

describe('an actor of a peer that is busy', () => {
  it('is BUSY to who asks by its name, and delivered to when there is room', async () => {
    const { net, here, there, occupy } = await world()
    there.spawn('counter', counter, { initial: 0 })
    const free = await occupy()
    const far = here.actor<unknown, number>('counter')
    expect(await net.until(failure(far.ask(1)))).toBe('BUSY')
    const delivered = far.deliver(1, { timeout: 60_000 })
    await net.run(5000)
    await free()
    await net.until(delivered)
    expect(await net.until(far.ask(1))).toBe(2)
    expect(await net.until(failure(here.actor('nobody').ask(1)))).toBe('NO_ACTOR')
    await net.close()
  })

  it('is told all the same, also when it is looked for anew meanwhile', async () => {
    const { net, here, there, occupy } = await world()
    there.spawn('counter', counter, { initial: 0 })
    const far = here.actor<unknown, number>('counter')
    await net.until(far.deliver(1))
    const free = await occupy()
    for (let i = 0; i < 30; i++) {
      far.tell(1)
      await net.run(1000)
    }
    await free()
    expect([await net.until(far.ask(1)), here.stats().mailLost]).toEqual([32, 0])
    await net.close()
  })

  it('stays the one that is meant while another peer has one of the name', async () => {
    const { net, here, there, occupy } = await world()
    there.spawn('counter', counter, { initial: 100 })
    const far = here.actor<unknown, number>('counter')
    await net.until(far.deliver(1))
    const other = await net.connect({ name: 'other' })
    other.spawn('counter', counter, { initial: 0 })
    await net.run(11_000)
    const free = await occupy()
    far.tell(1)
    await net.run(5000)
    await free()
    expect(await net.until(far.ask(1))).toBe(103)
    await net.close()
  })
})

describe('a watch by name', () => {
  type Order = 'watch' | ActorGone

  /** Watches the actor of the name, and keeps what it is told of its end. */
  function watch(bus: Bus, ends: ActorGone[]): void {
    const watcher = (state: null, message: Order, context: ActorContext<Order>) => {
      if (message === 'watch') context.watch(context.actor('counter'), (end) => end)
      else ends.push(message)
      return { state }
    }
    bus.spawn('watcher', watcher, { initial: null }).tell('watch')
  }

  it('of an actor of a peer that is busy begins when that has room', async () => {
    const { net, here, there, occupy } = await world()
    const actor = there.spawn('counter', counter, { initial: 0 })
    const free = await occupy()
    const ends: ActorGone[] = []
    watch(here, ends)
    await net.run(10_000)
    await free()
    await net.run(30_000)
    expect(ends).toEqual([])
    actor.tell('stop')
    await net.run(5000)
    expect(ends).toEqual([{ address: `counter@${there.id}`, reason: 'stopped' }])
    await net.close()
  })

  it('that two peers have begins when one of them has it no more', async () => {
    const { net, here, there } = await world()
    const other = await net.connect({ name: 'other' })
    const [first, second] = [there, other].map((bus) => {
      return bus.spawn('counter', counter, { initial: 0 })
    })
    await net.run(5000)
    const ends: ActorGone[] = []
    watch(here, ends)
    await net.run(10_000)
    first!.tell('stop')
    await net.run(60_000)
    expect(ends).toEqual([])
    second!.tell('stop')
    await net.run(5000)
    expect(ends).toEqual([{ address: `counter@${other.id}`, reason: 'stopped' }])
    await net.close()
  })

  it('says that there is none where everybody has said so, and not where a peer hangs', async () => {
    const { net, here } = await world()
    const ends: ActorGone[] = []
    const hung = await net.connect({ name: 'hung' })
    const responder = hung.respond('sixcast/actors', () => new Promise(() => undefined))
    await net.run(5000)
    expect(await net.until(failure(here.actor('counter').ask(1)))).toBe('TIMEOUT')
    watch(here, ends)
    await net.run(20_000)
    expect(ends).toEqual([])
    void responder.close()
    net.crash(hung)
    await net.run(90_000)
    expect(ends).toEqual([{ address: 'counter', reason: 'unknown' }])
    await net.close()
  })
})
