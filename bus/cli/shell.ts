/** Runs a command in a shell, with bounds: what it may print, and how long it may take. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { defaultLimits } from '../core/limits.ts'
import { BusError } from '../index.ts'
import { payloadOf } from './payload.ts'

export interface ShellOptions {
  readonly input: unknown
  /** Beside the environment of this process. */
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * What it prints, without a newline at the end. Throws a BusError when it fails, prints too much or
 * takes too long; then it is killed, with all that it has started. What it says on standard error
 * goes to that of this process.
 */
export async function outputOf(
  command: string,
  { input, env, timeoutMs, signal }: ShellOptions,
): Promise<Uint8Array> {
  const child = spawn(command, {
    shell: true,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
    // A group of its own, so that all of it can be killed.
    detached: true,
  })
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
  child.stdin.on('error', () => undefined) // a command need not read
  child.stdin.end(payloadOf(input))
  const chunks: Uint8Array[] = []
  let size = 0
  child.stdout.on('data', (chunk: Uint8Array) => {
    size += chunk.length
    if (size <= SIZE_MAX) return void chunks.push(chunk)
    kill(new BusError('TOO_LARGE', `the command prints over ${SIZE_MAX} bytes`))
  })
  try {
    const [code, killer] = (await once(child, 'close')) as [number | null, string | null]
    if (fault) throw fault
    if (code !== 0) {
      const how = code === null ? `was ended by ${killer}` : `ended with exit code ${code}`
      throw new BusError('COMMAND_FAILED', `the command ${how}`)
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
  const output = Buffer.concat(chunks)
  return output.at(-1) === NEWLINE ? output.subarray(0, -1) : output
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
