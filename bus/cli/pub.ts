/** `sixcast pub`: publishes a value, standard input, or each of its lines. */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { Argv } from 'yargs'
import { defaultLimits } from '../core/limits.ts'
import { RETAIN_MAX } from '../core/publication.ts'
import { parseTopic } from '../core/topic/pattern.ts'
import type { Bus, BusError, CloseReport, Delivery, Flow, PublishOptions } from '../index.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, Failure, UsageError } from './exit.ts'
import { lackingLines } from './lacking.ts'
import { shownJson } from './shown.ts'
import { allOfInput, assertInput, chunksOfInput } from './input.ts'
import { aborted } from './interrupt.ts'
import { Lines } from './lines.ts'
import { assertJson, valueOf } from './payload.ts'
import { orThrow, removal } from './removal.ts'
import { decimal, oneOf, seconds, whole } from './values.ts'

export const pub: Command = {
  usage: 'pub <topic> [value]',
  describe: 'Publish a message, or one for each line of standard input',
  build,
  run,
}

interface Job {
  readonly topic: string
  readonly delivery: Delivery
  readonly flow: Flow | undefined
  /** How long a message is of use, ms. */
  readonly expires: number | undefined
  /** One of each group gets each message. */
  readonly shared: boolean
  readonly value: string | undefined
  readonly lines: boolean
  readonly json: boolean
  /** Messages to publish; with `lines` at most. */
  readonly count: number
  /** Messages a second at most. */
  readonly rate: number
  /** Messages that are kept for late subscribers, as long as the command runs. */
  readonly retain: number
  /** Subscribers that must be there first, and how long they may take, ms. */
  readonly require: { readonly count: number; readonly timeout: number } | undefined
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('topic', { type: 'string', describe: 'The topic, as in home/kitchen/light' })
    .positional('value', { type: 'string', describe: 'The message: text as it is' })
    .option('lines', { type: 'boolean', describe: 'One message for each line of standard input' })
    .option('stdin', { type: 'boolean', describe: 'All of standard input as one message' })
    .option('count', {
      type: 'string',
      requiresArg: true,
      describe: 'Publish N times; with --lines: at most N lines [default: 1]',
    })
    .option('rate', {
      type: 'string',
      requiresArg: true,
      describe: 'At most R messages a second [default: as fast as the network]',
    })
    .option('require', {
      type: 'string',
      requiresArg: true,
      describe: 'Wait until N others have subscribed; exit code 2 when they do not come',
    })
    .option('timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'SECONDS that --require waits [default: 10]',
    })
    .option('json', { type: 'boolean', describe: 'The value (or each line) is JSON' })
  return withExamples(deliveryOptions(options), [
    ['sixcast pub home/kitchen/light on', 'send a text'],
    ['sixcast pub home/kitchen \'{"on":true}\' --json', 'send a JSON value'],
    ['tail -f app.log | sixcast pub logs/app --lines', 'send each line as it comes'],
    ['sixcast pub backups/photo --stdin < photo.jpg', 'send a small file as one message'],
    ['sixcast pub clock tick --count 60 --rate 1 --expires 1', 'for a minute, each for a second'],
    ['sixcast pub state/door open --retain 1', 'stay, for those who come later'],
    ['sixcast pub deploy go --require 3', 'only when three others listen'],
    ['seq 100 | sixcast pub jobs --lines --shared', 'each line to one worker of each group'],
  ])
}

/** How messages reach whom. */
function deliveryOptions(parser: Argv): Argv {
  return parser
    .option('delivery', {
      type: 'string',
      requiresArg: true,
      choices: DELIVERIES,
      describe: 'How the messages are delivered [default: reliable]',
    })
    .option('retain', {
      type: 'string',
      requiresArg: true,
      describe: 'Keep the last N messages for late subscribers, until interrupted',
    })
    .option('flow', {
      type: 'string',
      requiresArg: true,
      describe: 'Wait for nobody (max), the slowest (min), or those tagged KEY=VALUE',
    })
    .option('shared', {
      type: 'boolean',
      describe: 'Those that sub with the same --share share the messages: one gets each',
    })
    .option('expires', {
      type: 'string',
      requiresArg: true,
      describe: 'Not sent, repaired or delivered after SECONDS [default: never]',
    })
}

