/** The table of what one process takes at each scale. */
import { table } from '../../sim/tables.ts'
import type { Memory, Taken } from './measured.ts'

export function scaleTable(taken: readonly Taken[]): string {
  const row = (name: string, cell: (one: Taken) => string): string[] => [name, ...taken.map(cell)]
  const head = row('', ({ scale: { topics, patterns, peers } }) =>
    [`${count(topics)} topics`, `${count(patterns)} patterns`, `${count(peers)} peers`].join(', '),
  )
  return table([
    head,
    row('memory at rest: heap + buffers', ({ idle }) => held(idle)),
    row('of that, before it knew anybody', ({ alone }) => held(alone)),
    row('memory after work: heap + buffers', ({ load }) => held(load)),
    row('resident at rest / after work', ({ idle, load }) => {
      return `${megabytes(idle.resident)} / ${megabytes(load.resident)} MB`
    }),
    row('processor at rest', ({ idle }) => percent(idle.cpu)),
    row('processor at work', ({ load }) => percent(load.cpu)),
    row('beyond rest, for each message', ({ perMessageUs }) => `${perMessageUs.toFixed(1)} us`),
    row('messages lost', ({ published, heard, sent, delivered }) =>
      count(published - heard + sent - delivered),
    ),
  ])
}

function held({ heap, buffers }: Memory): string {
  return `${megabytes(heap)} + ${megabytes(buffers)} MB`
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
