/**
 * The command `npm run reliability -- [--net]`: writes the tables of docs/reliability.md.
 *
 * Without `--net` those of the simulator, which come out the same on every machine; with it, as
 * root, those of the command line between network namespaces.
 */
import { writeNet } from '../net/figures.ts'
import { DOCUMENT, percent, quantile, table, tell, writeBetween } from './tables.ts'
import { type Counts, repairsAtBest, sharedLosses, transfer } from './transfer.ts'
import { visit } from './visit.ts'

function writeTransfers(): void {
  const rows = RECEIVERS.flatMap((receivers) => {
    let calmMs = 0
    return LOSSES.map((loss) => {
      const counts = transfer({ receivers, loss, messages: MESSAGES, seed: SEED })
      if (loss === 0) calmMs = counts.elapsedMs
      tell(`${receivers} receivers, loss ${loss}: ${counts.delivered} of ${counts.due}`)
      return [receivers, percent(loss), ...cells(counts, repairsAtBest(loss, receivers), calmMs)]
    })
  })
  writeBetween(DOCUMENT, 'transfers', table([TRANSFER_HEAD, ...rows]))
}

function cells(counts: Counts, best: number, calmMs: number): (string | number)[] {
  const { due, delivered, reported, dataPackets, parity, naks, lostPackets, latencies } = counts
  const latency = (part: number): string =>
    latencies.length > 0 ? quantile(latencies, part).toFixed(1) : ''
  return [
    `${delivered} of ${due}`,
    reported,
    ((dataPackets + parity) / MESSAGES).toFixed(2),
    (parity / MESSAGES).toFixed(2),
    (1 + best).toFixed(2),
    (1 + 1.25 * best).toFixed(2),
    lostPackets > 0 ? (naks / lostPackets).toFixed(2) : '',
    latency(0.5),
    latency(0.99),
    percent(calmMs / counts.elapsedMs),
  ]
}

function writeSharedLosses(): void {
  const rows = SHARED.map(([receivers, losses]) => {
    const naks = sharedLosses({ receivers, losses, seed: SEED }).toSorted((a, b) => a - b)
    const mean = naks.reduce((sum, count) => sum + count, 0) / naks.length
    tell(`one loss seen by ${receivers}: ${mean} questions`)
    return [receivers, losses, mean.toFixed(1), quantile(naks, 0.99), naks.at(-1) ?? 0]
  })
  const head = ['receivers', 'losses', 'questions, mean', 'p99', 'most']
  writeBetween(DOCUMENT, 'shared losses', table([head, ...rows]))
}

function writeVisits(): void {
  const rows = VISITS.map(([subscribers, others, loss, visits]) => {
    const found = visit({ subscribers, others, loss, visits, seed: SEED })
    const { delivered, told, unmet, tookMs, packets } = found
    const due = subscribers * visits
    tell(`${visits} visits to ${subscribers} and ${others}, loss ${loss}: ${unmet} of ${due} unmet`)
    const took = [0.5, 0.99].map((part) => quantile(tookMs, part).toFixed(0))
    const counts = [`${delivered} of ${due}`, told, unmet]
    return [subscribers, others, percent(loss), ...counts, ...took, packets.toFixed(0)]
  })
  writeBetween(DOCUMENT, 'visits', table([VISIT_HEAD, ...rows]))
}

const SEED = 1
const MESSAGES = 3000
const RECEIVERS = [1, 8, 50]
const LOSSES = [0, 0.01, 0.05, 0.1, 0.2, 0.3]
/** Receivers, and how many losses. */
const SHARED = [
  [10, 300],
  [50, 300],
  [100, 200],
  [200, 50],
  [500, 100],
  [1000, 100],
] as const
/** Subscribers, others, loss, and how many publishers come one after the other. */
const VISITS = [
  [0, 0, 0, 20],
  [1, 0, 0, 200],
  [1, 0, 0.05, 2000],
  [1, 0, 0.2, 2000],
  [3, 0, 0.05, 500],
  [3, 0, 0.2, 500],
  [1, 49, 0, 20],
  [1, 49, 0.05, 20],
  [1, 49, 0.2, 20],
] as const
const VISIT_HEAD = [
  'subscribers',
  'others',
  'loss',
  'delivered',
  'not, but told or named',
  'never met',
  'close p50, ms',
  'p99, ms',
  'packets',
]
const TRANSFER_HEAD = [
  'receivers',
  'loss',
  'delivered',
  'reported lost',
  'packets a message',
  'of them parity',
  'at best',
  'bound',
  'NAKs a lost packet',
  'repair p50, ms',
  'p99, ms',
  'goodput',
]
const words = process.argv.slice(2)
if (words.some((word) => word !== '--net')) {
  process.stderr.write('npm run reliability -- [--net]\n')
  process.exitCode = 2
} else if (words.includes('--net')) await writeNet()
else {
  writeVisits()
  writeTransfers()
  writeSharedLosses()
}
