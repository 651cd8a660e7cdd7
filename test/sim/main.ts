/**
 * The simulator's command: `npm run sim -- SEED` replays one seed, with `--trace` event by event,
 * with `--shrink` ever smaller; `npm run sim -- --seeds 1..100000 --jobs 2` runs many.
 */
import { parseArgs } from 'node:util'
import { type Overrides, parseOverrides } from './overrides.ts'
import { failureLine, type Outcome, runSeed } from './run.ts'
import { shrink } from './shrink.ts'
import { sweepInProcesses } from './sweeper.ts'

/** Of one shrinking. */
const RUNS_MAX = 2000
const USAGE = `npm run sim -- SEED [--plan JSON] [--trace | --shrink]
npm run sim -- --seeds 1..100000 [--jobs 2]`

try {
  await start(process.argv.slice(2))
} catch (error) {
  console.error(`${(error as Error).message}\n${USAGE}`)
  process.exitCode = 2
}

/** Throws when the words make no sense. */
async function start(words: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      seeds: { type: 'string' },
      jobs: { type: 'string', default: '1' },
      plan: { type: 'string' },
      trace: { type: 'boolean', default: false },
      shrink: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(USAGE)
  const [seed] = positionals
  if (values.seeds !== undefined) {
    return many(rangeOf(values.seeds), Math.max(1, count('--jobs', values.jobs)))
  }
  if (seed === undefined) throw new Error('which seed?')
  const overrides = values.plan === undefined ? undefined : parseOverrides(values.plan)
  if (typeof overrides === 'string') throw new Error(overrides)
  const number = count('the seed', seed)
  if (values.shrink) smallest(number, overrides)
  else one(number, overrides, values.trace)
}

function one(seed: number, overrides: Overrides | undefined, trace: boolean): void {
  const line = trace ? (text: string): void => console.log(text) : undefined
  const outcome = runSeed(seed, { ...(overrides && { overrides }), ...(line && { line }) })
  const { summary, hash, events, delivered, lost } = outcome
  console.log(`seed ${seed}: ${summary}`)
  console.log(`${events} events, ${delivered} delivered, ${lost} in gaps, trace ${hash}`)
  report(outcome)
}

function smallest(seed: number, overrides: Overrides | undefined): void {
  const outcome = shrink(seed, {
    ...(overrides && { overrides }),
    runs: RUNS_MAX,
    smaller: ({ summary, events }, runs) => {
      console.error(`run ${runs}: ${events} events, ${summary}`)
    },
  })
  if (!outcome.violation) console.log(`seed ${seed} is clean: nothing to shrink`)
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

function rangeOf(text: string): { first: number; last: number } {
  const [, first, last] = /^(\d+)\.\.(\d+)$/.exec(text) ?? []
  const isRange = first !== undefined && last !== undefined && Number(first) <= Number(last)
  if (!isRange) throw new Error(`"${text}" is no range of seeds, as 1..1000 is`)
  return { first: Number(first), last: Number(last) }
}

function count(what: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new Error(`${what} is no number: "${text}"`)
}
