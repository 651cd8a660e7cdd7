/**
 * What a relay counts and has, and what it takes of the system, in the text format of Prometheus.
 *
 * Written here, since it is three lines a number: the counters are the relay's own, and a registry
 * beside them would hold each a second time.
 */
import { RELAY_COUNTER_NAMES, RELAY_COUNTERS } from './counters.ts'
import type { RelayStats } from './types.ts'

/** The media type that scrapers know the format by. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** `linksOpened` as `sixcast_relay_links_opened_total`; what there is now is a gauge. */
export function prometheusText(
  stats: RelayStats,
  outboxes: readonly { readonly waiting: number }[],
): string {
  const gauges = Object.entries(GAUGES).map(([name, help]): Metric => {
    return { name: nameOf(name), type: 'gauge', help, value: stats[name as Gauge] } // its keys
  })
  const counters = RELAY_COUNTER_NAMES.map((name): Metric => {
    const help = RELAY_COUNTERS[name]
    return { name: `${nameOf(name)}_total`, type: 'counter', help, value: stats[name] }
  })
  const waiting = outboxes.reduce((sum, outbox) => sum + outbox.waiting, 0)
  return [...gauges, waitingBytes(waiting), ...counters, ...ofProcess()].map(textOf).join('')
}

function waitingBytes(value: number): Metric {
  const name = 'sixcast_relay_waiting_bytes'
  return { name, type: 'gauge', help: 'Bytes that wait for links and trunks', value }
}

/** By the names that client libraries have made usual; seconds and bytes. */
function ofProcess(): Metric[] {
  const { user, system } = process.cpuUsage()
  return [
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'Time on the processor, user and system',
      value: (user + system) / 1e6,
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      help: 'Memory in use',
      value: process.memoryUsage.rss(),
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      help: 'When the process began, since 1970',
      value: Math.round(Date.now() / 1000 - process.uptime()),
    },
  ]
}

interface Metric {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly value: number
}

function textOf({ name, type, help, value }: Metric): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`
}

function nameOf(name: string): string {
  return `sixcast_relay_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
}

type Gauge = keyof typeof GAUGES

const GAUGES = {
  links: 'Links of peers now',
  absent: 'Peers whose links have broken and whose sessions are kept now',
  groups: 'Groups that any link has joined now',
  peers: 'Peers that have said hello',
  relays: 'Other relays on the networks',
  trunks: 'Relays that there is a trunk to now',
  backbone: 'Relays that are met by the backbone now',
  epoch: 'Newest epoch of the realm that is known',
} as const
