/**
 * The simulator's command: `npm run sim -- SEED [--trace]` replays one seed, and
 * `npm run sim -- --seeds 1..100000 [--jobs 2]` runs many in processes of their own.
 */
import { parseArgs } from 'node:util'
import { failureLine, type Outcome, runSeed } from './run.ts'
import { sweepInProcesses } from './sweeper.ts'

const USAGE = `npm run sim -- SEED [--trace]
npm run sim -- --seeds 1..100000 [--jobs 2]`

interface Wish {
  readonly seed?: number
  readonly range?: { readonly first: number; readonly last: number }
  readonly jobs: number
  readonly trace: boolean
}

const wish = parse(process.argv.slice(2))
if (!wish) {
  console.error(USAGE)
  process.exitCode = 2
} else if (wish.range) await many(wish.range, wish.jobs)
else one(wish)

function parse(words: string[]): Wish | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        seeds: { type: 'string' },
        jobs: { type: 'string', default: '1' },
        trace: { type: 'boolean', default: false },
      },
    })
    const jobs = Number(values.jobs)
    if (!Number.isInteger(jobs) || jobs < 1) return undefined
    const range = /^(\d+)\.\.(\d+)$/.exec(values.seeds ?? '')
    const [seed] = positionals
    if (range && seed === undefined) {
      return { range: { first: Number(range[1]), last: Number(range[2]) }, jobs, trace: false }
    }
    if (values.seeds !== undefined || !/^\d+$/.test(seed ?? '')) return undefined
    return { seed: Number(seed), jobs, trace: values.trace }
  } catch {
    // An unknown flag.
    return undefined
  }
}

function one({ seed = 0, trace }: Wish): void {
  const outcome = runSeed(seed, trace ? (line) => console.log(line) : undefined)
  const { summary, hash, events, delivered, lost } = outcome
  console.log(`seed ${seed}: ${summary}`)
  console.log(`${events} events, ${delivered} delivered, ${lost} in gaps, trace ${hash}`)
  report(outcome)
}

async function many(range: { first: number; last: number }, jobs: number): Promise<void> {
  const failed = await sweepInProcesses(range, {
    jobs,
    failure: (line) => console.log(line),
    progress: (line) => console.error(line),
  })
  if (failed > 0) process.exitCode = 1
}

function report(outcome: Outcome): void {
  if (!outcome.violation) return
  process.exitCode = 1
  console.log(failureLine(outcome))
}
