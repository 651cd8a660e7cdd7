/** Questions on lossy networks: each comes to one end, at each peer, and none is answered twice. */
import { describe, expect, it } from 'vitest'
import type { Bus } from '../../bus/api/options.ts'
import type { BusError } from '../../bus/api/errors.ts'
import { simulate } from '../../bus/testing/simulation.ts'
import type { Simulation } from '../../bus/testing/options.ts'

interface World {
  readonly net: Simulation
  readonly asker: Bus
  readonly responders: readonly Bus[]
  /** How often each question was answered, by its responder. */
  readonly calls: Map<string, number>
}

/** Responders of a job, each of which answers with the question and its own name. */
async function world(seed: number, loss: number, count: number): Promise<World> {
  const net = simulate({ seed, loss, duplicate: loss / 2, delay: [1, 8] })
  const asker = await net.connect({ name: 'asker' })
  const calls = new Map<string, number>()
  const responders: Bus[] = []
  for (let place = 0; place < count; place++) {
    const bus = await net.connect({ name: `r${place}` })
    bus.respond('job/{n}', async ({ params, value }) => {
      const key = `${params.n} ${place}`
      calls.set(key, (calls.get(key) ?? 0) + 1)
      await net.sleep(5)
      return { n: params.n, value, place }
    })
    responders.push(bus)
  }
  while ([asker, ...responders].some(({ presence }) => presence.size < count)) await net.run(100)
  return { net, asker, responders, calls }
}

/** Lets the promise settle, and tells how it has. */
async function settled<T>(net: Simulation, promise: Promise<T>): Promise<T | string> {
  return net.until(
    promise.catch((error: unknown) => (error as BusError).code),
    120_000,
  )
}

const LOSSES = [0, 0.05, 0.2]
const SEEDS = [1, 2, 3, 4]
const trials = LOSSES.flatMap((loss) => SEEDS.map((seed) => ({ loss, seed })))

describe.each(trials)('at a loss of $loss, seed $seed', ({ loss, seed }) => {
  it('every request has one answer, and every responder has worked on it once at most', async () => {
    const { net, asker, calls } = await world(seed, loss, 3)
    const answered = []
    for (let n = 0; n < 40; n++) {
      const asked = asker.request(`job/${n % 8}`, n, { timeout: 20_000 })
      answered.push(await settled(net, asked))
    }
    expect(answered).toEqual(
      Array.from({ length: 40 }, (_, n) =>
        expect.objectContaining({ value: expect.objectContaining({ n: `${n % 8}`, value: n }) }),
      ),
    )
    for (const [key, count] of calls) expect([key, count <= 5]).toEqual([key, true])
    await net.close()
  })

  it('every gathering has an outcome for everybody, and the answers of all', async () => {
    const { net, asker, responders, calls } = await world(seed, loss, 6)
    const ids = [...asker.presence].map(({ id }) => id)
    for (let n = 0; n < 10; n++) {
      const gathering = asker.gather(`job/g${n}`, n, { timeout: 20_000 })
      const replies = await settled(net, collect(gathering))
      const report = await net.until(gathering.report)
      expect(report.end).toBe('complete')
      expect(report.outcomes.map(({ type }) => type)).toEqual(ids.map(() => 'answered'))
      expect(new Set(report.outcomes.map(({ from }) => from))).toEqual(new Set(ids))
      expect((replies as { from: string }[]).map(({ from }) => from).toSorted()).toEqual(
        responders.map(({ id }) => id).toSorted(),
      )
    }
    expect([...calls.values()]).toEqual(Array.from({ length: 60 }, () => 1))
    await net.close()
  })

  it('nobody waits for an answer where there is none', async () => {
    const { net, asker } = await world(seed, loss, 2)
    const before = net.time
    expect(await settled(net, asker.request('nobody', null, { timeout: 60_000 }))).toBe(
      'NO_RESPONDER',
    )
    // By what the others have said, and not since they have been here for long.
    expect(net.time - before).toBeLessThan(3500)
    await net.close()
  })

  it('several answers of one peer come in order, all of them', async () => {
    const { net, asker, responders } = await world(seed, loss, 1)
    responders[0]!.respond('count', async function* () {
      for (let i = 0; i < 60; i++) {
        yield i
        if (i % 7 === 0) await net.sleep(3)
      }
    })
    const gathering = asker.gather<number>('count', null, { timeout: 30_000 })
    const replies = await settled(net, collect(gathering))
    expect((replies as { value: number }[]).map(({ value }) => value)).toEqual(
      Array.from({ length: 60 }, (_, i) => i),
    )
    await net.close()
  })
})

