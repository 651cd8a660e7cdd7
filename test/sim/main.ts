/** The simulator's command: `npm run sim -- SEED [--trace]` and `npm run sim -- --seeds 1..5000`. */
import { failureLine, type Outcome, runSeed } from './run.ts'

const usage = 'npm run sim -- SEED [--trace]   or   npm run sim -- --seeds 1..5000'
const words = process.argv.slice(2)
const trace = words.includes('--trace')
const range = /^(\d+)\.\.(\d+)$/.exec(words[words.indexOf('--seeds') + 1] ?? '')

if (words.includes('--seeds') && range) sweep(Number(range[1]), Number(range[2]))
else if (/^\d+$/.test(words[0] ?? '')) one(Number(words[0]))
else {
  console.error(usage)
  process.exitCode = 2
}

function one(seed: number): void {
  const outcome = runSeed(seed, trace ? (line) => console.log(line) : undefined)
  const { summary, hash, events, delivered, lost } = outcome
  console.log(`seed ${seed}: ${summary}`)
  console.log(`${events} events, ${delivered} delivered, ${lost} in gaps, trace ${hash}`)
  report(outcome)
}

function sweep(first: number, last: number): void {
  const startedAt = performance.now()
  let failures = 0
  for (let seed = first; seed <= last; seed++) {
    const outcome = runSeed(seed)
    if (outcome.violation) failures += 1
    report(outcome)
    const done = seed - first + 1
    if (done % 50 !== 0 && seed !== last) continue
    const seconds = (performance.now() - startedAt) / 1000
    console.error(`${done} seeds, ${failures} failed, ${(done / seconds).toFixed(1)} a second`)
  }
}

function report(outcome: Outcome): void {
  if (!outcome.violation) return
  process.exitCode = 1
  console.log(failureLine(outcome))
}
