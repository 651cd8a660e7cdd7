/** One process of the demo: a peer of its own, told over IPC what to publish or to subscribe. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bus, connect } from '../index.ts'
import type { Command, World } from './command.ts'
import { meterOf } from './demo-readings.ts'
import type { DeliveryReport, Duty, FromMember, ToMember } from './demo-words.ts'
import { codeOf, Exit, Failure, UsageError } from './exit.ts'

/** Not for people: `sixcast demo` starts it. */
export const demoPeer: Command = {
  usage: 'demo-peer',
  describe: false,
  build: (parser) => parser,
  run,
}

async function run(_given: unknown, world: World): Promise<number> {
  if (!process.send) throw new UsageError('demo-peer is a part of: sixcast demo')
  const orphaned = new Promise<void>((resolve) => process.once('disconnect', resolve))
  const start = await heard('start', orphaned)
  if (!start) return Exit.error
  try {
    return await member(start, orphaned, world)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    say({ type: 'failed', code: codeOf(error), message })
    // Who exits at once may take its last words along.
    await orphaned
    return Exit.error
  }
}

async function member(
  start: Extract<ToMember, { readonly type: 'start' }>,
  orphaned: Promise<void>,
  world: World,
): Promise<number> {
  const { duty, key, port, linger, crew } = start
  const bus = await connect({
    realm: 'demo',
    key,
    scope: 'host',
    name: duty.name,
    log: world.log,
    ...(port === undefined ? {} : { port }),
    ...(linger === undefined ? {} : { linger }),
  })
  const work = new Work(bus, duty)
  const reporting = setInterval(() => say({ type: 'report', report: work.report() }), REPORT_MS)
  try {
    await Promise.race([everybody(bus, crew), orphaned])
    say({ type: 'ready' })
    if (await heard('go', orphaned)) work.begin()
    const stopped = await heard('stop', orphaned)
    work.end()
    // Nobody is left to wait for when the first process has died.
    await bus.close(stopped ? {} : { linger: 0 })
    clearInterval(reporting)
    say({ type: 'done', report: work.report() })
    await orphaned
    return Exit.ok
  } finally {
    clearInterval(reporting)
    await bus.close({ linger: 0 })
  }
}

class Work {
  readonly #bus: Bus
  readonly #duty: Duty
  readonly #published = new Map<string, number>()
  readonly #latest = new Map<string, unknown>()
  #gaps = 0
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(bus: Bus, duty: Duty) {
    this.#bus = bus
    this.#duty = duty
    if (duty.type === 'subscribe') this.#subscribe(duty.patterns)
    void this.#watchGaps()
  }

  begin(): void {
    if (this.#duty.type !== 'publish') return
    const meter = meterOf(this.#duty.reading)
    const taken: [string, unknown][] = []
    let times = 0
    this.#timer = setInterval(() => {
      taken.push(...meter())
      times += 1
      if (times % BATCH === 0) for (const reading of taken.splice(0)) this.#publish(...reading)
    }, READING_MS)
  }

  end(): void {
    clearInterval(this.#timer)
  }

  report(): DeliveryReport {
    const { packetsSent, bytesSent, messagesDelivered, messagesLost } = this.#bus.stats()
    return {
      packetsSent,
      bytesSent,
      delivered: messagesDelivered,
      gaps: Math.max(this.#gaps, messagesLost),
      published: this.#published,
      latest: this.#latest,
    }
  }

  #publish(topic: string, value: unknown): void {
    this.#bus.publish(topic, value)
    this.#published.set(topic, (this.#published.get(topic) ?? 0) + 1)
  }

  #subscribe(patterns: readonly string[]): void {
    for (const pattern of patterns) {
      this.#bus.subscribe(pattern, ({ topic, value }) => void this.#latest.set(topic, value))
    }
  }

  async #watchGaps(): Promise<void> {
    for await (const event of this.#bus.events()) {
      if (event.type === 'gap') this.#gaps += event.count
    }
  }
}

/** Waits until this process knows all the others. */
async function everybody(bus: Bus, crew: number): Promise<void> {
  const until = performance.now() + PATIENCE_MS
  while (bus.presence.size < crew - 1 && process.connected) {
    if (performance.now() > until) {
      const mend = 'does a firewall block UDP from this host to itself?'
      const found = `only ${bus.presence.size} of ${crew - 1} others heard`
      throw new Failure('DEMO', `${found}: ${mend}`)
    }
    await sleep(10)
  }
}

/** Undefined when the first process has gone. */
function heard<T extends ToMember['type']>(
  type: T,
  orphaned: Promise<void>,
): Promise<Extract<ToMember, { readonly type: T }> | undefined> {
  return new Promise((resolve) => {
    const hear = (words: unknown): void => {
      const said = words as ToMember // our own program's
      if (said.type !== type) return
      process.off('message', hear)
      resolve(said as Extract<ToMember, { readonly type: T }>) // its type was just compared
    }
    process.on('message', hear)
    void orphaned.then(() => resolve(undefined))
  })
}

function say(words: FromMember): void {
  // A first process that has just died is noticed by its channel's end.
  if (process.connected) process.send?.(words, undefined, {}, () => undefined)
}

const REPORT_MS = 200
const READING_MS = 10
/** Readings that are published together: they share a packet. */
const BATCH = 5
const PATIENCE_MS = 8000
