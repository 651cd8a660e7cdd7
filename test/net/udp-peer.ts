/** Talks to a udp-probe in a host of the lab: commands in, what it heard and reported out. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Endpoint } from '../../bus/core/output.ts'
import type { UdpOptions } from '../../bus/io/udp.ts'
import { compiled } from '../setup/compiled.ts'
import type { Host } from './lab/host.ts'
import type { Exit, HostProcess } from './lab/process.ts'

export interface PeerOptions extends Partial<UdpOptions> {
  /** Set by the shell before the program starts. */
  readonly openFilesMax?: number
}

/**
 * A transport in another host. What it heard and what it reported are read apart, each line once:
 * waiting twice for the same words waits for two lines.
 */
export class UdpPeer implements AsyncDisposable {
  readonly #process: HostProcess
  readonly #readByKind = new Map<string, number>()

  /** Use `startPeer` or `failToStart`. */
  constructor(started: HostProcess) {
    this.#process = started
  }

  async join(...groups: readonly string[]): Promise<void> {
    await this.#command({ join: groups })
  }

  async rejoin(group: string): Promise<void> {
    await this.#command({ rejoin: group })
  }

  async send(to: string | Endpoint, text: string, fill: number = 0): Promise<void> {
    await this.#command({ send: text, to, fill })
  }

  /** Waits for a datagram and resolves with the address it came from. */
  async hears(text: string, timeoutMs?: number): Promise<string> {
    const line = await this.next('heard', JSON.stringify(text), timeoutMs)
    return (JSON.parse(line) as { from: string }).from // As the probe prints it.
  }

  /** Waits for an event whose JSON has these words. */
  async reports(words: string): Promise<string> {
    return this.next('event', words)
  }

  /** Everything printed so far that has these words. */
  lines(words: string): string[] {
    return this.#process.stdout.split('\n').filter((line) => line.includes(words))
  }

  /** The next line of a kind that has these words; those of the kind before it count as read. */
  async next(kind: string, words: string, timeoutMs: number = 10_000): Promise<string> {
    const giveUpAt = performance.now() + timeoutMs
    while (performance.now() < giveUpAt) {
      const read = this.#readByKind.get(kind) ?? 0
      const lines = this.lines(`{"${kind}":`)
      const at = lines.findIndex((line, number) => number >= read && line.includes(words))
      const line = lines[at]
      if (line !== undefined) {
        this.#readByKind.set(kind, at + 1)
        return line
      }
      if (this.#process.exited) break
      await sleep(5)
    }
    const { stdout, stderr } = this.#process
    throw new Error(`no ${kind} with ${words}; it printed ${stdout.slice(-2_000)} ${stderr}`)
  }

  /** Ends the input and waits for the end of the process, which nobody kills. */
  async end(): Promise<Exit> {
    this.#process.end()
    return this.#process.exit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop()
  }

  async #command(command: object): Promise<void> {
    this.#process.write(`${JSON.stringify(command)}\n`)
    await this.next('done', '')
  }
}

export async function startPeer(host: Host, options: PeerOptions = {}): Promise<UdpPeer> {
  const peer = await launch(host, options)
  await peer.next('ready', '')
  return peer
}

/** Resolves with the error that opening ended in. */
export async function failToStart(host: Host, options: PeerOptions = {}): Promise<Failure> {
  await using peer = await launch(host, options)
  const line = await peer.next('failed', '')
  return JSON.parse(line) as Failure // As the probe prints it.
}

export interface Failure {
  readonly failed: string
  readonly message: string
}

export const port = 42_421

async function launch(host: Host, options: PeerOptions): Promise<UdpPeer> {
  const { openFilesMax, ...given } = options
  program ??= compiled('test/net/udp-probe.ts')
  const argument = JSON.stringify({ scope: 'link', port, ...given })
  const limit = openFilesMax === undefined ? '' : `ulimit -n ${openFilesMax}; `
  const shell = ['-c', `${limit}exec node "$0" "$1"`, await program, argument]
  return new UdpPeer(host.spawn('sh', shell))
}

/** Compiled once for all tests of a file. */
let program: Promise<string> | undefined
