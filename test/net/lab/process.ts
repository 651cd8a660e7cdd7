/** A process inside a host: its output by lines, its end, and its signals. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { LineLog, type LinePredicate } from './lines.ts'
import { toolEnvironment } from './tools.ts'

export interface SpawnOptions {
  readonly cwd?: string
  /** Added to the environment of the test itself. */
  readonly env?: Readonly<Record<string, string>>
  /** How much of each output stream is kept; the oldest lines go first. */
  readonly charactersMax?: number
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A command line and the name it has in error messages. */
export interface Command {
  readonly label: string
  readonly argv: readonly [command: string, ...args: string[]]
}

/**
 * The process leads a group of its own, so that a signal reaches its children as well and nothing
 * but its children.
 */
export class HostProcess implements AsyncDisposable {
  readonly pid: number
  /** Resolves when the process is gone and its output is read; never rejects. */
  readonly exit: Promise<Exit>
  readonly #label: string
  readonly #child: ChildProcessWithoutNullStreams
  readonly #stdout: LineLog
  readonly #stderr: LineLog
  #exited = false

  constructor(command: Command, options: SpawnOptions = {}) {
    const { cwd, env, charactersMax = 1 << 20 } = options
    this.#label = command.label
    const [program, ...args] = command.argv
    this.#child = spawn(program, args, {
      ...(cwd !== undefined && { cwd }),
      env: { ...toolEnvironment, ...env },
      detached: true,
    })
    this.#stdout = new LineLog(charactersMax)
    this.#stderr = new LineLog(charactersMax)
    this.#child.stdin.on('error', () => {}) // Writing to a process that ended is not a failure.
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#stdout.write(text))
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => this.#stderr.write(text))
    this.exit = this.#watch()
    if (this.#child.pid === undefined) throw new Error(`${this.#label} could not be started`)
    this.pid = this.#child.pid
  }

  get exited(): boolean {
    return this.#exited
  }

  get stdout(): string {
    return this.#stdout.text
  }

  get stderr(): string {
    return this.#stderr.text
  }

  /** The next unread line of standard output that matches; it counts as read from then on. */
  line(predicate: LinePredicate, timeoutMs: number = 10_000): Promise<string> {
    return this.#next(this.#stdout, predicate, timeoutMs)
  }

  /** As `line`, on standard error. */
  errorLine(predicate: LinePredicate, timeoutMs: number = 10_000): Promise<string> {
    return this.#next(this.#stderr, predicate, timeoutMs)
  }

  write(text: string | Uint8Array): void {
    this.#child.stdin.write(text)
  }

  end(text?: string | Uint8Array): void {
    if (text !== undefined) this.write(text)
    this.#child.stdin.end()
  }

  /** Sends a signal to the process and its children; false when it is gone already. */
  signal(name: NodeJS.Signals): boolean {
    // After its exit the number may belong to a stranger.
    if (this.#exited) return false
    try {
      return process.kill(-this.pid, name)
    } catch {
      return false
    }
  }

  /** Asks the process to end, and after a grace insists. */
  async stop(graceMs: number = 2_000): Promise<Exit> {
    this.signal('SIGTERM')
    const insist = setTimeout(() => this.signal('SIGKILL'), graceMs)
    const exit = await this.exit
    clearTimeout(insist)
    return exit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #next(log: LineLog, predicate: LinePredicate, timeoutMs: number): Promise<string> {
    const wanted = `${this.#label}: no line matches ${String(predicate)}`
    const { line, cancel } = log.next(predicate)
    const timer = setTimeout(() => {
      cancel(new Error(`${wanted} within ${timeoutMs} ms; ${this.#lastWords()}`))
    }, timeoutMs)
    if (this.#exited) cancel(new Error(`${wanted} before its end; ${this.#lastWords()}`))
    try {
      return await line
    } finally {
      clearTimeout(timer)
    }
  }

  #watch(): Promise<Exit> {
    const child = this.#child
    return new Promise((resolve) => {
      const finish = (exit: Exit): void => {
        this.#exited = true
        for (const log of [this.#stdout, this.#stderr]) {
          log.end(() => new Error(`${this.#label} ended; ${this.#lastWords()}`))
        }
        // A grandchild that outlives the process must not keep the test alive by its pipes.
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
        resolve(exit)
      }
      child.on('error', () => finish({ code: null, signal: null }))
      child.on('close', (code, signal) => finish({ code, signal }))
      child.on('exit', (code, signal) => {
        this.#exited = true
        setTimeout(finish, drainMs, { code, signal }).unref()
      })
    })
  }

  #lastWords(): string {
    const tail = `${this.stdout.slice(-500)}\n${this.stderr.slice(-500)}`.trim()
    return tail === '' ? 'it said nothing' : `its last words:\n${tail}`
  }
}

/** How long the output of a process that ended may still be on its way. */
const drainMs = 1_000
