/** Lossy worlds in which many want the same: what parity mends there, all checkers on. */
import { expect, it } from 'vitest'
import type { Overrides } from './overrides.ts'
import { MARKER, planOf } from './plan.ts'
import { failureLine, runSeed } from './run.ts'

const CROWD: Overrides = {
  hosts: 5,
  processes: 7,
  packetSize: 1232,
  topics: [`${MARKER}/crowd`],
  patterns: [`${MARKER}/**`],
  deliveries: ['reliable'],
  sizes: ['small', 'edge'],
  burstMax: 200,
  volume: 400_000,
}

it('keeps every promise, with parity among what comes, is lost, is doubled and comes late', () => {
  let mended = 0
  for (const seed of lossySeeds(SEEDS)) {
    const outcome = runSeed(seed, { overrides: CROWD })
    expect(failureLine(outcome)).toBe('')
    mended += outcome.mended
  }
  expect(mended).toBeGreaterThan(100)
})

/** So many seeds whose worlds lose packets, and in which nobody asks for what was before. */
function lossySeeds(count: number): number[] {
  const seeds: number[] = []
  for (let seed = 1; seeds.length < count; seed++) {
    const { faults, pasts } = planOf(seed)
    if (faults.has('loss') && pasts.length === 0) seeds.push(seed)
  }
  return seeds
}

const SEEDS = 12
