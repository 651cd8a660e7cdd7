/** A process of the sweeper: is sent one seed after the other, and answers how each has ended. */
import { failureLine, runSeed } from './run.ts'

export interface Report {
  /** Empty when the seed was clean. */
  readonly failure: string
}

// Without the sweeper nobody wants an answer.
process.on('disconnect', () => process.exit())
process.on('message', (seed: number) => {
  const report: Report = { failure: failureLine(runSeed(seed)) }
  // A sweeper that was stopped takes no answer, and that is no error.
  process.send?.(report, () => {})
})
