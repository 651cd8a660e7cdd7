/** The machine's own live readings: load, memory, network counters. */
import { readFileSync } from 'node:fs'
import { cpus, freemem, hostname, loadavg, networkInterfaces, totalmem } from 'node:os'
import type { ReadingName } from './demo-words.ts'

/** Takes one reading: a value for each topic. */
export type Meter = () => ReadonlyMap<string, unknown>

/** Rates are taken between one reading and the next. */
export function meterOf(name: ReadingName): Meter {
  const place = `machine/${segmentOf(hostname())}`
  switch (name) {
    case 'load':
      return loadMeter(place)
    case 'memory':
      return () => new Map([[`${place}/memory`, memory()]])
    case 'network':
      return networkMeter(place)
  }
}

/** Any text as one segment of a topic. */
function segmentOf(text: string): string {
  return text.replaceAll(/[^\w.-]/g, '-') || 'host'
}

function loadMeter(place: string): Meter {
  let before = cpuTimes()
  let busyPercent = 0
  return () => {
    const now = cpuTimes()
    const total = now.total - before.total
    if (total > WINDOW_MS) {
      busyPercent = Math.round(((now.busy - before.busy) / total) * 100)
      before = now
    }
    const [one, five, fifteen] = loadavg()
    return new Map<string, unknown>([
      [`${place}/load`, { one, five, fifteen }],
      [`${place}/processor`, { cores: cpus().length, busyPercent }],
    ])
  }
}

function cpuTimes(): { readonly busy: number; readonly total: number } {
  let busy = 0
  let idle = 0
  for (const { times } of cpus()) {
    busy += times.user + times.nice + times.sys + times.irq
    idle += times.idle
  }
  return { busy, total: busy + idle }
}

function memory(): object {
  const total = totalmem()
  const free = freemem()
  return { total, free, usedPercent: Math.round((1 - free / total) * 1000) / 10 }
}

function networkMeter(place: string): Meter {
  return () => {
    const counters = linuxCounters() ?? addressCounts()
    const some = counters.slice(0, INTERFACES_MAX)
    return new Map(some.map(([name, value]) => [`${place}/network/${segmentOf(name)}`, value]))
  }
}

/** Undefined where there is no /proc. */
function linuxCounters(): [string, object][] | undefined {
  let text: string
  try {
    text = readFileSync('/proc/net/dev', 'utf8')
  } catch {
    return undefined
  }
  const lines = text.split('\n').slice(2)
  return lines.flatMap((line) => {
    const [name, rest] = line.split(':')
    const counters = rest?.trim().split(/\s+/).map(Number)
    if (name === undefined || counters === undefined) return []
    const [receivedBytes, receivedPackets] = counters
    const [sentBytes, sentPackets] = counters.slice(8)
    return [[name.trim(), { receivedBytes, receivedPackets, sentBytes, sentPackets }]]
  })
}

function addressCounts(): [string, object][] {
  const found = Object.entries(networkInterfaces())
  return found.map(([name, addresses = []]) => [name, { addresses: addresses.length }])
}

/** Processor time that one figure covers: the system counts it in steps of ten milliseconds. */
const WINDOW_MS = 500
const INTERFACES_MAX = 8
