/**
 * Runs a long range of seeds in several processes, each of which takes the next seeds when it is
 * done with its own; tells how far it is, and every failure in one line.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report } from './worker.ts'

export interface SweepOptions {
  /** Processes at work. */
  readonly jobs: number
  readonly failure: (line: string) => void
  readonly progress: (line: string) => void
  /** The program of each process. Default: worker.js. */
  readonly program?: string
  /** How much processor time one seed may take, ms. Default: 120,000. */
  readonly patienceMs?: number
}

/** How many seeds failed. */
export async function sweepInProcesses(
  range: { readonly first: number; readonly last: number },
  options: SweepOptions,
): Promise<number> {
  const sweep = new Sweep(range, options)
  await Promise.all(Array.from({ length: options.jobs }, () => sweep.work()))
  sweep.end()
  return sweep.failed
}

class Sweep {
  failed = 0
  readonly #last: number
  readonly #options: SweepOptions
  readonly #total: number
  readonly #startedAt = performance.now()
  #next: number
  #done = 0
  #toldAt = performance.now()

  constructor({ first, last }: { first: number; last: number }, options: SweepOptions) {
    this.#next = first
    this.#last = last
    this.#total = Math.max(0, last - first + 1)
    this.#options = options
  }

  /** Keeps one process at work until no seed is left; one that dies or hangs is replaced. */
  async work(): Promise<void> {
    while (this.#next <= this.#last) await this.#inOneProcess()
  }

  end(): void {
    this.#tell()
  }

  #inOneProcess(): Promise<void> {
    const { program = join(import.meta.dirname, 'worker.js') } = this.#options
    const { patienceMs = PATIENCE_MS } = this.#options
    const worker = fork(program, { execArgv: [...WORKER_FLAGS] })
    let seed: number | undefined = this.#hand(worker)
    return new Promise((resolve) => {
      let spentMs = processorMs(worker)
      const watch = setInterval(
        () => {
          if (processorMs(worker) - spentMs > patienceMs) worker.kill('SIGKILL')
        },
        Math.min(WATCH_MS, patienceMs),
      )
      worker.on('message', (report: Report) => {
        spentMs = processorMs(worker)
        this.#count(report.failure)
        if (this.#next <= this.#last) seed = this.#hand(worker)
        else {
          seed = undefined
          worker.disconnect()
        }
      })
      worker.on('exit', (code, signal) => {
        clearInterval(watch)
        const end = signal === 'SIGKILL' ? 'does not end' : `ends the process: ${signal ?? code}`
        if (seed !== undefined) this.#count(`npm run sim -- ${seed}  ${end}`)
        resolve()
      })
    })
  }

  #hand(worker: ChildProcess): number {
    const seed = this.#next++
    worker.send(seed)
    return seed
  }

  #count(failure: string): void {
    this.#done += 1
    if (failure !== '') {
      this.failed += 1
      this.#options.failure(failure)
    }
    if (performance.now() - this.#toldAt > TELL_MS) this.#tell()
  }

  #tell(): void {
    this.#toldAt = performance.now()
    const seconds = (this.#toldAt - this.#startedAt) / 1000
    const pace = this.#done / seconds
    const left = pace > 0 ? (this.#total - this.#done) / pace : 0
    const share = this.#total > 0 ? Math.floor((100 * this.#done) / this.#total) : 100
    this.#options.progress(
      `${this.#done} of ${this.#total} seeds (${share} %), ${this.failed} failed, ` +
        `${pace.toFixed(1)} a second, ${clock(seconds)} gone, ${clock(left)} left`,
    )
  }
}

function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  return `${minutes}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
}

/**
 * Processor time that a process has had, ms: a machine that is busy otherwise is no reason to give
 * a seed up. Where the system does not tell (only Linux does), the time that has passed.
 */
function processorMs({ pid }: ChildProcess): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // proc(5): utime and stime are fields 14 and 15; the name before them may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS
  } catch {
    return performance.now()
  }
}

/** Worlds leave much behind: with room for it, collecting takes a third less time. */
const WORKER_FLAGS = ['--enable-source-maps', '--max-semi-space-size=64']
const TELL_MS = 10_000
/** The longest seeds take a second. */
const PATIENCE_MS = 120_000
const WATCH_MS = 5000
/** USER_HZ is 100 on every architecture that Node runs on. */
const TICK_MS = 10
