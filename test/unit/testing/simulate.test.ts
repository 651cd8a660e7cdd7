/** `sixcast/testing`: real buses in virtual time, the same way for the same seed. */
import { describe, expect, it } from 'vitest'
import type { Bus, Gap, Message } from '../../../bus/index.ts'
import { simulate, type SimulateOptions } from '../../../bus/testing/index.ts'

const ROUGH: SimulateOptions = { seed: 7, loss: 0.1, duplicate: 0.1, delay: [1, 5] }

/** A publisher and two subscribers, and what the subscribers were given when, as text. */
async function story(options: SimulateOptions): Promise<string[]> {
  await using net = simulate(options)
  const kitchen = await net.connect({ name: 'kitchen' })
  const told: string[] = []
  for (const name of ['wall', 'phone']) {
    const bus = await net.connect({ name })
    bus.subscribe('home/**', ({ topic, value, sentAt }) => {
      told.push(`${net.time.toFixed(3)} ${name} ${topic} ${JSON.stringify(value)} ${sentAt}`)
    })
  }
  await net.run(1000)
  for (let celsius = 0; celsius < 50; celsius++) {
    kitchen.publish('home/kitchen', { celsius })
    await net.run(10)
  }
  await net.run(2000)
  return told
}

describe('a simulation', () => {
  it('runs the same way for the same seed, and another way for another one', async () => {
    const one = await story(ROUGH)
    expect(one).toHaveLength(100)
    expect(await story(ROUGH)).toEqual(one)
    expect(await story({ ...ROUGH, seed: 8 })).not.toEqual(one)
  })

  it('loses what it is told to lose, and the bus repairs it', async () => {
    await using net = simulate({ loss: 0.3 })
    const [from, to] = [await net.connect(), await net.connect({ name: 'to' })]
    const values: unknown[] = []
    to.subscribe('numbers', ({ value }) => void values.push(value))
    await net.until(from.matched('numbers'))
    for (let i = 0; i < 200; i++) {
      from.publish('numbers', i)
      await net.run(2)
    }
    await net.run(3000)
    expect(values).toEqual(Array.from({ length: 200 }, (_, i) => i))
    expect(from.stats().repairsSent).toBeGreaterThan(20)
  })

  it('parts hosts and joins them again', async () => {
    await using net = simulate()
    const [a, b] = [await net.connect({ name: 'a' }), await net.connect({ name: 'b' })]
    const beside = await net.connect({ name: 'c', host: 'b' })
    await net.run(1000)
    expect(names(a)).toEqual(['b', 'c'])
    net.partition(['a'], ['b'])
    await net.run(20_000)
    expect([names(a), names(b), names(beside)]).toEqual([[], ['c'], ['b']])
    net.heal()
    await net.run(20_000)
    expect(names(a)).toEqual(['b', 'c'])
  })

  it('has a host of several groups reach all of those, which do not reach each other', async () => {
    await using net = simulate()
    net.partition(['a', 'hub'], ['hub', 'b'])
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => net.connect({ name })))
    const hub = await net.connect({ name: 'hub' })
    await net.run(2000)
    expect([names(a!), names(b!), names(c!), names(hub)]).toEqual([
      ['hub'],
      ['hub'],
      [],
      ['a', 'b'],
    ])
  })

  it('crashes a bus, which is missed in time, and takes another one in its place', async () => {
    await using net = simulate()
    const [a, b] = [await net.connect({ name: 'a' }), await net.connect({ name: 'b' })]
    let heard = 0
    b.subscribe('x', () => void heard++)
    await net.until(a.matched('x'))
    net.crash(b)
    a.publish('x', 1)
    await net.run(20_000)
    expect([heard, names(a)]).toEqual([0, []])
    await net.connect({ name: 'b' })
    await net.run(1000)
    expect(names(a)).toEqual(['b'])
  })

  it('loses for one host alone, and a gap says what nobody could repair', async () => {
    await using net = simulate({ seed: 3 })
    const from = await net.connect({ limits: { historyAge: 500 } })
    const [good, bad] = [await net.connect({ name: 'good' }), await net.connect({ name: 'bad' })]
    const heard: Record<string, (Message | Gap)[]> = { good: [], bad: [] }
    for (const bus of [good, bad]) follow(bus, heard[bus === good ? 'good' : 'bad']!)
    await net.until(from.matched('x', { count: 2 }))
    from.publish('x', 0)
    await net.run(100)
    net.lose('bad', 1)
    from.publish('x', 1)
    await net.run(3000)
    net.lose('bad', 0)
    from.publish('x', 2)
    await net.run(3000)
    expect(heard['good']!.map(({ type }) => type)).toEqual(['message', 'message', 'message'])
    expect(heard['bad']!.map(({ type }) => type)).toEqual(['message', 'gap', 'message'])
  })

  it('lets a slow host take one datagram after the other, and keep 1,024 of those that wait', async () => {
    await using net = simulate()
    const from = await net.connect()
    const [quick, slow] = [
      await net.connect({ name: 'quick' }),
      await net.connect({ name: 'slow' }),
    ]
    const cameAt: Record<string, number> = {}
    let last: number | undefined
    slow.subscribe('x', ({ value }) => void (last = (value as Uint8Array)[0]))
    for (const [name, bus] of Object.entries({ quick, slow })) {
      bus.subscribe('x', () => void (cameAt[name] = net.time))
    }
    await net.run(1000)
    net.slow('slow', 20)
    const start = net.time
    from.publish('x', new Uint8Array(9), { delivery: 'best-effort' })
    await net.run(200)
    expect(cameAt['quick']! - start).toBeLessThan(10)
    expect(cameAt['slow']! - start).toBeGreaterThanOrEqual(20)
    const before = slow.stats().packetsReceived
    for (let i = 0; i < 3000; i++) {
      from.publish('x', new Uint8Array(1000), { delivery: 'best-effort' })
    }
    await net.run(10_000)
    // Whatever is put before it, it takes fifty a second.
    expect(slow.stats().packetsReceived - before).toBeLessThanOrEqual(500)
    net.slow('slow', 0)
    // Behind what waits still, and not lost.
    from.publish('x', new Uint8Array([7]), { delivery: 'best-effort' })
    await net.run(21_000)
    expect(last).toBe(7)
    const taken = slow.stats().packetsReceived - before
    expect(taken).toBeGreaterThan(1024)
    expect(taken).toBeLessThan(2500)
  })

  it('lets the time-outs of the bus and the waits of programs pass in virtual time', async () => {
    await using net = simulate()
    const bus = await net.connect()
    const late = net.until(bus.matched('nobody', { timeout: 30_000 }))
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(net.time).toBe(30_000)
    await net.until(net.sleep(500))
    expect(net.time).toBe(30_500)
    const never = net.until(new Promise(() => undefined), 100)
    await expect(never).rejects.toThrow('within 100 ms of virtual time, with seed 1')
    expect(net.time).toBe(30_600)
  })

  it('disposes of a bus of its own accord, and its realms are apart', async () => {
    await using net = simulate()
    const other = await net.connect({ realm: 'other' })
    {
      await using bus = await net.connect()
      bus.publish('a', 1)
    }
    await net.run(1000)
    expect(names(other)).toEqual([])
    await net.until(other.close())
  })

  it.each([
    ['seed', { seed: -1 }],
    ['loss', { loss: 1.5 }],
    ['delay', { delay: [5, 1] }],
    ['delay', { delay: 5 }],
    ['los', { los: 1 }],
  ])('refuses the option %s: %j', (name, options) => {
    expect(() => simulate(options as SimulateOptions)).toThrow(`option "${name}" is`)
  })

  it('refuses what belongs to a real network', async () => {
    const net = simulate()
    const real: object = { port: 1 }
    await expect(net.connect(real)).rejects.toThrow('option "port" is unknown')
    await expect(net.connect({ host: '' })).rejects.toThrow('option "host" is ""')
    expect(() => net.lose('a', 2)).toThrow('the part to lose is 2')
    expect(() => net.slow('a', -1)).toThrow('the time for a datagram is -1: 0 to 60000 ms')
  })
})

function names(bus: Bus): string[] {
  return [...bus.presence].map(({ name }) => name).toSorted()
}

function follow(bus: Bus, into: (Message | Gap)[]): void {
  const subscription = bus.subscribe('x', { gaps: true })
  void (async () => {
    for await (const item of subscription) into.push(item)
  })()
}
