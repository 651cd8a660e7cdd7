/** A hundred thousand hostile packets: none throws, nothing grows, every reason has been seen. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import type { CounterName } from '../../../bus/core/metrics.ts'
import { faultsOf, type Phase, phases } from '../../fuzz/plan.ts'
import { Fuzz, type FuzzReport, reasons } from '../../fuzz/run.ts'

const PACKETS = 100_000
const hit = new Set<CounterName>()

setFlagsFromString('--expose-gc')
// A string that is compiled has no type.
const collect = runInNewContext('gc') as () => void

function run(phase: Phase): FuzzReport {
  const packets = PACKETS * phase.share
  const report = new Fuzz({ ...phase.options, packets, seed: 1, collect }).run()
  for (const reason of reasons) if (report.counters[reason] > 0) hit.add(reason)
  return report
}

describe('a peer under attack', () => {
  it.each(phases)(
    'keeps its bounds: $name',
    (phase) => {
      expect(faultsOf(phase, run(phase))).toEqual([])
    },
    600_000,
  )

  it('has dropped packets for every reason there is', () => {
    // Over the attacks above together: a reason that none of them shows is one that nothing counts.
    expect(reasons.filter((reason) => !hit.has(reason))).toEqual([])
  })
})
