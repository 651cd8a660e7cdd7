/** Seeds from 200,001 on: worlds in which the owner draws new keys, with and without signed topics. */
import { describe, expect, it } from 'vitest'
import { planOf } from './plan.ts'
import { runSeed } from './run.ts'
import { range, sweep } from './sweep.ts'

describe('worlds of seeds', () => {
  it.each([
    [200_001, 200_025],
    [200_026, 200_050],
    [200_051, 200_075],
    [200_076, 200_100],
  ])('%i to %i keep every promise', (first, last) => {
    expect(sweep(range(first, last))).toEqual([])
  })

  it('rotate in four of five, alone, with proofs and with a forger', () => {
    const plans = [...range(200_001, 200_100)].map(planOf)
    const rotating = plans.filter(({ rotations }) => rotations > 0)
    expect(rotating.length).toBeGreaterThan(70)
    const kinds = new Set(rotating.map(({ proof, forger }) => `${proof} ${forger}`))
    expect([...kinds].toSorted()).toEqual([
      'checkpoint false',
      'checkpoint true',
      'each false',
      'each true',
      'group false',
    ])
    expect(rotating.every(({ owned, realSignatures }) => owned && realSignatures)).toBe(true)
    // Older seeds mean what they did.
    expect(planOf(200_000).rotations).toBe(0)
  })

  it('end with everybody in the newest epoch', () => {
    for (const seed of range(200_001, 200_008)) {
      const { rotations, faults } = planOf(seed)
      if (rotations === 0 || faults.has('crash') || faults.has('close')) continue
      const epochs = new Map<string, number>()
      runSeed(seed, {
        line: (line) => {
          const [, process, epoch] = /(p\d+) entered epoch (\d+)/.exec(line) ?? []
          if (process !== undefined) epochs.set(process, Number(epoch))
        },
      })
      const found = [...epochs.values()]
      expect({ seed, found }).toEqual({ seed, found: found.map(() => Math.max(...found)) })
      expect(found.length).toBeGreaterThan(1)
    }
  })
})
