/** Topics that are wanted and not given: told, and not without end. */
import { describe, expect, it } from 'vitest'
import { Metrics } from '../../../../bus/core/metrics.ts'
import type { Notice } from '../../../../bus/core/output.ts'
import { TOLD_MAX, Withheld } from '../../../../bus/core/peer/subscribing/withheld.ts'

function scene() {
  const told: Notice[] = []
  const metrics = new Metrics()
  const withheld = new Withheld({
    emit: (notice) => told.push(notice),
    reject: (reason) => metrics.count(reason),
    metrics,
  })
  return { withheld, told, metrics }
}

describe('what is withheld', () => {
  it('is told once for each topic and reason', () => {
    const { withheld, told, metrics } = scene()
    for (const instance of [1n, 2n]) {
      withheld.tell({ instance }, 'a', 'key')
      withheld.tell({ instance }, 'a', 'rights')
      withheld.refuse({ instance }, 'a', 'weak')
    }
    expect(told).toEqual(
      ['key', 'rights', 'proof'].map((reason) => ({
        type: 'withheld',
        topic: 'a',
        from: 1n,
        reason,
      })),
    )
    expect(metrics.get('weakProof')).toBe(2)
  })

  it('is told of so many topics, and one more is counted', () => {
    const { withheld, told, metrics } = scene()
    for (let i = 0; i < TOLD_MAX; i++) withheld.tell({ instance: 1n }, `t${i}`, 'key')
    expect([told.length, metrics.get('withheldFull')]).toEqual([TOLD_MAX, 0])
    withheld.tell({ instance: 1n }, 'one more', 'key')
    expect([told.length, metrics.get('withheldFull')]).toEqual([TOLD_MAX, 1])
  })
})
