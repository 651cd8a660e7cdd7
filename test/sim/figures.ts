/**
 * The command `npm run reliability -- [--net]`: writes the tables of docs/reliability.md.
 *
 * Without `--net` those of the simulator, which come out the same on every machine; with it, as
 * root, those of the command line between network namespaces.
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { openLab } from '../net/lab/lab.ts'
import { transferLog } from '../net/loss-transfer.ts'
import { quantile, table, writeBetween } from './tables.ts'
import { type Counts, repairsAtBest, sharedLosses, transfer } from './transfer.ts'

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
  const { due, delivered, reported, dataPackets, naks, lostPackets, latencies } = counts
  const latency = (part: number): string =>
    latencies.length > 0 ? quantile(latencies, part).toFixed(1) : ''
  return [
    `${delivered} of ${due}`,
    reported,
    (dataPackets / MESSAGES).toFixed(2),
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
    const naks = sharedLosses(receivers, losses, SEED).toSorted((a, b) => a - b)
    const mean = naks.reduce((sum, count) => sum + count, 0) / naks.length
    tell(`one loss seen by ${receivers}: ${mean} questions`)
    return [receivers, losses, mean.toFixed(1), quantile(naks, 0.99), naks.at(-1) ?? 0]
  })
  const head = ['receivers', 'losses', 'questions, mean', 'p99', 'most']
  writeBetween(DOCUMENT, 'shared losses', table([head, ...rows]))
}

async function writeNet(): Promise<void> {
  const program = join(import.meta.dirname, '../net/sixcast.js')
  const to = Array.from({ length: NET_HOSTS }, (_, place) => `b${place + 1}`)
  const rows: (string | number)[][] = []
  let calmS = 0
  for (const probability of NET_LOSSES) {
    await using lab = await openLab({ a: ['a1', ...to] })
    for (const host of lab.hosts) if (probability > 0) await host.loss({ probability })
    const outcome = await transferLog(lab, program, { lines: LINES, to })
    const { equal, words: said, codes, packets, overflows, seconds } = outcome
    if (probability === 0) calmS = seconds
    tell(`loss ${probability}: ${equal} of ${NET_HOSTS} equal, codes ${codes.join(' ')}`)
    const gaps = said.join('').match(/gap of/g)?.length ?? 0
    const good = codes.every((code) => code === 0) ? 'all 0' : codes.join(' ')
    const copies = `${equal} of ${NET_HOSTS}`
    const relative = percent(calmS / seconds)
    rows.push([percent(probability), copies, gaps, good, packets, overflows, relative])
  }
  const day = new Date().toISOString().slice(0, 10)
  const where = `${availableParallelism()} cores, Node ${process.versions.node}, ${day}.`
  writeBetween(DOCUMENT, 'net', `${table([NET_HEAD, ...rows])}\n\n${where}`)
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

const DOCUMENT = 'docs/reliability.md'
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
] as const
const NET_HOSTS = 8
const NET_LOSSES = [0, 0.01, 0.05, 0.2, 0.3]
const LINES = 50_000
const TRANSFER_HEAD = [
  'receivers',
  'loss',
  'delivered',
  'reported lost',
  'data packets a message',
  'at best',
  'bound',
  'NAKs a lost packet',
  'repair p50, ms',
  'p99, ms',
  'goodput',
]
const NET_HEAD = [
  'loss',
  'equal copies',
  'gaps',
  'exit codes',
  'packets sent',
  'lost in full buffers',
  'goodput',
]

const words = process.argv.slice(2)
if (words.some((word) => word !== '--net')) {
  process.stderr.write('npm run reliability -- [--net]\n')
  process.exitCode = 2
} else if (words.includes('--net')) await writeNet()
else {
  writeTransfers()
  writeSharedLosses()
}
