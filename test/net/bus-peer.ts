/** Talks to a bus-program in a host of the lab: commands in, what the bus told it out. */
import type { CounterName } from '../../bus/index.ts'
import type { Command, ProgramOptions } from './bus-program.ts'
import { compiled } from '../setup/compiled.ts'
import type { Host } from './lab/host.ts'
import type { Exit, HostProcess } from './lab/process.ts'

/** A line that the program has printed. */
export interface Told {
  readonly type: string
  /** When it was printed, ms since 1970; all hosts share one clock. */
  readonly at: number
  readonly topic?: string
  readonly pattern?: string
  readonly params?: Readonly<Record<string, string>>
  readonly value?: unknown
  readonly from?: string | number
  readonly to?: number
  readonly publisher?: string
  readonly sequence?: number
  readonly sentAt?: number
  readonly count?: number
  readonly cause?: string
  readonly reason?: string
  readonly change?: { readonly type: string; readonly peer: { readonly id: string } }
  readonly id?: string
  readonly command?: number
  readonly failed?: string
  readonly message?: string
  readonly stats?: Readonly<Record<CounterName, number>>
  readonly unconfirmed?: readonly { readonly name: string }[]
}

/** A peer of the bus in a host. Everything it printed is kept, and can be waited for. */
export class BusPeer implements AsyncDisposable {
  readonly process: HostProcess
  readonly told: Told[] = []
  id = ''
  #commands = 0
  #ended = false
  readonly #waiting = new Set<() => void>()

  /** Use `startBus`. */
  constructor(started: HostProcess) {
    this.process = started
    // It matches nothing, and so sees each line once, in order, to the end.
    const tap = (line: string): boolean => {
      this.#take(line)
      return false
    }
    started.line(tap, FOREVER_MS).catch(() => {
      this.#ended = true
      this.#wake()
    })
  }

  /** Resolves with the answer; rejects when the program refuses. */
  async say(command: Command): Promise<Told> {
    this.#commands += 1
    const number = this.#commands
    this.process.write(`${JSON.stringify(command)}\n`)
    const answer = await this.until(`an answer to ${JSON.stringify(command).slice(0, 200)}`, () =>
      this.told.findLast((line) => line.type === 'done' && line.command === number),
    )
    if (answer.failed !== undefined) throw new Error(`${answer.failed}: ${answer.message}`)
    return answer
  }

  async stats(): Promise<Readonly<Record<CounterName, number>>> {
    const { stats } = await this.say({ stats: true })
    if (stats === undefined) throw new Error('no counters came')
    return stats
  }

  /** Resolves with what `look` finds, as soon as it finds something; looks at each new line. */
  until<T>(what: string, look: () => T | undefined | false, timeoutMs = WAIT_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(false), timeoutMs)
      const settle = (found: T | undefined | false): void => {
        this.#waiting.delete(check)
        clearTimeout(timer)
        if (found !== undefined && found !== false) return resolve(found)
        const last = this.told.slice(-8).map((line) => JSON.stringify(line).slice(0, 200))
        reject(new Error(`${what} did not come: ${last.join('\n')} ${this.process.stderr}`))
      }
      const check = (): void => {
        const found = look()
        if ((found !== undefined && found !== false) || this.#ended) settle(found)
      }
      this.#waiting.add(check)
      check()
    })
  }

  /** The first of these that is told, from now on or already. */
  tells(
    type: string,
    fits: (line: Told) => boolean = () => true,
    timeoutMs?: number,
  ): Promise<Told> {
    const look = (): Told | undefined => this.told.find((line) => line.type === type && fits(line))
    return this.until(`a line of type ${type}`, look, timeoutMs)
  }

  messages(topic?: string): Told[] {
    return this.#of('message', topic)
  }

  gaps(topic?: string): Told[] {
    return this.#of('gap', topic)
  }

  /** Waits for that many messages. */
  async hears(count: number, topic?: string, timeoutMs?: number): Promise<Told[]> {
    const what = `message ${count} on ${topic ?? 'any topic'}`
    return this.until(
      what,
      () => {
        const messages = this.messages(topic)
        return messages.length >= count && messages
      },
      timeoutMs,
    )
  }

  /** Waits until this peer knows the others. */
  async meets(...others: readonly BusPeer[]): Promise<void> {
    for (const { id } of others) await this.tells('peer', changeOf('join', id))
  }

  /** Ends the input: the program closes the bus by itself. */
  async end(): Promise<Exit> {
    this.process.end()
    return this.process.exit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.signal('SIGCONT')
    await this.process.stop()
  }

  #of(type: string, topic: string | undefined): Told[] {
    return this.told.filter(
      (line) => line.type === type && (topic === undefined || line.topic === topic),
    )
  }

  #take(line: string): void {
    const told = JSON.parse(line) as Told // As the program prints it.
    if (told.type === 'ready') this.id = told.id ?? ''
    this.told.push(told)
    this.#wake()
  }

  #wake(): void {
    for (const check of this.#waiting) check()
  }
}

/** Fits the event of a peer that has come or gone. */
export function changeOf(type: 'join' | 'leave', id: string): (line: Told) => boolean {
  return ({ change }) => change?.type === type && change.peer.id === id
}

/** Connected when it resolves. */
export async function startBus(host: Host, options: ProgramOptions = {}): Promise<BusPeer> {
  program ??= compiled('test/net/bus-program.ts')
  const given = { realm: 'lab', key: labKey, scope: 'link', ...options }
  const argument = JSON.stringify(options.open === true ? { ...given, key: undefined } : given)
  const kept = { charactersMax: LINE_MAX }
  const peer = new BusPeer(host.spawn('node', [await program, argument], kept))
  await peer.tells('ready')
  return peer
}

/** Peers that end together with the test that started them. */
export class Peers implements AsyncDisposable {
  readonly #peers: BusPeer[] = []

  async start(host: Host, options?: ProgramOptions): Promise<BusPeer> {
    const peer = await startBus(host, options)
    this.#peers.push(peer)
    return peer
  }

  /** One in each host, all subscribed to the same. */
  async listen(hosts: readonly Host[], pattern: string): Promise<BusPeer[]> {
    const peers = await Promise.all(hosts.map((host) => this.start(host)))
    await Promise.all(peers.map((peer) => peer.say({ subscribe: pattern })))
    return peers
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer[Symbol.asyncDispose]()))
  }
}

/** A key that is not the lab's, as hexadecimal digits. */
export const otherKey: string = 'c5'.repeat(32)

/** What all peers of a lab have unless they are given another. */
export const labKey: string = '5c'.repeat(32)

/** Compiled once for all tests of a file. */
let program: Promise<string> | undefined
/** The longest that a timer can wait. */
const FOREVER_MS = 2 ** 31 - 1
const WAIT_MS = 15_000
/** The largest message, and what stands around it. */
const LINE_MAX = 2 ** 21
