/** What all rounds come to: medians, and tables of them. */
import { quantile, table } from '../../sim/tables.ts'
import { contestants } from '../peers/registry.ts'
import type { Measured } from './scene.ts'

/** The medians of one contestant's runs with as many subscribers and messages as large. */
export interface Median {
  readonly peer: string
  readonly size: number
  readonly subscribers: number
  readonly perSecond: number
  readonly cpu: number
  readonly lost: number
  readonly memory: number
  /** Bytes on the wire for each message, whoever hears it. */
  readonly wireBytes: number | undefined
  readonly latency: Measured['latency'] | undefined
}

export function mediansOf(runs: readonly Measured[]): Median[] {
  const groups = new Map<string, Measured[]>()
  for (const run of runs) {
    const key = `${run.peer} ${run.size} ${run.subscribers}`
    groups.set(key, [...(groups.get(key) ?? []), run])
  }
  return [...groups.values()].map(medianOf)
}

/** A table for each size: contestants down, subscribers across. */
export function speedTables(medians: readonly Median[]): string {
  const { peers, sizes, counts } = keysOf(medians)
  return sizes
    .map((size) => {
      const speeds = counts.map((count) => `N=${count}`)
      const cpus = counts.map((count, at) => `${at === 0 ? 'CPU s/M: ' : ''}N=${count}`)
      const rows = peers.map((peer) => {
        const runs = counts.map((subscribers) =>
          medians.find(matching({ peer, size, subscribers })),
        )
        const lost = runs.reduce((all, one) => all + (one?.lost ?? 0), 0)
        const speed = runs.map((one) => (one ? thousands(one.perSecond) : ''))
        const cpu = runs.map((one) => one?.cpu.toFixed(2) ?? '')
        return [peer, contestants[peer]!.label, ...speed, ...cpu, lost]
      })
      const head = ['', 'promises', ...speeds, ...cpus, 'lost']
      return `**${bytes(size)}**: messages a second to each of N subscribers\n\n${table([head, ...rows])}`
    })
    .join('\n\n')
}

/** Latency, memory and what is on the wire, where they were measured. */
export function moreTables(medians: readonly Median[]): string {
  const { peers, sizes, counts } = keysOf(medians)
  const [size = 0] = sizes
  const tables: string[] = []
  const add = (title: string, cell: (one: Median) => string | undefined): void => {
    const rows = peers.map((peer) => [
      peer,
      ...counts.map((subscribers) => {
        const one = medians.find(matching({ peer, size, subscribers }))
        return (one && cell(one)) ?? ''
      }),
    ])
    if (rows.every((row) => row.slice(1).every((text) => text === ''))) return
    tables.push(`${title}\n\n${table([['', ...counts.map((count) => `N=${count}`)], ...rows])}`)
  }
  add(
    `Latency of ${bytes(size)} at 1,000 messages a second, ms: p50 / p90 / p99`,
    ({ latency }) =>
      latency && [latency.p50, latency.p90, latency.p99].map((ms) => ms.toFixed(2)).join(' / '),
  )
  add(
    `Bytes that publisher and broker put on the wire for each message of ${bytes(size)}`,
    ({ wireBytes }) => wireBytes?.toFixed(0),
  )
  add('Peak memory of all processes together, MB', ({ memory }) =>
    memory > 0 ? (memory / 1e6).toFixed(0) : undefined,
  )
  return tables.join('\n\n')
}

function medianOf(runs: readonly Measured[]): Median {
  const { peer, size, subscribers } = runs[0]!
  const floods = runs.filter(({ latency }) => !latency)
  const calm = runs.filter(({ latency }) => latency)
  const of = (some: readonly Measured[], value: (run: Measured) => number): number =>
    quantile(
      some.map(value).toSorted((a, b) => a - b),
      0.5,
    )
  const latency = (part: 'p50' | 'p90' | 'p99'): number => of(calm, (run) => run.latency![part])
  return {
    peer,
    size,
    subscribers,
    perSecond: of(floods, ({ perSecond }) => perSecond),
    cpu: of(floods, ({ cpu }) => cpu),
    lost: of(floods, ({ lost }) => lost),
    memory: Math.max(...runs.map(({ memory }) => memory)),
    wireBytes: floods.some(({ wireBytes }) => wireBytes !== undefined)
      ? of(floods, ({ wireBytes = 0, messages }) => wireBytes / messages)
      : undefined,
    latency:
      calm.length > 0
        ? { p50: latency('p50'), p90: latency('p90'), p99: latency('p99') }
        : undefined,
  }
}

/** What there are medians of, sizes and counts from small to large. */
export function keysOf(medians: readonly Median[]): {
  peers: string[]
  sizes: number[]
  counts: number[]
} {
  const unique = <T>(values: readonly T[]): T[] => [...new Set(values)]
  const inOrder = (values: readonly number[]): number[] => unique(values).toSorted((a, b) => a - b)
  return {
    peers: unique(medians.map(({ peer }) => peer)),
    sizes: inOrder(medians.map(({ size }) => size)),
    counts: inOrder(medians.map(({ subscribers }) => subscribers)),
  }
}

export function matching(key: {
  peer: string
  size: number
  subscribers: number
}): (one: Median) => boolean {
  return ({ peer, size, subscribers }) =>
    peer === key.peer && size === key.size && subscribers === key.subscribers
}

function thousands(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en-US')
}

export function bytes(size: number): string {
  return size < 1024 ? `${size} B` : `${size / 1024} KiB`
}
