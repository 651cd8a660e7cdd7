/** Adds up what the demo's processes counted, and what should have been delivered. */
import { matches, parsePattern } from '../core/topic/pattern.ts'
import type { DeliveryReport, Duty } from './demo-words.ts'

export interface Counted {
  readonly duty: Duty
  readonly report: DeliveryReport | undefined
}

export interface Tally {
  readonly published: number
  readonly packetsSent: number
  readonly bytesSent: number
  readonly delivered: number
  /** Deliveries that every message published makes when nothing is lost. */
  readonly expected: number
  readonly gaps: number
}

export function tallyOf(crew: readonly Counted[]): Tally {
  const reports = crew.flatMap(({ report }) => (report ? [report] : []))
  const sum = (of: (report: DeliveryReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0)
  const patterns = crew.flatMap(({ duty }) => (duty.type === 'subscribe' ? duty.patterns : []))
  let published = 0
  let expected = 0
  for (const [topic, count] of reports.flatMap((report) => [...report.published])) {
    published += count
    expected += count * takers(patterns, topic)
  }
  return {
    published,
    expected,
    packetsSent: sum((report) => report.packetsSent),
    bytesSent: sum((report) => report.bytesSent),
    delivered: sum((report) => report.delivered),
    gaps: sum((report) => report.gaps),
  }
}

/** The newest value of each topic, by topic. */
export function latestOf(crew: readonly Counted[]): ReadonlyMap<string, unknown> {
  const latest = new Map(crew.flatMap(({ report }) => [...(report?.latest ?? [])]))
  return new Map([...latest].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

export function deliveriesPerPacket({ delivered, packetsSent }: Tally): number {
  return packetsSent === 0 ? 0 : Math.round((delivered / packetsSent) * 100) / 100
}

/** What kept the demo from being perfect; empty when nothing did. */
export function faultsOf(tally: Tally): readonly string[] {
  const { delivered, expected, gaps } = tally
  const faults: string[] = []
  if (delivered === 0) faults.push('nothing was delivered')
  if (gaps > 0) faults.push(`${gaps} messages were lost`)
  if (delivered !== expected) faults.push(`${delivered} deliveries instead of ${expected}`)
  return faults
}

function takers(patterns: readonly string[], topic: string): number {
  const segments = topic.split('/')
  return patterns.filter((text) => {
    const parsed = parsePattern(text)
    return parsed.ok && matches(parsed.pattern, segments)
  }).length
}
