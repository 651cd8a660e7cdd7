/**
 * Real buses in one process, on a simulated network and in virtual time.
 *
 * One event happens after the other, in the order of their times; after each one the programs do
 * what it lets them do, until all of them wait again. So nothing depends on the machine's speed,
 * and the same seed gives the same run.
 */
import { BusError } from '../api/errors.ts'
import type { Bus } from '../api/options.ts'
import { checkOptions } from '../api/rules.ts'
import { connectOver } from '../io/connect.ts'
import { identityOfSeed } from '../io/ed25519.ts'
import { SimulatedNetwork, type SimulatedTransport } from './network.ts'
import { isPart, SIMULATE, SIMULATED } from './option-rules.ts'
import type { SimulatedOptions, SimulateOptions, Simulation } from './options.ts'
import { Random } from './random.ts'
import { Schedule } from './schedule.ts'
import { SimulatedProcess } from './system.ts'

/** A network of its own, on which nothing has happened yet. Throws INVALID_OPTION. */
export function simulate(options: SimulateOptions = {}): Simulation {
  checkOptions('simulate', options, SIMULATE)
  return new LiveSimulation(options)
}

interface Running {
  readonly transport: SimulatedTransport
  readonly process: SimulatedProcess
}

class LiveSimulation implements Simulation {
  readonly seed: number
  readonly #schedule = new Schedule()
  readonly #random: Random
  readonly #network: SimulatedNetwork
  readonly #running = new Map<Bus, Running>()
  #connected = 0
  /** Buses are opened one after the other: their order must not depend on the machine. */
  #opening: Promise<unknown> = Promise.resolve()

  constructor({ seed = 1, loss = 0, duplicate = 0, delay = [0.2, 0.2] }: SimulateOptions) {
    this.seed = seed
    this.#random = new Random(seed, 'testing')
    const network = this.#random.fork('network')
    this.#network = new SimulatedNetwork(this.#schedule, network, { loss, duplicate, delay })
  }

  get time(): number {
    return this.#schedule.time
  }

  async connect(options: SimulatedOptions = {}): Promise<Bus> {
    checkOptions('connect', options, SIMULATED)
    this.#connected += 1
    const name = options.name ?? `bus-${this.#connected}`
    const opened = this.#opening.then(() => this.#open(name, options))
    this.#opening = opened.catch(() => undefined)
    return opened
  }

  async run(ms: number): Promise<void> {
    const end = this.time + ms
    await programs()
    while (this.#schedule.step(end)) await programs()
    this.#schedule.runUntil(Math.max(end, this.time))
    await programs()
  }

  async until<T>(promise: PromiseLike<T>, ms: number = UNTIL_MS): Promise<T> {
    let settled = false
    const note = (): void => void (settled = true)
    promise.then(note, note)
    const end = this.time + ms
    await programs()
    while (!settled && this.#schedule.step(end)) await programs()
    if (settled) return promise
    this.#schedule.runUntil(Math.max(end, this.time))
    const fault = `the promise has not settled within ${ms} ms of virtual time`
    throw new BusError('TIMEOUT', `${fault}, with seed ${this.seed}`)
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#schedule.after(ms, resolve))
  }

  partition(...groups: readonly (readonly string[])[]): void {
    this.#network.partition(groups)
  }

  heal(): void {
    this.#network.partition([])
  }

  lose(host: string, part: number): void {
    if (!isPart(part)) {
      throw new BusError('INVALID_OPTION', `the part to lose is ${String(part)}: 0 to 1`)
    }
    this.#network.lose(host, part)
  }

  slow(host: string, ms: number): void {
    if (!(ms >= 0 && ms <= SLOW_MAX_MS)) {
      const mend = `0 to ${SLOW_MAX_MS} ms`
      throw new BusError('INVALID_OPTION', `the time for a datagram is ${String(ms)}: ${mend}`)
    }
    this.#network.slow(host, ms)
  }

  crash(bus: Bus): void {
    const running = this.#running.get(bus)
    this.#running.delete(bus)
    running?.transport.cut()
    running?.process.end()
  }

  async close(): Promise<void> {
    const closing = [...this.#running.keys()].map((bus) => bus.close({ linger: 0 }))
    this.#running.clear()
    await this.until(Promise.all(closing))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #open(name: string, options: SimulatedOptions): Promise<Bus> {
    const { host = name, ...connect } = options
    const random = this.#random.fork('process')
    const process = new SimulatedProcess(this.#schedule, random)
    const transport = this.#network.transport(host)
    const identity = options.identity ?? identityOfSeed(random.bytes(32))
    const key = options.open ? {} : { key: options.key ?? REALM_KEY }
    const bus = await connectOver(transport, { ...connect, ...key, name, identity }, (own) =>
      process.system(own),
    )
    this.#running.set(bus, { transport, process })
    // Else an `await using` would wait for a time that does not pass.
    const dispose = (): Promise<unknown> => this.until(bus.close())
    return Object.defineProperty(bus, Symbol.asyncDispose, { value: dispose })
  }
}

/** Everything that programs can do now has been done: what follows from promises comes first. */
function programs(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const UNTIL_MS = 60_000
const SLOW_MAX_MS = 60_000
/** Nothing leaves the process: any key will do. */
const REALM_KEY = new Uint8Array(32).fill(6)
