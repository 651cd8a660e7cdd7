/**
 * What parts of the core take by themselves, in nanoseconds and bytes: `npm run bench:micro`.
 *
 * All operations take turns, round by round, and the median of the rounds counts. Node has to be
 * started with --expose-gc, and with a nursery so large that nothing is collected while bytes are
 * counted.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { table, tell, writeBetween } from '../../sim/tables.ts'
import { machineLine } from '../speed/stage.ts'
import { type Figure, type Machine, measure } from './meter.ts'
import { operations } from './operations.ts'

const USAGE = `npm run bench:micro -- [options]
  --part NAME    of wire, seal, stream, trie
  --quick        one short round: whether it works
  --json FILE    all figures as JSON
  --write        puts the table into docs/performance.md`

const OPTIONS = {
  part: { type: 'string' },
  quick: { type: 'boolean' },
  json: { type: 'string' },
  write: { type: 'boolean' },
} as const

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  const all = await operations()
  const chosen = all.filter(({ part }) => values.part === undefined || part === values.part)
  if (chosen.length === 0) {
    const parts = [...new Set(all.map(({ part }) => part))]
    throw new Error(`--part: there is no '${values.part}', but ${parts.join(', ')}`)
  }
  const rounds = values.quick === true ? { rounds: 1, roundMs: 1 } : { rounds: 15, roundMs: 20 }
  const figures = chosen.map((operation) => {
    tell(`${operation.part}: ${operation.name}`)
    return measure(operation, MACHINE, rounds)
  })
  const machine = machineLine([`medians of ${rounds.rounds} rounds of ${rounds.roundMs} ms`])
  const text = `${tableOf(figures)}\n\n${machine}`
  process.stdout.write(`${text}\n`)
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ machine, figures }, undefined, 2)}\n`)
  }
  if (values.write === true) writeBetween('docs/performance.md', 'micro', text)
}

function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map(({ part, name, ns, bytes }) => [
    part,
    name,
    ns < 100 ? ns.toFixed(1) : Math.round(ns).toLocaleString('en-US'),
    bytes === undefined ? '' : Math.round(bytes).toLocaleString('en-US'),
  ])
  return table([['part', 'operation', 'ns', 'bytes allocated'], ...rows])
}

const MACHINE: Machine = {
  nowMs: () => performance.now(),
  held: () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  },
  collect: () => {
    if (!globalThis.gc) throw new Error('start Node with --expose-gc, as the npm script does')
    globalThis.gc()
  },
}

try {
  await main()
} catch (error) {
  tell(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
  process.exitCode = 1
}
