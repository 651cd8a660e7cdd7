/** Variables on lossy networks: one question, and each peer comes to the one outcome that is true. */
import { describe, expect, it } from 'vitest'
import { BusError } from '../../bus/api/errors.ts'
import type { Bus } from '../../bus/api/options.ts'
import type { FetchReport } from '../../bus/api/variable-options.ts'
import type { Simulation } from '../../bus/testing/options.ts'
import { simulate } from '../../bus/testing/simulation.ts'

interface World {
  readonly net: Simulation
  readonly asker: Bus
  readonly owners: readonly Bus[]
}

/** What becomes of the owner at a place, in turn. */
const KINDS = ['answered', 'error', 'absent', 'refused'] as const

/** Owners of `load`, each of which has it, fails, lacks it, or refuses it. */
async function world(seed: number, loss: number, count: number): Promise<World> {
  const net = simulate({ seed, loss, duplicate: loss / 2, delay: [1, 8] })
  const asker = await net.connect({ name: 'asker' })
  const owners: Bus[] = []
  for (let place = 0; place < count; place++) {
    const tags = { role: place % 2 === 0 ? 'even' : 'odd' }
    const owner = await net.connect({ name: `o${place}`, tags })
    expose(net, owner, place)
    owners.push(owner)
  }
  while ([asker, ...owners].some(({ presence }) => presence.size < count)) await net.run(100)
  return { net, asker, owners }
}

function expose(net: Simulation, owner: Bus, place: number): void {
  switch (KINDS[place % KINDS.length]) {
    case 'answered':
      owner.expose('load', async () => {
        await net.sleep(place % 7)
        return place
      })
      return
    case 'error':
      owner.expose('load', () => new Promise(() => undefined), { timeout: 50 })
      return
    case 'absent':
      owner.expose('other', place)
      return
    default:
      owner.expose('load', () => {
        throw new BusError('DENIED', 'not to you')
      })
  }
}

function typesOf(report: FetchReport, owners: readonly Bus[]): (string | undefined)[] {
  const typeById = new Map(report.outcomes.map(({ from, type }) => [from, type]))
  expect(typeById.size).toBe(report.outcomes.length)
  return owners.map(({ id }) => typeById.get(id))
}

const LOSSES = [0, 0.05, 0.2]
const SEEDS = [1, 2, 3]
const trials = LOSSES.flatMap((loss) => SEEDS.map((seed) => ({ loss, seed })))

describe.each(trials)('at a loss of $loss, seed $seed', ({ loss, seed }) => {
  it('everybody has the outcome that is true, by one message', async () => {
    const { net, asker, owners } = await world(seed, loss, 8)
    const truth = owners.map((_, place) => KINDS[place % KINDS.length])
    for (let n = 0; n < 5; n++) {
      const before = asker.stats().messagesPublished
      const fetching = asker.fetch<number>('load', { timeout: 20_000 })
      const readings = await net.until(fetching.all())
      const report = await fetching.report
      expect([report.end, typesOf(report, owners)]).toEqual(['complete', truth])
      expect(new Map(readings.map(({ from, value }) => [from, value]))).toEqual(
        new Map([0, 4].map((place) => [owners[place]!.id, place])),
      )
      expect(asker.stats().messagesPublished - before).toBe(1)
    }
    await net.close()
  })

  it('those with the tags have outcomes, and nobody else', async () => {
    const { net, asker, owners } = await world(seed, loss, 6)
    const idle = await net.connect({ name: 'idle', tags: { role: 'even' } })
    while (!asker.presence.get(idle.id)) await net.run(100)
    const fetching = asker.fetch('load', { timeout: 20_000, where: { role: 'even' } })
    const report = await net.until(fetching.report)
    expect(report.end).toBe('complete')
    expect(typesOf(report, [...owners, idle])).toEqual([
      'answered',
      undefined,
      'absent',
      undefined,
      'answered',
      undefined,
      'absent',
    ])
    await net.close()
  })
})

describe('those who go', () => {
  it.each(SEEDS)('are gone, and nobody waits for those without the tags, seed %i', async (seed) => {
    const { net, asker, owners } = await world(seed, 0.05, 6)
    await net.until(asker.fetch('load').report)
    net.crash(owners[0]!)
    net.crash(owners[1]!)
    const before = net.time
    const where = { role: 'even' }
    const report = await net.until(asker.fetch('load', { timeout: 60_000, where }).report)
    expect(typesOf(report, owners)).toEqual([
      'gone',
      undefined,
      'absent',
      undefined,
      'answered',
      undefined,
    ])
    expect(net.time - before).toBeLessThan(20_000)
    const odd = await net.until(asker.fetch('load', { where: { role: 'odd' } }).report)
    expect(odd.outcomes.length).toBeGreaterThanOrEqual(2)
    await net.close()
  })
})

describe('a crowd', () => {
  it('of a hundred is asked by one message, and each has its outcome', async () => {
    const { net, asker, owners } = await world(7, 0.05, 100)
    const truth = owners.map((_, place) => KINDS[place % KINDS.length])
    const before = asker.stats().messagesPublished
    const report = await net.until(asker.fetch('load', { timeout: 30_000 }).report)
    expect([report.end, typesOf(report, owners)]).toEqual(['complete', truth])
    expect(asker.stats().messagesPublished - before).toBe(1)
    await net.close()
  })
})
