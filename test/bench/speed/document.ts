/** Puts what was measured at one place into docs/performance.md: the tables, and plots beside them. */
import { writeFileSync } from 'node:fs'
import { writeBetween } from '../../sim/tables.ts'
import type { Place } from '../peers/contestant.ts'
import { type Plot, type Row, svgOf } from './plot.ts'
import { bytes, keysOf, matching, type Median } from './results.ts'

interface Written {
  readonly place: Place
  readonly medians: readonly Median[]
  readonly tables: string
  /** Machine, date and what was run. */
  readonly about: string
}

/** Replaces the tables and the plots of this place. */
export function writeDocument({ place, medians, tables, about }: Written): void {
  const images = plotsOf(place, medians).map(({ name, ...plot }) => {
    const path = `images/bench-${place}-${name}.svg`
    writeFileSync(`docs/${path}`, svgOf({ ...plot, note: about }))
    return `![${plot.title}](${path})`
  })
  writeBetween(DOCUMENT, place, [...images, tables].join('\n\n'))
}

/** Speed, processor time and latency; none of what was not measured. */
export function plotsOf(
  place: Place,
  medians: readonly Median[],
): (Omit<Plot, 'note'> & { readonly name: string })[] {
  const { peers, sizes, counts } = keysOf(medians)
  const series = counts.map((count) => `N = ${count}`)
  const rows = (size: number, value: (one: Median) => number | undefined): Row[] =>
    peers
      .map((peer) => ({
        name: peer,
        values: counts.map((subscribers) => {
          const one = medians.find(matching({ peer, size, subscribers }))
          return one && value(one)
        }),
      }))
      .filter(({ values }) => values.some((one) => one !== undefined))
  const [small = 0] = sizes
  const here = place === 'net' ? 'between hosts' : 'on one host'
  const latencies = (['p50', 'p99'] as const).map((part) => ({
    title: `${part}, ms`,
    rows: rows(small, ({ latency }) => latency?.[part]),
  }))
  const plots = [
    {
      name: 'speed',
      title: `Messages a second to each of N subscribers, ${here}`,
      panels: sizes.map((size) => ({
        title: bytes(size),
        rows: rows(size, ({ perSecond }) => perSecond),
      })),
    },
    {
      name: 'cpu',
      title: `Processor time of all processes, s a million deliveries, ${here}`,
      panels: sizes.map((size) => ({ title: bytes(size), rows: rows(size, ({ cpu }) => cpu) })),
    },
    {
      name: 'latency',
      title: `Latency of ${bytes(small)} at 1,000 messages a second, ${here}`,
      panels: latencies,
    },
  ]
  return plots
    .filter(({ panels }) => panels.some((panel) => panel.rows.length > 0))
    .map((plot) => ({ ...plot, series }))
}

const DOCUMENT = 'docs/performance.md'
