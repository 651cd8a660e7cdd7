/**
 * One peer of the bus as a program: connects with the options of its argument, as JSON, follows
 * the commands on standard input, one JSON object a line, and prints JSON lines.
 *
 *   {"subscribe": pattern}       prints what comes; gaps are printed as events
 *   {"publish": topic, "value": v, "count": n, ...publish options}    n times v, in one turn
 *   {"each": topics, "value": v}    v once on each topic
 *   {"repeat": topic, "everyMs": t}    0, 1, 2, … until {"rest": true}
 *   {"stats": true}, {"flush": true}, {"close": true}
 *
 * Each command is answered by {"type": "done", "command": its number, ...}. Everything else is
 * printed as the bus tells it: messages, gaps, events.
 */
import { createInterface } from 'node:readline'
import { BusError } from '../../bus/api/errors.ts'
import type { Bus, ConnectOptions, Logger, PublishOptions } from '../../bus/index.ts'
import { connect } from '../../bus/index.ts'

const { key, ...options } = JSON.parse(process.argv[2] ?? '') as ProgramOptions // The test's own.
const bus = await connect({ ...options, ...keyOf(key), log: logger() })
let repeating: NodeJS.Timeout | undefined
void printEvents()
print({ type: 'ready', id: bus.id })
let number = 0
for await (const line of createInterface({ input: process.stdin })) {
  number += 1
  await answer(number, JSON.parse(line) as Command)
}
clearInterval(repeating)
await bus.close()

/** What the tests say to the program. */
export interface Command extends PublishOptions {
  readonly subscribe?: string
  readonly publish?: string
  readonly value?: unknown
  readonly count?: number
  readonly each?: readonly string[]
  readonly repeat?: string
  readonly everyMs?: number
  readonly rest?: boolean
  readonly stats?: boolean
  readonly flush?: boolean
  readonly close?: boolean
}

/** As the bus takes them, with the key as hexadecimal digits. */
export interface ProgramOptions extends Omit<ConnectOptions, 'key' | 'log' | 'signal'> {
  readonly key?: string | undefined
}

async function answer(command: number, given: Command): Promise<void> {
  try {
    print({ type: 'done', command, ...(await obey(given)) })
  } catch (error) {
    const code = error instanceof BusError ? error.code : 'none'
    print({ type: 'done', command, failed: code, message: String(error) })
  }
}

async function obey(given: Command): Promise<object> {
  const { subscribe, publish, each, repeat, value, count = 1, everyMs, ...rest } = given
  const { rest: calm, stats, flush, close, ...options } = rest
  if (subscribe !== undefined) listen(bus, subscribe)
  if (publish !== undefined) {
    for (let turn = 0; turn < count; turn++) bus.publish(publish, value, options)
  }
  for (const topic of each ?? []) bus.publish(topic, value, options)
  if (repeat !== undefined) {
    let next = 0
    repeating = setInterval(() => bus.publish(repeat, next++, options), everyMs)
  }
  if (calm) clearInterval(repeating)
  if (flush) await bus.flush()
  if (close) return bus.close()
  return stats ? { stats: bus.stats() } : {}
}

function listen(from: Bus, pattern: string): void {
  from.subscribe(pattern, (message) => print({ ...message, pattern, at: Date.now() }), {
    queue: 1_000_000,
  })
}

async function printEvents(): Promise<void> {
  for await (const event of bus.events()) print({ ...event, at: Date.now() })
}

function keyOf(hex: string | undefined): Pick<ConnectOptions, 'key'> {
  return hex === undefined ? {} : { key: Buffer.from(hex, 'hex') }
}

/** Warnings are worth a line of their own; the bus reports the rest as events. */
function logger(): Logger {
  const say = (fields: object, message?: string): void =>
    print({ type: 'warning', message, ...fields })
  const silent = (): void => undefined
  return { debug: silent, info: silent, warn: say, error: say }
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
