/** Runs many seeds for a test and gives back what failed, one line each. */
import { failureLine, runSeed } from './run.ts'

export function sweep(seeds: Iterable<number>): string[] {
  const failures: string[] = []
  for (const seed of seeds) {
    const line = failureLine(runSeed(seed))
    if (line !== '') failures.push(line)
  }
  return failures
}

export function* range(first: number, last: number): Generator<number> {
  for (let seed = first; seed <= last; seed++) yield seed
}
