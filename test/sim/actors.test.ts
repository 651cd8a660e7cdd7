/** Actors on lossy networks: order, one packet for a group, deliveries through cuts, and ends that are told. */
import { describe, expect, it } from 'vitest'
import type { ActorContext, ActorGone, Step } from '../../bus/api/actor-options.ts'
import type { Bus } from '../../bus/api/options.ts'
import { BusError } from '../../bus/api/errors.ts'
import type { Simulation } from '../../bus/testing/options.ts'
import { simulate } from '../../bus/testing/simulation.ts'

interface World {
  readonly net: Simulation
  readonly buses: readonly Bus[]
}

async function world(seed: number, loss: number, count: number): Promise<World> {
  const net = simulate({ seed, loss, duplicate: loss / 2, delay: [1, 8] })
  const buses: Bus[] = []
  for (let place = 0; place < count; place++) {
    buses.push(await net.connect({ name: `b${place}` }))
  }
  while (buses.some(({ presence }) => presence.size < count - 1)) await net.run(100)
  return { net, buses }
}

/** Keeps what it is told, in order. */
function keeper(heard: unknown[]) {
  return (state: number, message: unknown): Step<unknown, number, number> => {
    heard.push(message)
    return { state: state + 1, reply: state }
  }
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]
const CASES = SEEDS.flatMap((seed) => [0, 0.05, 0.2].map((loss) => [seed, loss] as const))

describe.each(CASES)('with seed %i and a loss of %d', (seed, loss) => {
  it('each message comes once, in the order of its sender, by address and by name', async () => {
    const { net, buses } = await world(seed, loss, 3)
    const [here, other, there] = buses as [Bus, Bus, Bus]
    const heard: unknown[] = []
    there.spawn('keeper', keeper(heard), { initial: 0 })
    const send = async (bus: Bus, address: string): Promise<void> => {
      const far = bus.actor<string, number>(address)
      const replies: Promise<unknown>[] = []
      const options = { timeout: 30_000 }
      for (let i = 0; i < 60; i++) {
        const message = `${bus.id} ${i}`
        if (i % 3 === 0) replies.push(far.ask(message, options))
        else if (i % 3 === 1) far.tell(message)
        else replies.push(far.deliver(message, options))
        if (i % 20 === 19) await net.sleep(50)
      }
      await Promise.all(replies)
    }
    const sending = [send(here, `keeper@${there.id}`), send(other, 'keeper')]
    await net.until(Promise.all(sending))
    for (const { id } of [here, other]) {
      const of = heard.filter((one) => String(one).startsWith(id))
      expect(of).toEqual(Array.from({ length: 60 }, (_, i) => `${id} ${i}`))
    }
    await net.close()
  })

  it('a group of three processes is told by one message, and each member hears it once', async () => {
    const { net, buses } = await world(seed, loss, 4)
    const [here, ...others] = buses as [Bus, Bus, Bus, Bus]
    const heard: unknown[] = []
    for (const bus of others) {
      for (const name of ['a', 'b']) {
        bus.spawn(name, keeper(heard), { initial: 0, groups: ['lamps'] })
      }
    }
    await net.until(here.matched('sixcast/groups/lamps', { count: 3 }))
    const before = here.stats().messagesPublished
    const lamps = here.group<number, number>('lamps')
    for (let i = 0; i < 10; i++) lamps.tell(i)
    await net.run(20_000)
    expect(here.stats().messagesPublished - before).toBe(10)
    expect(heard.map(Number).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 10 }, (_, i) => Array.from({ length: 6 }, () => i)).flat(),
    )
    const asking = lamps.askAll(10, { timeout: 20_000 })
    const replies = await net.until(asking.all())
    const { end, failures } = await asking.report
    expect([replies.map(({ value }) => value), end, failures]).toEqual([
      [10, 10, 10, 10, 10, 10],
      'complete',
      [],
    ])
    expect(await net.until(lamps.ask(11, { timeout: 20_000 }))).toBe(11)
    await net.close()
  })

  it('the end of an actor is told once, and that of a peer', async () => {
    const { net, buses } = await world(seed, loss, 3)
    const [here, one, other] = buses as [Bus, Bus, Bus]
    const ends: ActorGone[] = []
    type Order = { readonly watch: string } | ActorGone
    const watcher = (state: null, message: Order, context: ActorContext<Order>) => {
      if ('watch' in message) context.watch(context.actor(message.watch), (end) => end)
      else ends.push(message)
      return { state }
    }
    const stops = one.spawn('stops', keeper([]), { initial: 0 })
    other.spawn('goes', keeper([]), { initial: 0 })
    const watching = here.spawn('watcher', watcher, { initial: null })
    const targets = [`stops@${one.id}`, `goes@${other.id}`]
    for (const watch of targets) watching.tell({ watch })
    await net.run(10_000)
    expect(ends).toEqual([])
    await net.until(stops.close())
    net.crash(other)
    await net.run(40_000)
    expect(ends).toEqual([
      { address: targets[0], reason: 'closed' },
      { address: targets[1], reason: 'gone' },
    ])
    await net.close()
  })
})

describe('one packet', () => {
  it('leaves for a group, whatever number of processes and members it has', async () => {
    const sent: number[] = []
    for (const size of [1, 8]) {
      const { net, buses } = await world(9, 0, size + 1)
      const [here, ...others] = buses as [Bus, ...Bus[]]
      const heard: unknown[] = []
      for (const bus of others) {
        for (let i = 0; i < size; i++) {
          bus.spawn(`lamp/${i}`, keeper(heard), { initial: 0, groups: ['lamps'] })
        }
      }
      await net.until(here.matched('sixcast/groups/lamps', { count: size }))
      // What is said when two have only just met is over.
      await net.run(2000)
      const before = here.stats().packetsSent
      here.group<string>('lamps').tell('on')
      await net.run(30)
      sent.push(here.stats().packetsSent - before)
      expect(heard).toEqual(Array.from({ length: size * size }, () => 'on'))
      await net.close()
    }
    expect(sent).toEqual([1, 1])
  })
})

describe('a cut', () => {
  it.each(SEEDS)('does not keep a delivery from being done once, with seed %i', async (seed) => {
    const { net, buses } = await world(seed, 0.05, 2)
    const [here, there] = buses as [Bus, Bus]
    const heard: unknown[] = []
    there.spawn('keeper', keeper(heard), { initial: 0 })
    const far = here.actor<number>(`keeper@${there.id}`)
    await net.until(far.deliver(0))
    net.partition(['b0'], ['b1'])
    const delivered = far.deliver(1, { timeout: 60_000 })
    delivered.catch(() => undefined)
    await net.run(3000)
    net.heal()
    await net.until(delivered)
    await net.run(20_000)
    expect(heard).toEqual([0, 1])
    await net.close()
  })

  it.each(SEEDS)('longer than a peer counts as here is told, with seed %i', async (seed) => {
    const { net, buses } = await world(seed, 0.05, 2)
    const [here, there] = buses as [Bus, Bus]
    there.spawn('keeper', keeper([]), { initial: 0 })
    const far = here.actor<number>(`keeper@${there.id}`)
    await net.until(far.deliver(0))
    net.crash(there)
    const failed = far.deliver(1, { timeout: 60_000 }).catch((error: unknown) => error)
    const error = await net.until(failed)
    expect(error).toBeInstanceOf(BusError)
    expect((error as BusError).code).toMatch(/ABANDONED|NO_ACTOR/)
    await net.close()
  })
})
