/** Runs commands, in a shell or without one, with bounds: what they may print, and how long they may take. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { orAborted } from '../api/abort.ts'
import { defaultLimits } from '../core/limits.ts'
import { BusError } from '../index.ts'
import { payloadOf } from './payload.ts'

export interface ShellOptions {
  readonly input: unknown
  /** Beside the environment of this process. */
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Ends it before its time. */
  readonly signal?: AbortSignal
  /** Bytes that it may print. Default: what goes into an answer. */
  readonly sizeMax?: number
  /** What it prints is not taken, and goes to this standard stream (1 or 2) of this process. */
  readonly passTo?: 1 | 2
  /** The end of what it says on standard error goes into the error when it fails. */
  readonly quotesErrors?: boolean
}

/**
 * What it prints, without a newline at the end. A text is for the shell; a list is a program and
 * its arguments, which no shell reads. Throws a BusError when it fails, prints too much or
 * takes too long; then it is told to end, with all that it has started, and killed when it does
 * not. What it leaves behind when it ends by itself is not waited for. What it says on standard
 * error goes to that of this process.
 */
export async function outputOf(
  command: string | readonly string[],
  options: ShellOptions,
): Promise<Uint8Array> {
  const { input, timeoutMs, signal, sizeMax = SIZE_MAX } = options
  if (signal?.aborted) throw abandonedError()
  const child = start(command, options)
  const said = endOf(child.stderr)
  const control = new AbortController()
  const late = new BusError('TOO_SLOW', `the command takes over ${timeoutMs} ms`)
  const timer = setTimeout(() => control.abort(late), timeoutMs)
  child.once('exit', () => clearTimeout(timer))
  const abort = (): void => control.abort(abandonedError())
  signal?.addEventListener('abort', abort, { once: true })
  child.stdin?.on('error', () => undefined) // a command need not read
  child.stdin?.end(payloadOf(input))
  const chunks: Uint8Array[] = []
  let size = 0
  child.stdout?.on('data', (chunk: Uint8Array) => {
    size += chunk.length
    if (size <= sizeMax) return void chunks.push(chunk)
    control.abort(new BusError('TOO_LARGE', `the command prints over ${sizeMax} bytes`))
  })
  try {
    const [code, killer] = await orAborted(ended(child), control.signal)
    if (code !== 0) {
      const how = code === null ? `was ended by ${killer}` : `ended with exit code ${code}`
      throw new BusError('COMMAND_FAILED', `the command ${how}${said()}`)
    }
  } catch (error) {
    if (control.signal.aborted) await endGroup(child.pid)
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
  }
  const output = Buffer.concat(chunks)
  return output.at(-1) === NEWLINE ? output.subarray(0, -1) : output
}

function start(
  command: string | readonly string[],
  { env, passTo, quotesErrors }: ShellOptions,
): ChildProcess {
  const [program = '', ...words] = typeof command === 'string' ? [command] : command
  return spawn(program, words, {
    shell: typeof command === 'string',
    env: { ...process.env, ...env },
    stdio: ['pipe', passTo ?? 'pipe', quotesErrors === true ? 'pipe' : 'inherit'],
    // A group of its own, so that all of it can be killed.
    detached: true,
  })
}

/** The last that comes there, as the end of a sentence. */
function endOf(errors: Readable | null): () => string {
  let end = ''
  errors?.setEncoding('utf8').on('data', (chunk: string) => {
    end = (end + chunk).slice(-ERRORS_MAX)
  })
  return () => (end.trim() === '' ? '' : `: ${end.trim()}`)
}

/**
 * Resolves when it has ended and what it printed has come. Who still holds its output then, as a
 * daemon does that it has left behind, does not count.
 */
async function ended(child: ChildProcess): Promise<[code: number | null, killer: string | null]> {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  try {
    const exit = (await once(child, 'exit')) as [number | null, string | null]
    await Promise.race([closed, lull()])
    return exit
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException // what spawn fails with
    const mend = 'is it installed, and may it be run?'
    const fault = `the program ${child.spawnfile} cannot be started (${code}): ${mend}`
    throw new BusError('COMMAND_FAILED', fault, { cause })
  }
}

/** After the time one turn: what waits in the pipes is read in it, however busy this process was. */
async function lull(): Promise<void> {
  await sleep(REST_MS, undefined, { ref: false })
  await turn()
}

/** Tells all of them to end, and kills them when they do not. */
async function endGroup(pid: number | undefined): Promise<void> {
  if (pid === undefined) return
  if (ending.size === 0) process.on('exit', killAll)
  ending.add(pid)
  let isThere = signalGroup(pid, 'SIGTERM')
  for (let rest = GRACE_MS; isThere && rest > 0; rest -= LOOK_MS) {
    await sleep(LOOK_MS)
    isThere = signalGroup(pid, 0)
  }
  if (isThere) signalGroup(pid, 'SIGKILL')
  ending.delete(pid)
  if (ending.size === 0) process.off('exit', killAll)
}

/** Groups that have been told to end: when this process ends first, it does not leave them behind. */
const ending = new Set<number>()

function killAll(): void {
  for (const pid of ending) signalGroup(pid, 'SIGKILL')
}

/** False when nobody of it is there any more; the signal 0 only asks. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}

function abandonedError(): BusError {
  return new BusError('ABANDONED', 'nobody waits for the answer any more')
}

const SIZE_MAX = defaultLimits.answerSize
const NEWLINE = 10
/** Characters of standard error that an error quotes. */
const ERRORS_MAX = 500
/** For the last of what it prints to come, when it has ended and others hold its output. */
const REST_MS = 250
/** For what it wants to do before it ends. */
const GRACE_MS = 2000
const LOOK_MS = 20
