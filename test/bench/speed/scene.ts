/** One contestant with its subscribers, from the first process to the last: what each run measured. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { quantile } from '../../sim/tables.ts'
import type { Contestant, Where } from '../peers/contestant.ts'
import { contestants } from '../peers/registry.ts'
import { BrokerProcess } from './broker.ts'
import type { Usage } from './part.ts'
import type { Load, Sent } from './publisher.ts'
import { anyPort, type Seat, type Stage } from './stage.ts'
import type { Heard } from './subscriber.ts'
import { Worker } from './worker.ts'

/** What one run came to. */
export interface Measured {
  readonly peer: string
  readonly size: number
  readonly subscribers: number
  readonly messages: number
  /** Messages a second to each subscriber. */
  readonly perSecond: number
  /** CPU seconds of all processes for a million deliveries. */
  readonly cpu: number
  /** Deliveries that did not come. */
  readonly lost: number
  readonly disordered: number
  readonly stalls: number
  /** Bytes that all processes have held at most, together. */
  readonly memory: number
  readonly wireBytes?: number
  readonly wireFrames?: number
  /** ms, of all subscribers; of a run at a fixed rate alone. */
  readonly latency?: { readonly p50: number; readonly p90: number; readonly p99: number }
}

export class Scene implements AsyncDisposable {
  readonly #name: string
  readonly #stage: Stage
  readonly #publisher: Worker
  readonly #subscribers: readonly Worker[]
  readonly #broker: BrokerProcess | undefined
  #run = 0

  private constructor(name: string, stage: Stage, parts: Parts) {
    this.#name = name
    this.#stage = stage
    this.#publisher = parts.publisher
    this.#subscribers = parts.subscribers
    this.#broker = parts.broker
  }

  /** Resolves when every subscriber has heard the publisher. */
  static async open(name: string, stage: Stage, subscribers: number): Promise<Scene> {
    const contestant = contestants[name]!
    const where = whereOf(contestant, stage)
    const window = join(stage.folder, `window-${where.port}`)
    const started: Worker[] = []
    let broker: BrokerProcess | undefined
    const start = async (seat: Seat): Promise<Worker> => {
      const role = { name, publishes: seat === 'publisher', where, window }
      const node = [process.execPath, ...profiling(stage)]
      const worker = await Worker.start([...stage.inside(seat), ...node], role)
      started.push(worker)
      return worker
    }
    try {
      const inside = stage.inside('broker')
      const { broker: wanted } = contestant
      if (wanted) broker = await BrokerProcess.start(inside, wanted, where)
      const publisher = await start('publisher')
      await publisher.obey({ type: 'open' })
      const seats = Array.from({ length: subscribers }, (_, at) => at)
      const heard = await Promise.all(seats.map(start))
      await Promise.all(heard.map((worker) => worker.obey({ type: 'open' })))
      const scene = new Scene(name, stage, { publisher, subscribers: heard, broker })
      await scene.#meet()
      return scene
    } catch (error) {
      for (const worker of started) worker.kill()
      broker?.kill()
      throw error
    }
  }

  async run(load: Omit<Load, 'run'>): Promise<Measured> {
    const run = (this.#run += 1)
    const stamped = load.rate !== undefined
    const begin = { type: 'begin', run, size: load.size, stamped } as const
    await Promise.all(this.#subscribers.map((worker) => worker.obey(begin)))
    const [before, wireBefore] = [await this.#usages(), await this.#stage.wire()]
    const sent = await this.#publisher.obey<Sent>({ type: 'send', load: { ...load, run } })
    const [after, wireAfter] = [await this.#usages(), await this.#stage.wire()]
    const heard = await Promise.all(
      this.#subscribers.map((worker) => worker.obey<Heard>({ type: 'tell' })),
    )
    const cpuMs = sum(after.map(({ cpuMs: ms }, at) => ms - before[at]!.cpuMs))
    const deliveries = sum(heard.map(({ messages }) => messages))
    return {
      peer: this.#name,
      size: load.size,
      subscribers: heard.length,
      messages: sent.messages,
      perSecond: (deliveries / heard.length / sent.ms) * 1000,
      cpu: (cpuMs * 1000) / deliveries,
      lost: sent.messages * heard.length - deliveries,
      disordered: sum(heard.map(({ disordered }) => disordered)),
      stalls: sent.stalls,
      memory: sum(after.map(({ peak }) => peak)),
      ...(wireBefore && wireAfter && wireOf(wireBefore, wireAfter)),
      ...(stamped && latencyOf(heard)),
    }
  }

  /** What the publisher says of its own working. */
  about(): Promise<Readonly<Record<string, unknown>>> {
    return this.#publisher.obey({ type: 'tell' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#publisher, ...this.#subscribers].map((worker) => worker.close()))
    this.#broker?.kill()
  }

  async #meet(): Promise<void> {
    const run = (this.#run += 1)
    const begin = { type: 'begin', run, size: 0, stamped: false } as const
    await Promise.all(this.#subscribers.map((worker) => worker.obey(begin)))
    const subscribers = this.#subscribers.length
    await this.#publisher.obey({ type: 'meet', run, subscribers })
  }

  async #usages(): Promise<Usage[]> {
    const workers = await Promise.all(
      [this.#publisher, ...this.#subscribers].map((worker) => worker.usage()),
    )
    return this.#broker ? [...workers, this.#broker.usage()] : workers
  }
}

interface Parts {
  readonly publisher: Worker
  readonly subscribers: readonly Worker[]
  readonly broker: BrokerProcess | undefined
}

function whereOf({ broker }: Contestant, stage: Stage): Where {
  const { place, folder } = stage
  const address = stage.address(broker ? 'broker' : 'publisher')
  const key = randomBytes(32).toString('hex')
  return { place, folder, address, port: anyPort(), key }
}

function profiling({ profile }: Stage): string[] {
  return profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile]
}

function wireOf(before: Wired, after: Wired): Pick<Measured, 'wireBytes' | 'wireFrames'> {
  return { wireBytes: after.bytes - before.bytes, wireFrames: after.frames - before.frames }
}

interface Wired {
  readonly bytes: number
  readonly frames: number
}

function latencyOf(heard: readonly Heard[]): Pick<Measured, 'latency'> {
  const all = heard.flatMap(({ latencies }) => latencies).toSorted((a, b) => a - b)
  const [p50 = 0, p90 = 0, p99 = 0] = [0.5, 0.9, 0.99].map((part) => quantile(all, part))
  return { latency: { p50, p90, p99 } }
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0)
}
