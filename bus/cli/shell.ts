/** Runs commands, in a shell or without one, with bounds: what they may print, and how long they may take. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { defaultLimits } from '../core/limits.ts'
import { BusError } from '../index.ts'
import { payloadOf } from './payload.ts'

export interface ShellOptions {
  readonly input: unknown
  /** Beside the environment of this process. */
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal: AbortSignal
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
 * takes too long; then it is killed, with all that it has started. What it says on standard error
 * goes to that of this process.
 */
export async function outputOf(
  command: string | readonly string[],
  options: ShellOptions,
): Promise<Uint8Array> {
  const { input, timeoutMs, signal, sizeMax = SIZE_MAX } = options
  const child = start(command, options)
  const said = endOf(child.stderr)
  let fault: BusError | undefined
  const kill = (why: BusError): void => {
    fault ??= why
    killGroup(child.pid)
  }
  const late = (): void => kill(new BusError('TOO_SLOW', `the command takes over ${timeoutMs} ms`))
  const timer = setTimeout(late, timeoutMs)
  const abort = (): void => kill(new BusError('ABANDONED', 'nobody waits for the answer any more'))
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  child.stdin?.on('error', () => undefined) // a command need not read
  child.stdin?.end(payloadOf(input))
  const chunks: Uint8Array[] = []
  let size = 0
  child.stdout?.on('data', (chunk: Uint8Array) => {
    size += chunk.length
    if (size <= sizeMax) return void chunks.push(chunk)
    kill(new BusError('TOO_LARGE', `the command prints over ${sizeMax} bytes`))
  })
  try {
    const [code, killer] = await ended(child)
    if (fault) throw fault
    if (code !== 0) {
      const how = code === null ? `was ended by ${killer}` : `ended with exit code ${code}`
      throw new BusError('COMMAND_FAILED', `the command ${how}${said()}`)
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
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

async function ended(child: ChildProcess): Promise<[code: number | null, killer: string | null]> {
  try {
    return (await once(child, 'close')) as [number | null, string | null]
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException // what spawn fails with
    const mend = 'is it installed, and may it be run?'
    const fault = `the program ${child.spawnfile} cannot be started (${code}): ${mend}`
    throw new BusError('COMMAND_FAILED', fault, { cause })
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

const SIZE_MAX = defaultLimits.answerSize
const NEWLINE = 10
/** Characters of standard error that an error quotes. */
const ERRORS_MAX = 500