async function run(given: Arguments, world: World): Promise<number> {
  const job = jobOf(given)
  const { interrupt } = world
  if (job.value === undefined) assertInput()
  const bus = await world.connect()
  const out = removal(bus)
  try {
    if (job.require) {
      const { flow, shared } = job
      const wanted = { ...job.require, ...(flow && { flow }), ...(shared && { shared }) }
      const matched = bus.matched(job.topic, { ...wanted, signal: interrupt.signal })
      await Promise.race([matched, orThrow(out)])
    }
    if (job.lines) await publishLines(bus, job, world)
    else await publishValue(bus, job, world)
    if (job.retain > 0 && interrupt.code === undefined) return await retain(bus, out, world)
  } catch (error) {
    await bus.close({ linger: 0 })
    throw error
  }
  // Who was interrupted still says goodbye, but waits for nobody for long.
  const hurry = interrupt.code === undefined ? {} : { linger: HURRY_MS }
  const report = await bus.close(hurry)
  if (interrupt.code !== undefined) return interrupt.code
  return exitCode(report, await out, world)
}

/** What is retained goes with its publisher: it stays until a signal, which is the normal end. */
async function retain(bus: Bus, out: ReturnType<typeof removal>, world: World): Promise<number> {
  await Promise.race([aborted(world.interrupt.signal), out])
  return exitCode(await bus.close({ linger: HURRY_MS }), await out, world)
}

/** Throws what has put this member out: that others are in a later epoch follows from it. */
function exitCode(report: CloseReport, out: BusError | undefined, world: World): number {
  if (out) throw out
  const lines = lackingLines(report, world.json)
  for (const line of lines) process.stderr.write(line)
  return lines.length === 0 ? Exit.ok : Exit.timeout
}

function jobOf(given: Arguments): Job {
  const { topic, value, lines = false, stdin = false, count, rate, expires } = given
  const parsed = parseTopic(String(topic))
  if (!parsed.ok) throw new UsageError(parsed.fault)
  const inputs = [value !== undefined, lines, stdin].filter(Boolean).length
  if (inputs !== 1) throw new UsageError('give a VALUE, --lines or --stdin, and only one of them')
  if (rate !== undefined && count === undefined && lines === false) {
    throw new UsageError('option --rate is of use only with --count or --lines')
  }
  const json = given['json'] === true
  if (json && typeof value === 'string') assertJson(value, 'VALUE')
  const delivery = oneOf(given['delivery'] ?? 'reliable', 'option --delivery', DELIVERIES)
  return {
    topic: String(topic),
    delivery,
    retain: retainedOf(given, delivery),
    flow: flowOf(given, delivery),
    shared: sharedOf(given, delivery),
    expires: expires === undefined ? undefined : seconds(expires, 'option --expires', EXPIRES),
    require: requirementOf(given, delivery),
    value: typeof value === 'string' ? value : undefined,
    lines: lines === true,
    json,
    count:
      count === undefined
        ? lines === true
          ? Infinity
          : 1
        : whole(count, 'option --count', { min: 1, max: Number.MAX_SAFE_INTEGER }),
    rate:
      rate === undefined
        ? Infinity
        : decimal(rate, 'option --rate', { min: 0.001, max: 1_000_000 }),
  }
}

function retainedOf({ retain: given }: Arguments, delivery: Delivery): number {
  if (given === undefined) return 0
  assertReliable('--retain', delivery)
  return whole(given, 'option --retain', { min: 1, max: RETAIN_MAX })
}

function sharedOf({ shared }: Arguments, delivery: Delivery): boolean {
  if (shared !== true) return false
  assertReliable('--shared', delivery)
  return true
}

