/** The tables of docs/reliability.md that come from real network namespaces: a log, and a file. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { DOCUMENT, percent, table, tell, writeBetween } from '../sim/tables.ts'
import { transferFile } from './file-transfer.ts'
import { openLab, type Lab } from './lab/lab.ts'
import { transferLog } from './loss-transfer.ts'

export async function writeNet(): Promise<void> {
  await writeLogs()
  await writeFiles()
}

async function writeLogs(): Promise<void> {
  const rows: (string | number)[][] = []
  let calmS = 0
  for (const loss of LOSSES) {
    await using lab = await labWith(loss)
    const outcome = await transferLog(lab, PROGRAM, { lines: LINES, to: HOSTS })
    const { equal, words: said, codes, packets, overflows, seconds } = outcome
    if (loss === 0) calmS = seconds
    const copies = `${equal} of ${HOSTS.length}`
    tell(`log, loss ${loss}: ${copies} equal, ${ends(codes)}`)
    const gaps = said.join('').match(/gap of/g)?.length ?? 0
    const relative = percent(calmS / seconds)
    rows.push([percent(loss), copies, gaps, ends(codes), packets, overflows, relative])
  }
  writeBetween(DOCUMENT, 'net', `${table([LOG_HEAD, ...rows])}\n\n${place()}`)
}

async function writeFiles(): Promise<void> {
  const rows: (string | number)[][] = []
  let calmS = 0
  for (const loss of LOSSES) {
    await using lab = await labWith(loss)
    const outcome = await transferFile(lab, PROGRAM, { size: FILE_SIZE, to: HOSTS })
    const { equal, codes, sent, packets, seconds } = outcome
    if (loss === 0) calmS = seconds
    const copies = `${equal} of ${HOSTS.length}`
    tell(`file, loss ${loss}: ${copies} equal, ${ends(codes)}`)
    const again = percent(sent / FILE_SIZE - 1)
    rows.push([percent(loss), copies, ends(codes), packets, again, percent(calmS / seconds)])
  }
  writeBetween(DOCUMENT, 'files', `${table([FILE_HEAD, ...rows])}\n\n${place()}`)
}

/** Each host, the sender's too, loses what reaches it by chance. */
async function labWith(probability: number): Promise<Lab> {
  const lab = await openLab({ a: ['a1', ...HOSTS] })
  for (const host of lab.hosts) if (probability > 0) await host.loss({ probability })
  return lab
}

function ends(codes: readonly (number | null)[]): string {
  return codes.every((code) => code === 0) ? 'all 0' : codes.join(' ')
}

function place(): string {
  const day = new Date().toISOString().slice(0, 10)
  return `${availableParallelism()} cores, Node ${process.versions.node}, ${day}.`
}

const PROGRAM = join(import.meta.dirname, 'sixcast.js')
const HOSTS = Array.from({ length: 8 }, (_, number) => `b${number + 1}`)
const LOSSES = [0, 0.01, 0.05, 0.2, 0.3]
const LINES = 50_000
const FILE_SIZE = 64 * 1024 * 1024
const LOG_HEAD = [
  'loss',
  'equal copies',
  'gaps',
  'exit codes',
  'packets sent',
  'lost in full buffers',
  'goodput',
]
const FILE_HEAD = ['loss', 'equal copies', 'exit codes', 'packets sent', 'sent again', 'goodput']
