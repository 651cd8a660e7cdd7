/**
 * The fuzzer's command: `npm run fuzz -- --packets 10000000 --seed 1`. With `--keep` it writes the
 * inputs that have brought new outcomes into the corpus.
 */
import { parseArgs } from 'node:util'
import { fuzzDecoder } from './decoder.ts'
import { keep } from './corpus.ts'
import { decoders } from './decoders.ts'
import { faultsOf, type Phase, phases } from './plan.ts'
import { Fuzz, type FuzzReport, reasons } from './run.ts'

const { values } = parseArgs({
  options: {
    packets: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
})

/** Node has it with --expose-gc, as the script calls it. */
function collect(): void {
  globalThis.gc?.()
}

const faults: string[] = []
const totals = new Map<string, number>()
const start = performance.now()
let done = 0

for (const phase of phases) {
  const packets = Math.ceil(Number(values.packets) * phase.share)
  const fuzz = new Fuzz({
    ...phase.options,
    packets,
    seed: Number(values.seed),
    collect,
    progress: (report) => say(line(phase, report)),
  })
  const report = fuzz.run()
  done += packets
  summarise(phase, report)
  for (const fault of faultsOf(phase, report)) faults.push(`${phase.name}: ${fault}`)
}

say(`  decoders, ${Math.ceil(Number(values.packets) / 20)} inputs each:`)
for (const decoder of decoders) {
  const count = Math.ceil(Number(values.packets) / 20)
  const report = await fuzzDecoder(decoder, count, Number(values.seed))
  say(`    ${report.name}: ${report.outcomes} outcomes`)
  for (const fault of report.faults) faults.push(`${report.name}: ${fault}`)
  if (values.keep) keep(report.name, report.found)
}

say(`\n${done} packets in ${Math.round((performance.now() - start) / 1000)} s; dropped by reason:`)
for (const reason of reasons) say(`  ${reason.padEnd(18)} ${totals.get(reason) ?? 0}`)
const unseen = reasons.filter((reason) => !totals.get(reason))
if (unseen.length > 0 && done >= 100_000) faults.push(`no packet was ever ${unseen.join(', ')}`)
for (const fault of faults) say(`FAULT ${fault}`)
say(faults.length > 0 ? `failed with seed ${values.seed}` : 'no exception, no growth')
process.exitCode = faults.length > 0 ? 1 : 0

function summarise(phase: Phase, report: FuzzReport): void {
  for (const [name, count] of Object.entries(report.counters)) {
    totals.set(name, (totals.get(name) ?? 0) + count)
  }
  const { bytesIn, bytesOut, seconds, delivered, groupsMax, instances, heaps } = report
  const ratio = (bytesOut / bytesIn).toFixed(3)
  say(`${phase.name}: ${Math.round(seconds)} s of the peer's time, ${instances} instances`)
  say(`  bytes in ${bytesIn}, out ${bytesOut} (ratio ${ratio}), messages delivered ${delivered}`)
  say(`  groups at most ${groupsMax}, heap MB ${heaps.map(megabytes).join(' ')}`)
}

function line(phase: Phase, report: FuzzReport): string {
  const rate = Math.round((done + report.packets) / ((performance.now() - start) / 1000))
  const heap = megabytes(report.heaps.at(-1) ?? 0)
  return `  ${phase.name}: ${report.packets} packets, ${rate}/s, heap ${heap} MB`
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