describe('those who go', () => {
  it.each(SEEDS)('are gone, silent or answered, and nothing hangs, seed %i', async (seed) => {
    const { net, asker, responders } = await world(seed, 0.05, 5)
    const hung = responders.map((bus) => bus.respond('slow', () => net.sleep(1500)))
    const gathering = asker.gather('slow', null, { timeout: 12_000 })
    await net.run(700)
    net.crash(responders[0]!)
    net.partition(['r1'])
    void responders[2]!.close({ linger: 0 })
    await net.run(4000)
    net.heal()
    const report = await net.until(gathering.report)
    const typeOf = (place: number): string | undefined =>
      report.outcomes.find(({ from }) => from === responders[place]!.id)?.type
    expect(report.outcomes).toHaveLength(5)
    expect([typeOf(0), typeOf(2), typeOf(3), typeOf(4)]).toEqual([
      'gone',
      'gone',
      'answered',
      'answered',
    ])
    // Its answer is sent again until the network is whole.
    expect(typeOf(1)).toMatch(/answered|gone/)
    expect(hung[3]!.working).toBe(0)
    await net.close()
  })

  it('calling off reaches who is at work, through losses', async () => {
    for (const seed of SEEDS) {
      const { net, asker, responders } = await world(seed, 0.2, 3)
      let aborted = 0
      for (const bus of responders) {
        bus.respond('long', ({ signal }) => {
          signal.addEventListener('abort', () => (aborted += 1))
          return net.sleep(50_000)
        })
      }
      const stop = new AbortController()
      const asked = asker.request('long', null, { timeout: 60_000, signal: stop.signal })
      asked.catch(() => undefined)
      await net.run(3000)
      stop.abort()
      await net.run(3000)
      expect([seed, aborted]).toEqual([seed, 3])
      await net.close()
    }
  })
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

describe.each(SEEDS)('without loss, seed %d', (seed) => {
  it('nobody waits where the last responder leaves while the question is on its way', async () => {
    const { net, asker } = await world(seed, 0, 1)
    const other = await net.connect({ name: 'other' })
    for (let n = 0; n < 24; n++) {
      const responder = other.respond(`desk/${n}`, () => n)
      expect(await settled(net, asker.request(`desk/${n}`, null))).toMatchObject({ value: n })
      await responder.close()
      await net.run(1996 + n / 2)
      const before = net.time
      const asked = asker.request(`desk/${n}`, null, { timeout: 60_000 })
      expect([n, await settled(net, asked)]).toEqual([n, 'NO_RESPONDER'])
      expect(net.time - before).toBeLessThan(1000)
    }
    await net.close()
  })

  it('who listens again while the question is on its way answers it', async () => {
    // In order: who hears of the end last believes that.
    const net = simulate({ seed, delay: [6, 6] })
    const [asker, other] = [await net.connect(), await net.connect()]
    while (asker.presence.size + other.presence.size < 2) await net.run(100)
    for (let n = 0; n < 24; n++) {
      const responder = other.respond(`desk/${n}`, () => n)
      expect(await settled(net, asker.request(`desk/${n}`, null))).toMatchObject({ value: n })
      await responder.close()
      await net.run(1996 + n / 2)
      other.respond(`desk/${n}`, async () => {
        await net.sleep(800)
        return n + 100
      })
      const asked = asker.request(`desk/${n}`, null, { timeout: 60_000 })
      expect(await settled(net, asked)).toMatchObject({ value: n + 100 })
    }
    await net.close()
  })
})
