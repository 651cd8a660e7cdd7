/** What the tests of variables share: a fetch, all of it. */
import { expect } from 'vitest'
import type { Bus, PeerId } from '../../../bus/api/options.ts'
import type { FetchOptions, FetchOutcome } from '../../../bus/api/variable-options.ts'

/** Everything that a fetch gave, and what its report says of each peer. */
export async function all(bus: Bus, names: string | string[], options: FetchOptions<unknown> = {}) {
  const fetching = bus.fetch(names, options)
  const readings = await fetching.all()
  const { end, outcomes } = await fetching.report
  const byId = new Map<PeerId, FetchOutcome>(outcomes.map((one) => [one.from, one]))
  expect(byId.size).toBe(outcomes.length)
  const values = readings.map(({ name, value }) => `${name}=${JSON.stringify(value)}`).toSorted()
  return { readings, values, end, byId }
}
