/** `sixcast receive`: takes the files that others send into a folder. */
import type { Argv } from 'yargs'
import { parsePattern } from '../core/topic/pattern.ts'
import type { Bus, FileRefusal, ReceivedFile, ReceiveProgress, Receiving } from '../index.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, Failure, UsageError } from './exit.ts'
import { note } from './log.ts'
import { Progress } from './progress.ts'
import { shown } from './shown.ts'
import { seconds, text, whole } from './values.ts'

export const receive: Command = {
  usage: 'receive [pattern]',
  describe: 'Take the files that others send into a folder',
  build,
  run,
}

interface Job {
  readonly pattern: string
  readonly directory: string
  readonly count: number | undefined
  readonly timeoutMs: number | undefined
  readonly overwrite: boolean
  readonly sizeMax: number | undefined
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('pattern', { type: 'string', describe: 'Topics of files [default: files/**]' })
    .option('directory', { type: 'string', requiresArg: true, describe: 'Where to [default: .]' })
    .option('count', { type: 'string', requiresArg: true, describe: 'End after N files' })
    .option('timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'End after SECONDS in which nothing came',
    })
    .option('overwrite', { type: 'boolean', describe: 'Replace files of the same name' })
    .option('size-max', {
      type: 'string',
      requiresArg: true,
      describe: 'Refuse files of more BYTES [default: 17179869184]',
    })
    .option('json', { type: 'boolean', describe: 'Progress and files as objects, one a line' })
  return withExamples(options, [
    ['sixcast receive', 'whatever is sent, into this folder'],
    ['sixcast receive --count 1 --timeout 60', 'one file; give up after a minute'],
    ['sixcast receive images/lab --directory /srv/images', 'one topic, another folder'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const job = jobOf(given)
  const bus = await world.connect()
  try {
    const code = await new Taking(bus, job, world).run()
    await bus.close(world.interrupt.code === undefined ? {} : { linger: HURRY_MS })
    return code
  } catch (error) {
    await bus.close({ linger: HURRY_MS })
    throw error
  }
}

function jobOf(given: Arguments): Job {
  const { count, timeout, overwrite = false } = given
  const pattern = text(given['pattern'] ?? 'files/**', 'PATTERN')
  const parsed = parsePattern(pattern)
  if (!parsed.ok) throw new UsageError(parsed.fault)
  const wholes = { min: 1, max: Number.MAX_SAFE_INTEGER }
  const bounds = { min: 0.001, max: TIMEOUT_S_MAX }
  const sizeMax = given['size-max']
  return {
    pattern,
    directory: text(given['directory'] ?? '.', 'option --directory'),
    count: count === undefined ? undefined : whole(count, 'option --count', wholes),
    timeoutMs: timeout === undefined ? undefined : seconds(timeout, 'option --timeout', bounds),
    overwrite: overwrite === true,
    sizeMax: sizeMax === undefined ? undefined : whole(sizeMax, 'option --size-max', wholes),
  }
}

class Taking {
  readonly #bus: Bus
  readonly #job: Job
  readonly #world: World
  readonly #bar: Progress
  readonly #idle = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #files = 0
  /** Refused, and not come since then. */
  readonly #missing = new Set<string>()

  constructor(bus: Bus, job: Job, world: World) {
    this.#bus = bus
    this.#job = job
    this.#world = world
    this.#bar = new Progress(world.json)
  }

  async run(): Promise<number> {
    const { interrupt, output, log } = this.#world
    const { pattern, directory, overwrite, sizeMax } = this.#job
    const broken = new AbortController()
    void output.broken.then(() => broken.abort())
    const signal = AbortSignal.any([interrupt.signal, this.#idle.signal, broken.signal])
    this.#wait()
    try {
      await using receiving = this.#bus.receiveFiles(pattern, directory, {
        signal,
        overwrite,
        ...(sizeMax !== undefined && { sizeMax }),
        progress: (progress) => this.#progress(progress),
        refused: (refusal) => this.#refused(refusal),
      })
      log.info({ pattern }, 'subscribed')
      await this.#take(receiving)
      return Exit.ok
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error
      if (broken.signal.aborted) return Exit.ok
      return this.#cutShort()
    } finally {
      clearTimeout(this.#timer)
      this.#bar.clear()
    }
  }

  async #take(receiving: Receiving): Promise<void> {
    for await (const file of receiving) {
      this.#wait()
      this.#files += 1
      this.#missing.delete(file.name)
      this.#bar.clear()
      await this.#file(file)
      if (this.#files === this.#job.count) return
    }
  }

  /** By a signal, or since nothing came. */
  #cutShort(): number {
    const { count } = this.#job
    const { interrupt } = this.#world
    const wanted = count === undefined ? 1 : count
    if (interrupt.code !== undefined) {
      if (count !== undefined) return interrupt.code
      return this.#missing.size > 0 ? Exit.error : Exit.ok
    }
    if (this.#missing.size > 0) return Exit.error
    if (this.#files >= wanted) return Exit.ok
    throw this.#tooFew(wanted)
  }

  #tooFew(wanted: number): Failure {
    const { pattern, count, timeoutMs = 0 } = this.#job
    const came = count === undefined ? 'no file' : `${this.#files} of ${wanted} files`
    const message = `${came} came on ${pattern}, and nothing in the last ${timeoutMs / 1000} s`
    return new Failure('TIMEOUT', message)
  }

  #file(file: ReceivedFile): Promise<void> | undefined {
    const { output, json } = this.#world
    if (json) return output.object({ type: 'file', ...file })
    return output.write(`${process.stdout.isTTY ? shown(file.path) : file.path}\n`)
  }

  #refused({ name, topic, from, error }: FileRefusal): void {
    if (this.#missing.size < MISSING_MAX) this.#missing.add(name)
    this.#bar.clear()
    const { code, message } = error
    if (!this.#world.json) return note(message)
    void this.#world.output.object({ type: 'refused', name, topic, from, code, message })
  }

  #progress(progress: ReceiveProgress): void {
    this.#wait()
    const { name, has, size } = progress
    if (this.#world.json) void this.#world.output.object({ type: 'progress', ...progress })
    else this.#bar.draw(name, { done: has, size }, '')
  }

  /** The time without anything begins anew. */
  #wait(): void {
    const { timeoutMs } = this.#job
    clearTimeout(this.#timer)
    if (timeoutMs === undefined) return
    this.#timer = setTimeout(() => this.#idle.abort(new Error('nothing came')), timeoutMs)
  }
}

const TIMEOUT_S_MAX = 2_000_000
const MISSING_MAX = 4096
const HURRY_MS = 500
