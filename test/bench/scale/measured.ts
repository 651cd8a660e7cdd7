/** The measured process, step by step: what it takes to know many, to rest and to work. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus } from '../../../bus/index.ts'
import { tell } from '../../sim/tables.ts'
import {
  type Answer,
  inTurns,
  MEETING_MS,
  ownTopic,
  patternOf,
  type Scale,
  type Told,
  type Work,
} from './plan.ts'

/** Memory in bytes, after a collection. */
export interface Memory {
  readonly heap: number
  readonly buffers: number
  /** What the system has given to the process. */
  readonly resident: number
}

/** What was measured at one scale. */
export interface Taken {
  readonly scale: Scale
  /** With nobody heard and nothing asked for. */
  readonly alone: Memory
  readonly idle: Memory & { readonly cpu: number }
  readonly load: Memory & { readonly cpu: number }
  /** Messages of the load: that it published, and those of them that were heard. */
  readonly published: number
  readonly heard: number
  /** That were published for it, and those of them that it got. */
  readonly sent: number
  readonly delivered: number
  /** CPU us of a message of the load, sent or delivered, beyond rest. */
  readonly perMessageUs: number
}

export class Measured {
  readonly #bus: Bus
  readonly #crowd: (told: Told) => Promise<Answer>
  readonly #scale: Scale
  readonly #work: Work
  #delivered = 0
  #published = 0

  constructor(
    bus: Bus,
    crowd: (told: Told) => Promise<Answer>,
    { scale, work }: { readonly scale: Scale; readonly work: Work },
  ) {
    this.#bus = bus
    this.#crowd = crowd
    this.#scale = scale
    this.#work = work
  }

  async run(): Promise<Taken> {
    const { peers, patterns, topics } = this.#scale
    const alone = memory()
    await reached('peers heard', peers, () => [...this.#bus.presence].length)
    for (let at = 0; at < patterns; at++) {
      this.#bus.subscribe(patternOf(at), () => void (this.#delivered += 1))
    }
    await this.#crowd({ type: 'begin' })
    await reached('patterns served', patterns, () => this.#delivered)
    await inTurns(topics, async (at) => {
      if (at % 1000 === 0) tell(`  ${at} of ${topics} topics`)
      await this.#bus.matched(ownTopic(at), { timeout: MEETING_MS })
      this.#publish(at)
    })
    await reached('topics heard', topics, async () => (await this.#crowd({ type: 'tell' })).heard!)
    await sleep(this.#work.settleMs)
    tell('  at rest')
    const idle = await this.#taken(() => sleep(this.#work.forMs))
    tell('  at work')
    const before = await this.#counts()
    const load = await this.#taken(async () => {
      const theirs = this.#crowd({ type: 'work', work: this.#work })
      await this.#publishes()
      await theirs
    })
    const after = await this.#settled()
    const [published, sent] = [after.published - before.published, after.sent - before.sent]
    const { forMs } = this.#work
    const spentUs = (load.cpu * load.tookMs - idle.cpu * load.tookMs) * 1000
    tell(`  ${published} published and ${sent} sent to it in ${forMs / 1000} s`)
    return {
      scale: this.#scale,
      alone,
      idle,
      load,
      published,
      sent,
      heard: after.heard - before.heard,
      delivered: after.delivered - before.delivered,
      perMessageUs: spentUs / (published + sent),
    }
  }

  async #publishes(): Promise<void> {
    const { forMs, perSecond } = this.#work
    const startedAt = performance.now()
    let published = 0
    for (let spent = 0; spent < forMs; spent = performance.now() - startedAt) {
      const due = Math.floor((spent * perSecond) / 1000)
      for (; published < due; published++) this.#publish(published % this.#scale.topics)
      await sleep(5)
    }
  }

  #publish(at: number): void {
    this.#bus.publish(ownTopic(at), PAYLOAD)
    this.#published += 1
  }

  /** `cpu`: of one processor, 0 to 1. */
  async #taken(during: () => Promise<unknown>): Promise<Memory & { cpu: number; tookMs: number }> {
    const [startedAt, before] = [performance.now(), process.cpuUsage()]
    await during()
    const tookMs = performance.now() - startedAt
    const { user, system } = process.cpuUsage(before)
    return { cpu: (user + system) / 1000 / tookMs, tookMs, ...memory() }
  }

  async #counts(): Promise<Counts> {
    const { heard = 0, published: sent = 0 } = await this.#crowd({ type: 'tell' })
    return { published: this.#published, delivered: this.#delivered, heard, sent }
  }

  /** What is under way arrives, or is lost. */
  async #settled(): Promise<Counts> {
    const until = performance.now() + PATIENCE_MS
    let counts = await this.#counts()
    while (performance.now() < until) {
      if (counts.heard === counts.published && counts.delivered === counts.sent) return counts
      await sleep(100)
      counts = await this.#counts()
    }
    return counts
  }
}

interface Counts {
  readonly published: number
  readonly heard: number
  readonly sent: number
  readonly delivered: number
}

async function reached(
  what: string,
  wanted: number,
  count: () => number | Promise<number>,
): Promise<void> {
  const startedAt = performance.now()
  for (let told = startedAt; ;) {
    const now = performance.now()
    const so = await count()
    if (so >= wanted) return tell(`  ${wanted} ${what} after ${seconds(now - startedAt)}`)
    if (now - startedAt > PATIENCE_MS) {
      throw new Error(`${so} of ${wanted} ${what} within ${seconds(PATIENCE_MS)}`)
    }
    if (now - told > 5000) {
      tell(`  ${so} of ${wanted} ${what}`)
      told = now
    }
    await sleep(50)
  }
}

function memory(): Memory {
  if (!globalThis.gc) throw new Error('start Node with --expose-gc, as the npm script does')
  globalThis.gc()
  const { heapUsed: heap, arrayBuffers: buffers, rss: resident } = process.memoryUsage()
  return { heap, buffers, resident }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

const PAYLOAD = new Uint8Array(64)
const PATIENCE_MS = 120_000