function requirementOf({ require, timeout }: Arguments, delivery: Delivery): Job['require'] {
  if (require === undefined) {
    if (timeout === undefined) return undefined
    throw new UsageError('option --timeout is of use only with --require')
  }
  const count = whole(require, 'option --require', { min: 1, max: defaultLimits.receivers })
  assertReliable('--require', delivery)
  const bounds = { min: 0, max: REQUIRE_S_MAX }
  return { count, timeout: seconds(timeout ?? REQUIRE_S, 'option --timeout', bounds) }
}

/** `max`, `min`, or the tag of those to wait for. */
function flowOf({ flow }: Arguments, delivery: Delivery): Flow | undefined {
  if (flow === undefined) return undefined
  assertReliable('--flow', delivery)
  if (flow === 'max' || flow === 'min') return flow
  if (typeof flow === 'string' && /^[^=]+=/.test(flow)) return { tagged: flow }
  throw new UsageError(`option --flow is ${shownJson(flow)}: max, min, or a tag KEY=VALUE`)
}

function assertReliable(option: string, delivery: Delivery): void {
  if (delivery === 'reliable') return
  throw new UsageError(`option ${option} is of use only with reliable delivery, not ${delivery}`)
}

async function publishValue(bus: Bus, job: Job, world: World): Promise<void> {
  const { signal } = world.interrupt
  const bytes = job.value ?? (await allOfInput(signal, defaultLimits.messageSize))
  if (bytes === undefined) return
  const value = valueOf(bytes, job.json, 'standard input')
  const pace = new Pace(job.rate, signal)
  for (let sent = 0; sent < job.count && (await pace.next(bus)); sent++) {
    bus.publish(job.topic, value, optionsOf(job))
  }
}

async function publishLines(bus: Bus, job: Job, world: World): Promise<void> {
  const { signal } = world.interrupt
  const lines = new Lines(defaultLimits.messageSize)
  const pace = new Pace(job.rate, signal)
  const publish = async (some: Iterable<Uint8Array>): Promise<boolean> => {
    for (const line of some) {
      if (!(await pace.next(bus))) return false
      bus.publish(job.topic, valueOf(line, job.json, `line ${lines.count}`), optionsOf(job))
      if (lines.count >= job.count) return false
    }
    return true
  }
  try {
    for await (const chunk of chunksOfInput(signal)) {
      if (!(await publish(lines.take(chunk)))) return
    }
    if (signal.aborted) return
  } catch (error) {
    if (error instanceof RangeError) throw new Failure('TOO_LARGE', error.message)
    throw error
  }
  await publish(lines.rest())
}

function optionsOf({ delivery, retain: kept, expires, flow, shared }: Job): PublishOptions {
  return {
    delivery,
    ...(flow && { flow }),
    ...(kept > 0 && { retain: kept }),
    ...(expires && { expires }),
    ...(shared && { shared }),
  }
}

/** When the next message may be published. */
class Pace {
  readonly #intervalMs: number
  readonly #signal: AbortSignal
  #dueAt = performance.now()
  #count = 0

  constructor(rate: number, signal: AbortSignal) {
    this.#intervalMs = 1000 / rate
    this.#signal = signal
  }

  /** Waits for the bus and for the rate; false when the command has been interrupted. */
  async next(bus: Bus): Promise<boolean> {
    await bus.ready
    const now = performance.now()
    const signal = this.#signal
    if (this.#dueAt > now) await sleep(this.#dueAt - now, undefined, { signal }).catch(() => 0)
    // Signals and the network want their turn, too.
    else if (++this.#count % TURN_COUNT === 0) await turn()
    // Lost time is made up for, but not more than a second of it.
    this.#dueAt = Math.max(this.#dueAt, now - CATCH_UP_MS) + this.#intervalMs
    return !this.#signal.aborted
  }
}

const DELIVERIES: readonly Delivery[] = ['reliable', 'best-effort', 'latest']
/** Seconds. */
const EXPIRES = { min: 0.001, max: 86_400 }
const TURN_COUNT = 1024
const CATCH_UP_MS = 1000
const HURRY_MS = 500
/** How long --require waits, in seconds: a day at most. */
const REQUIRE_S = 10
const REQUIRE_S_MAX = 86_400
