/** `sixcast sub`: prints the messages that match, as lines, JSON objects or raw bytes. */
import type { Argv } from 'yargs'
import { matches, type Pattern, parsePattern } from '../core/topic/pattern.ts'
import type { Bus, Gap, History, Live, Message, Subscription } from '../index.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, Failure, UsageError } from './exit.ts'
import { aborted } from './interrupt.ts'
import { note } from './log.ts'
import { fieldsOf, lineOf, payloadOf } from './payload.ts'
import { shown } from './shown.ts'
import { withheldLine } from './withheld.ts'
import { history, list, seconds, text, whole } from './values.ts'
import { foreignWildcard } from './wildcards.ts'

export const sub: Command = {
  usage: 'sub <pattern..>',
  describe: 'Print the messages of topics that match',
  repeatable: ['pattern'],
  build,
  run,
}

type Form = 'line' | 'json' | 'raw'

interface Job {
  readonly patterns: readonly Pattern[]
  readonly count: number | undefined
  readonly timeoutMs: number | undefined
  readonly form: Form
  readonly history: History | undefined
  /** The group that the messages are shared with. */
  readonly share: string | undefined
  /** Says when everything from before has been printed. */
  readonly live: boolean
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('pattern', {
      type: 'string',
      array: true,
      describe: 'Topics; * is any one segment, ** any number of them',
    })
    .option('count', {
      type: 'string',
      requiresArg: true,
      describe: 'End after N messages',
    })
    .option('timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'End after SECONDS; exit code 2 when less came than wanted',
    })
    .option('history', {
      type: 'string',
      requiresArg: true,
      describe: 'First what was there before: last, all, N messages, or of SECONDS (60s)',
    })
    .option('share', {
      type: 'string',
      requiresArg: true,
      describe: 'Of those that name the same GROUP one prints each message (of pub --shared)',
    })
    .option('live', { type: 'boolean', describe: 'Say when everything from before has come' })
    .option('json', { type: 'boolean', describe: 'One JSON object a line, gaps included' })
    .option('raw', { type: 'boolean', describe: 'Only the payload and a newline' })
  return withExamples(options, [
    ["sixcast sub 'home/**'", 'everything below home'],
    ["sixcast sub 'home/*/light' --json | jq .value", 'objects for programs'],
    ['sixcast sub logs/app --raw > app.log', 'the bytes and nothing else'],
    ["sixcast sub 'state/**' --history last", 'the newest values, then each change'],
    ['sixcast sub jobs --share workers', 'a part of the messages, others print the rest'],
    ['sixcast sub door --count 1 --timeout 5', 'wait for one message, 5 s at most'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const job = jobOf(given)
  const bus = await world.connect()
  try {
    return await new Printer(bus, job, world).run()
  } finally {
    // Nothing was published, so there is nobody to wait for.
    await bus.close({ linger: 0 })
  }
}

function jobOf(given: Arguments): Job {
  const { count, timeout, json = false, raw = false, live = false } = given
  const past = given['history']
  const share = given['share'] === undefined ? undefined : text(given['share'], 'option --share')
  if (share !== undefined && past !== undefined) {
    throw new UsageError('give --share or --history, not both')
  }
  if (json === true && raw === true) throw new UsageError('give --json or --raw, not both')
  const patterns = list(given['pattern'], 'PATTERN').map((text) => {
    const parsed = parsePattern(text)
    if (!parsed.ok) throw new UsageError(parsed.fault)
    return parsed.pattern
  })
  return {
    patterns,
    count:
      count === undefined
        ? undefined
        : whole(count, 'option --count', { min: 1, max: Number.MAX_SAFE_INTEGER }),
    timeoutMs:
      timeout === undefined
        ? undefined
        : seconds(timeout, 'option --timeout', { min: 0.001, max: TIMEOUT_S_MAX }),
    history: past === undefined ? undefined : history(past, 'option --history'),
    share,
    live: live === true,
    form: json === true ? 'json' : raw === true ? 'raw' : 'line',
  }
}

type Item = Message | Gap | Live
type End = 'count' | 'timeout' | 'interrupt' | 'broken' | 'closed'

class Printer {
  readonly #bus: Bus
  readonly #job: Job
  readonly #world: World
  readonly #subscriptions: readonly Subscription<Item>[]
  #printed = 0
  /** Messages that will not be printed: they make the exit code 1. */
  #missing = 0
  /** Those of them that stand for messages of `--count`. */
  #missed = 0
  /** Streams of which something has come. */
  readonly #begun = new Set<string>()
  /** Subscriptions that still get what was there before. */
  #behind: number
  #finish: (end: End) => void = () => undefined

  constructor(bus: Bus, job: Job, world: World) {
    this.#bus = bus
    this.#job = job
    this.#world = world
    const { patterns, history: past, share } = job
    const options = {
      queue: QUEUE,
      gaps: true,
      live: true,
      ...(past && { history: past }),
      ...(share !== undefined && { share }),
    } as const
    this.#behind = patterns.length
    this.#subscriptions = patterns.map(({ text }) => bus.subscribe(text, options))
  }

  async run(): Promise<number> {
    const { interrupt, output, log } = this.#world
    const ended = new Promise<End>((resolve) => (this.#finish = resolve))
    const timer =
      this.#job.timeoutMs === undefined
        ? undefined
        : setTimeout(() => this.#finish('timeout'), this.#job.timeoutMs)
    const gone = Promise.race([
      aborted(interrupt.signal).then(() => this.#finish('interrupt')),
      output.broken.then(() => this.#finish('broken')),
    ])
    const watching = this.#watch()
    const printing = Promise.all(this.#subscriptions.map((one, i) => this.#print(one, i)))
    for (const pattern of this.#job.patterns) {
      const hint = foreignWildcard(pattern)
      if (hint !== undefined) log.warn({}, hint)
    }
    log.info({ patterns: this.#job.patterns.map(({ text }) => text) }, 'subscribed')
    const end = await Promise.race([ended, printing.then((): End => 'closed')])
    clearTimeout(timer)
    // After a timeout what has come is still printed; otherwise nobody wants it.
    for (const subscription of this.#subscriptions) {
      if (end === 'timeout') await subscription.close()
      else await subscription[Symbol.asyncDispose]()
    }
    // A reader that has stopped reading must not hold up the end.
    await Promise.race([printing, gone])
    await this.#bus.close({ linger: 0 })
    await Promise.race([watching, gone])
    return this.#exitCode(end)
  }

  #exitCode(end: End): number {
    const { count } = this.#job
    if (end === 'broken') return Exit.ok
    if (end === 'count' && this.#printed < count!) throw this.#short()
    if (this.#missing > 0) return Exit.error
    const satisfied = count === undefined ? this.#printed > 0 : this.#printed >= count
    if (end === 'timeout' && !satisfied) throw this.#tooFew()
    // Without a count, being interrupted is the way to end.
    const cut = end === 'interrupt' && count !== undefined && !satisfied
    return cut ? (this.#world.interrupt.code ?? Exit.error) : Exit.ok
  }

  #tooFew(): Failure {
    const { timeoutMs = 0 } = this.#job
    return new Failure('TIMEOUT', `${this.#came()} in ${timeoutMs / 1000} s`)
  }

  #short(): Failure {
    return new Failure('LOST', `${this.#came()}: the rest is lost, or cannot be read`)
  }

  #came(): string {
    const { count, patterns } = this.#job
    const came = count === undefined ? 'no message' : `${this.#printed} of ${count} messages`
    return `${came} came on ${patterns.map(({ text }) => text).join(' and ')}`
  }

  async #print(subscription: Subscription<Item>, index: number): Promise<void> {
    for await (const item of subscription) {
      if (item.type !== 'live' && this.#isAnothers(item.topic, index)) continue
      if (this.#isEnough()) return
      const writing = this.#item(item)
      if (this.#isEnough()) this.#finish('count')
      if (writing) await writing
    }
  }

  /** What is lost has its place in the count: nobody need wait for what cannot come. */
  #isEnough(): boolean {
    return this.#printed + this.#missed >= (this.#job.count ?? Infinity)
  }

  #item(item: Item): Promise<void> | undefined {
    switch (item.type) {
      case 'message':
        return this.#message(item)
      case 'gap':
        return this.#gap(item)
      case 'live':
        this.#behind -= 1
        return this.#behind === 0 && this.#job.live ? this.#live(item) : undefined
    }
  }

  #live(item: Live): Promise<void> | undefined {
    if (this.#job.form === 'json') return this.#world.output.object(item)
    note('live: everything from before has come')
    return undefined
  }

  /** A topic that two patterns match is printed for the first of them. */
  #isAnothers(topic: string, index: number): boolean {
    if (index === 0) return false
    const segments = topic.split('/')
    return this.#job.patterns.slice(0, index).some((pattern) => matches(pattern, segments))
  }

  #message(message: Message): Promise<void> | undefined {
    this.#printed += 1
    // With a count it has so many entries at most; without one nobody asks.
    if (this.#job.count !== undefined) this.#begun.add(`${message.from} ${message.topic}`)
    const { output } = this.#world
    switch (this.#job.form) {
      case 'json':
        return output.object(objectOf(message))
      case 'raw':
        return output.write(payloadOf(message.value), '\n')
      case 'line':
        return output.write(this.#lineOf(message))
    }
  }

  #lineOf({ topic, value }: Message): string {
    return `${shown(topic)} ${lineOf(value)}\n`
  }

  #gap(gap: Gap): Promise<void> | undefined {
    this.#missing += gap.count
    if (!this.#isBefore(gap)) this.#missed += gap.count
    if (this.#job.form === 'json') return this.#world.output.object(gap)
    const { topic, publisher, from, to, count, cause } = gap
    note(`gap of ${count} on ${topic} from ${publisher}, sequence ${from} to ${to}: ${cause}`)
    return undefined
  }

  /** Whether it is what a stream had forgotten of its history: none of what is still to come. */
  #isBefore({ cause, publisher, topic }: Gap): boolean {
    return cause === 'history' && !!this.#job.history && !this.#begun.has(`${publisher} ${topic}`)
  }

  async #watch(): Promise<void> {
    const told = new Set<string>()
    for await (const event of this.#bus.events()) {
      if (event.type === 'withheld' && !told.has(event.reason)) {
        told.add(event.reason)
        const line = withheldLine(event, this.#world.settings, this.#job.form === 'json')
        process.stderr.write(line)
      }
      if (event.type !== 'invalid') continue
      this.#missing += 1
      this.#missed += 1
      if (this.#isEnough()) this.#finish('count')
      const { topic, from, issues } = event
      if (this.#job.form === 'json') await this.#world.output.object(event)
      else note(`unreadable message on ${topic} from ${from}: ${issues.join('; ')}`)
    }
  }
}

function objectOf({ type, topic, value, from, sequence, sentAt }: Message): object {
  return { type, topic, ...fieldsOf(value), from, sequence, sentAt }
}

/** Enough for a terminal that is held for a while; what overflows all the same becomes a gap. */
const QUEUE = 262_144
const TIMEOUT_S_MAX = 2_000_000
