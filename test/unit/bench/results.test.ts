/** Medians and tables of what the benchmark has measured. */
import { describe, expect, it } from 'vitest'
import { mediansOf, moreTables, speedTables } from '../../bench/speed/results.ts'
import type { Measured } from '../../bench/speed/scene.ts'

describe('the results of the benchmark', () => {
  it('are medians of the rounds, each size and count for itself', () => {
    const runs = [300_000, 100_000, 200_000].map((perSecond) => measured({ perSecond }))
    const [first, second] = mediansOf([...runs, measured({ size: 1024, perSecond: 7 })])
    expect(first).toMatchObject({ size: 64, perSecond: 200_000 })
    expect(second).toMatchObject({ size: 1024, perSecond: 7 })
  })

  it('keep latency apart from speed, and the most memory of all', () => {
    const calm = measured({ perSecond: 1000, latency: { p50: 0.1, p90: 0.2, p99: 3 } })
    const [median] = mediansOf([measured({ memory: 5 }), { ...calm, memory: 9 }])
    expect(median).toMatchObject({ perSecond: 1, memory: 9, latency: { p50: 0.1, p99: 3 } })
  })

  it('stand in a table of each size, with what each promises', () => {
    const medians = mediansOf([measured({ perSecond: 1234.5, cpu: 0.256, lost: 2 })])
    expect(speedTables(medians)).toBe(
      [
        '**64 B**: messages a second to each of N subscribers',
        '',
        '|  | promises | N=1 | CPU s/M: N=1 | lost |',
        '| --- | --- | --- | --- | --- |',
        '| raw | open, nothing repaired | 1,235 | 0.26 | 2 |',
      ].join('\n'),
    )
  })

  it('have a column for each number of subscribers, in order, and gaps where nothing is', () => {
    const runs = [
      measured({ subscribers: 8, perSecond: 8, lost: 1 }),
      measured({ subscribers: 1, perSecond: 9, lost: 2 }),
      measured({ peer: 'ws', subscribers: 8, perSecond: 5 }),
    ]
    const [, , head, , raw, ws] = speedTables(mediansOf(runs)).split('\n')
    expect(head).toBe('|  | promises | N=1 | N=8 | CPU s/M: N=1 | N=8 | lost |')
    expect(raw).toBe('| raw | open, nothing repaired | 9 | 8 | 1.00 | 1.00 | 3 |')
    expect(ws).toContain('|  | 5 |  | 1.00 | 0 |')
  })

  it('have no table of what was not measured', () => {
    expect(moreTables(mediansOf([measured({})]))).toBe('')
    const wired = moreTables(mediansOf([measured({ wireBytes: 7000, messages: 100 })]))
    expect(wired).toContain('| raw | 70 |')
  })
})

function measured(given: Partial<Measured>): Measured {
  return {
    peer: 'raw',
    size: 64,
    subscribers: 1,
    messages: 100,
    perSecond: 1,
    cpu: 1,
    lost: 0,
    disordered: 0,
    stalls: 0,
    memory: 0,
    ...given,
  }
}
