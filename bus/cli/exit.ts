/** Exit codes, and what of them an error stands for. */
import { BusError } from '../index.ts'

export const Exit = { ok: 0, error: 1, timeout: 2, usage: 64 } as const

/** The command line, an environment variable or the configuration file says something wrong. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'UsageError'
  }
}

/** A failure of the command itself; the message is all that the user needs. */
export class Failure extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'Failure'
    this.code = code
  }
}

export function exitCodeOf(error: unknown): number {
  if (isUsage(error)) return Exit.usage
  return LATE_CODES.has(codeOf(error)) ? Exit.timeout : Exit.error
}

/** The word by which programs tell errors apart. */
export function codeOf(error: unknown): string {
  if (error instanceof BusError || error instanceof Failure) return error.code
  return isUsage(error) ? 'USAGE' : 'FAILED'
}

/** The bus checks topics, patterns and options; here they come from the command line. */
export function isUsage(error: unknown): boolean {
  if (error instanceof BusError) return USAGE_CODES.has(error.code)
  // The parser's own errors: its class is not exported.
  return error instanceof UsageError || (error instanceof Error && error.name === 'YError')
}

/** Nobody has answered in time, or whoever was asked left before: it may have been done. */
const LATE_CODES: ReadonlySet<string> = new Set(['TIMEOUT', 'ABANDONED'])
const USAGE_CODES: ReadonlySet<string> = new Set([
  'INVALID_TOPIC',
  'INVALID_PATTERN',
  'INVALID_OPTION',
])
