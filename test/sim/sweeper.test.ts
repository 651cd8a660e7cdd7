/** Long sweeps: every seed is run once, and one that ends its process is a failure like any other. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sweepInProcesses } from './sweeper.ts'

it.each([1, 3])(
  'tells what fails, and goes on after a process has died (%i jobs)',
  async (jobs) => {
    const failures: string[] = []
    let last = ''
    const failed = await sweepInProcesses(
      { first: 1, last: 12 },
      {
        jobs,
        failure: (line) => void failures.push(line),
        progress: (line) => void (last = line),
        program: join(import.meta.dirname, 'odd-worker.js'),
      },
    )
    expect(failures.toSorted()).toEqual(['npm run sim -- 3  ends the process: 7', 'seed 5 fails'])
    expect(failed).toBe(2)
    expect(last).toMatch(/^12 of 12 seeds \(100 %\), 2 failed, /)
  },
)

it('ends what takes the processor for too long, and goes on behind it', async () => {
  const failures: string[] = []
  const failed = await sweepInProcesses(
    { first: 20, last: 23 },
    {
      jobs: 1,
      failure: (line) => void failures.push(line),
      progress: () => undefined,
      program: join(import.meta.dirname, 'odd-worker.js'),
      patienceMs: 300,
    },
  )
  expect(failures).toEqual(['npm run sim -- 21  does not end'])
  expect(failed).toBe(1)
})
