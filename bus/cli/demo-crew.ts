/** The processes of the demo: started by the first one, spoken to over their IPC channels. */
import { type ChildProcess, fork } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { DeliveryReport, Duty, FromMember, ToMember } from './demo-words.ts'
import { Failure } from './exit.ts'

/** One process of the demo, as the first process sees it. */
export class Member {
  readonly duty: Duty
  /** What it has counted so far. */
  report: DeliveryReport | undefined
  readonly #process: ChildProcess
  readonly #waiting = new Map<FromMember['type'], () => void>()
  readonly #said = new Set<FromMember['type']>()
  readonly #gone: Promise<void>
  #fail: (error: Failure) => void = () => undefined
  /** Rejects when the process ends before it was asked to. */
  readonly failed: Promise<never>

  /** `log` is given each line that the process logs. */
  constructor(duty: Duty, logLevel: string, log: (line: string) => void) {
    this.duty = duty
    this.failed = new Promise((_, reject) => (this.#fail = reject))
    this.failed.catch(() => undefined) // a demo that is over does not listen any more
    // Only the built command starts processes: Node 20 reads no TypeScript.
    const main = fileURLToPath(new URL('./main.js', import.meta.url))
    this.#process = fork(main, ['demo-peer', '--log-level', logLevel], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Plain JSON would not carry the key's bytes.
      serialization: 'advanced',
    })
    const logged = loggedBy(this.#process, log)
    this.#gone = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        // Its last words may still be in the pipe.
        void logged.then(() => {
          this.#exited(`ended with ${code ?? signal}`)
          resolve()
        })
      })
      this.#process.once('error', (error) => this.#exited(error.message))
    })
    this.#process.on('message', (words) => this.#hear(words as FromMember)) // our own program
  }

  tell(words: ToMember): void {
    // A process that has just died is reported by its exit.
    if (this.#process.connected) this.#process.send(words, () => undefined)
  }

  /** Resolves when the process has said so, or at once when it has before. */
  async heard(type: FromMember['type']): Promise<void> {
    if (this.#said.has(type)) return
    await Promise.race([
      new Promise<void>((resolve) => this.#waiting.set(type, resolve)),
      this.failed,
    ])
  }

  /** Ends the process whatever it does; resolves when it is gone. */
  async end(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect()
    const killer = setTimeout(() => this.#process.kill('SIGKILL'), PATIENCE_MS)
    // Without a pid it was never started.
    if (this.#process.pid !== undefined) await this.#gone
    clearTimeout(killer)
  }

  #hear(words: FromMember): void {
    if (words.type === 'failed') return this.#fail(new Failure(words.code, words.message))
    if (words.type === 'report' || words.type === 'done') this.report = words.report
    this.#said.add(words.type)
    this.#waiting.get(words.type)?.()
  }

  #exited(how: string): void {
    if (this.#said.has('done')) return
    this.#fail(new Failure('DEMO', `the demo's process "${this.duty.name}" ${how}`))
  }
}

/** Resolves when the process logs no more. */
function loggedBy({ stderr }: ChildProcess, log: (line: string) => void): Promise<void> {
  if (!stderr) return Promise.resolve()
  const lines = createInterface(stderr)
  lines.on('line', log)
  return new Promise((resolve) => lines.once('close', resolve))
}

/** Passes on what is logged, but only once what all the processes say alike. */
export function onceEach(log: (line: string) => void): (line: string) => void {
  const said = new Set<string>()
  return (line) => {
    if (said.has(line)) return
    if (said.size < SAID_MAX) said.add(line)
    log(line)
  }
}

const PATIENCE_MS = 2000
const SAID_MAX = 1000
