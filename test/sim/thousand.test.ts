/** A thousand peers that are asked at once: one question, answers spread, and the true outcome of each. */
import { expect, it } from 'vitest'
import { BusError } from '../../bus/api/errors.ts'
import type { Bus } from '../../bus/api/options.ts'
import type { Simulation } from '../../bus/testing/options.ts'
import { simulate } from '../../bus/testing/simulation.ts'

const COUNT = 1000
const LOSS = 0.05

it('are asked by one message at a loss of 5 %, and each has the outcome that is true', async () => {
  const { net, asker, owners } = await acquainted()
  const crashed = new Set([100, 500, 900].map((place) => owners[place]!))
  for (const owner of crashed) net.crash(owner)
  const truth = owners.map((owner, place) => (crashed.has(owner) ? 'gone' : kindOf(place)))
  const before = asker.stats()
  const fetching = asker.fetch<number>('load', { everyone: true, timeout: 60_000 })
  const readings = await net.until(fetching.all())
  const { end, outcomes } = await fetching.report
  const typeById = new Map(outcomes.map(({ from, type }) => [from, type]))
  expect({ end, outcomes: outcomes.length }).toEqual({ end: 'complete', outcomes: COUNT })
  expect(owners.map(({ id }) => typeById.get(id))).toEqual(truth)
  const placeById = new Map(owners.map(({ id }, place) => [id, place]))
  expect(readings.every(({ from, value }) => placeById.get(from) === value)).toBe(true)
  expect(readings.length).toBe(truth.filter((type) => type === 'answered').length)
  const after = asker.stats()
  expect(after.messagesPublished - before.messagesPublished).toBe(1)
  // To those who have lost it, one of them or all at once.
  const again = after.repairsSent + after.paritySent - before.repairsSent - before.paritySent
  expect(again).toBeLessThan(COUNT * LOSS * 1.5)
  expect(after.answersLost).toBe(before.answersLost)

  // Everybody is attached by now: nothing but the spread decides when an answer comes.
  const rtts = await net.until(asker.fetch('load', { timeout: 60_000 }).all())
  const comeIn = (from: number): number => {
    return rtts.filter(({ rtt }) => rtt >= from && rtt < from + 50).length
  }
  const tenths = Array.from({ length: 10 }, (_, tenth) => comeIn(50 * tenth))
  expect(Math.max(...tenths)).toBeLessThan((2 * rtts.length) / 10)
  expect(Math.min(...tenths)).toBeGreaterThan(rtts.length / 10 / 3)
}, 300_000)

/**
 * An asker and its owners, who have met while nothing was lost. The owners do not hear each other:
 * a million acquaintances are of no use to the question.
 */
async function acquainted(): Promise<{ net: Simulation; asker: Bus; owners: readonly Bus[] }> {
  const net = simulate({ seed: 1, duplicate: LOSS / 2, delay: [1, 8] })
  const names = Array.from({ length: COUNT }, (_, place) => `o${place}`)
  net.partition(...names.map((name) => ['asker', name]))
  const asker = await net.connect({ name: 'asker' })
  const owners: Bus[] = []
  for (const [place, name] of names.entries()) {
    const owner = await net.connect({ name })
    expose(net, owner, place)
    owners.push(owner)
    // A hello answers 32 others: who comes with more waits for the next one.
    if (place % 32 === 31) await net.run(200)
  }
  while (asker.presence.size < COUNT || owners.some(({ presence }) => presence.size === 0)) {
    await net.run(200)
  }
  for (const name of ['asker', ...names]) net.lose(name, LOSS)
  return { net, asker, owners }
}

function kindOf(place: number): 'error' | 'absent' | 'refused' | 'answered' {
  if (place % 10 === 1) return 'error'
  if (place % 10 === 2) return 'absent'
  return place % 10 === 3 ? 'refused' : 'answered'
}

function expose(net: Simulation, owner: Bus, place: number): void {
  const kind = kindOf(place)
  if (kind === 'absent') owner.expose('other', place)
  else if (kind === 'error') {
    owner.expose('load', () => new Promise(() => undefined), { timeout: 50 })
  } else if (kind === 'refused') {
    owner.expose('load', () => {
      throw new BusError('DENIED', 'not to you')
    })
  } else {
    owner.expose('load', async () => {
      await net.sleep(place % 7)
      return place
    })
  }
}
