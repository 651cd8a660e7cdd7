/** Runs the built command in processes of its own, each file in a realm and on a port of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const MAIN: string = resolve('dist/bus/cli/main.js')

/** How a process has ended, and what it said. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Given {
  readonly env?: Readonly<Record<string, string>>
  /** Written to standard input, which then ends. Without it standard input stays open. */
  readonly input?: string | Uint8Array
  /** What standard input is instead: the path of a file, as behind `<` in a shell. */
  readonly from?: string
}

/** The home of one test file: no key, setting or port of the machine's user comes in. */
export class Home implements Disposable {
  readonly config: string = mkdtempSync(join(tmpdir(), 'sixcast-cli-'))
  readonly port: string = String(20_000 + Math.floor(Math.random() * 10_000))
  readonly #runs: Run[] = []

  /** Starts the command. */
  start(words: readonly string[], given: Given = {}): Run {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('SIXCAST_'))
    const own = { XDG_CONFIG_HOME: this.config, SIXCAST_PORT: this.port }
    const env = { ...Object.fromEntries(inherited), ...own, ...given.env }
    const from = given.from === undefined ? undefined : openSync(given.from, 'r')
    const child = spawn(process.execPath, [MAIN, ...words], {
      env,
      stdio: [from ?? 'pipe', 'pipe', 'pipe'],
    })
    const run = new Run(child, given.input)
    if (from !== undefined) closeSync(from)
    this.#runs.push(run)
    return run
  }

  /** Runs the command to its end. */
  run(words: readonly string[], given: Given = {}): Promise<Ended> {
    return this.start(words, { input: '', ...given }).ended
  }

  /** Starts `sub` and waits until it has subscribed. */
  async subscriber(words: readonly string[], given: Given = {}): Promise<Run> {
    const env = { SIXCAST_LOG_LEVEL: 'info', ...given.env }
    const run = this.start(['sub', ...words], { ...given, env })
    await run.says(/subscribed/, 'err')
    return run
  }

  [Symbol.dispose](): void {
    for (const run of this.#runs) run.kill('SIGKILL')
    rmSync(this.config, { recursive: true })
  }
}

export class Run {
  readonly ended: Promise<Ended>
  readonly #process: ChildProcess
  readonly #chunks: { readonly out: Buffer[]; readonly err: Buffer[] } = { out: [], err: [] }
  readonly #watchers = new Set<() => void>()

  constructor(child: ChildProcess, input: string | Uint8Array | undefined) {
    this.#process = child
    for (const name of ['out', 'err'] as const) {
      child[`std${name}`]?.on('data', (chunk: Buffer) => {
        this.#chunks[name].push(chunk)
        for (const watch of this.#watchers) watch()
      })
    }
    child.stdin?.on('error', () => undefined) // who ends early reads no more
    if (input !== undefined) child.stdin?.end(input)
    this.ended = new Promise((done) => {
      child.once('close', (code) => {
        for (const watch of this.#watchers) watch()
        done({ code, out: this.text('out'), err: this.text('err') })
      })
    })
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks.out)
  }

  text(name: 'out' | 'err'): string {
    return Buffer.concat(this.#chunks[name]).toString()
  }

  write(text: string): void {
    this.#process.stdin?.write(text)
  }

  endInput(): void {
    this.#process.stdin?.end()
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#process.exitCode === null) this.#process.kill(signal)
  }

  /** Stops reading what the process prints and closes the pipe, as `head` does. */
  hangUp(): void {
    this.#process.stdout?.destroy()
  }

  /** Resolves when the output matches; rejects when the process ends without that. */
  says(pattern: RegExp, name: 'out' | 'err' = 'out'): Promise<void> {
    return new Promise((done, fail) => {
      const watch = (): void => {
        const matched = pattern.test(this.text(name))
        if (!matched && this.#process.exitCode === null) return
        this.#watchers.delete(watch)
        if (matched) done()
        else fail(new Error(`ended without ${String(pattern)}: ${this.text('err')}`))
      }
      this.#watchers.add(watch)
      watch()
    })
  }
}

/** The JSON objects of NDJSON text. */
export function objectsOf(text: string): Record<string, unknown>[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}
