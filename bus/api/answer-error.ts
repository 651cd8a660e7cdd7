/** Errors on their way from a responder to its asker: a code and a message, and nothing else. */
import { textOf, utf8 } from '../core/text.ts'
import { ERROR_SIZE_MAX } from '../core/wire/answer.ts'
import { BusError, type BusErrorCode } from './errors.ts'
import type { PeerId } from './terms.ts'

/** An error as an answer holds it. */
export interface AnswerFault {
  readonly code: Uint8Array
  readonly message: Uint8Array
}

/** The bus itself says it: a handler that throws ABANDONED means somebody else. */
export class CutOffError extends BusError {
  constructor(message: string) {
    super('ABANDONED', message)
  }
}

/** A failure that the program has had its event of. */
export class ToldError extends BusError {
  constructor(message: string) {
    super('REMOTE', message)
  }
}

/** What crosses of what a handler has thrown: no stack, no cause. */
export function faultOf(thrown: unknown): AnswerFault {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return { code: utf8(codeOf(thrown)), message: cut(message) }
}

/** Whether whoever asks learns nothing of what it is: the program whose own it is has to. */
export function becomesRemote(thrown: unknown): boolean {
  return codeOf(thrown) === 'REMOTE' && !(thrown instanceof ToldError)
}

function codeOf(thrown: unknown): string {
  if (!(thrown instanceof BusError)) return 'REMOTE'
  return thrown instanceof CutOffError || crosses(thrown.code) ? thrown.code : 'REMOTE'
}

/** What an asker is told of it: nobody makes it believe that its own bus has failed. */
export function errorOf(from: PeerId, fault: AnswerFault): BusError {
  const code = textOf(fault.code) ?? ''
  const message = textOf(fault.message) ?? 'what it says is not UTF-8'
  const known = crosses(code) || code === 'ABANDONED'
  return new BusError(known ? code : 'REMOTE', `peer ${from} answers: ${message}`)
}

/** The beginning of a text, whole characters of it. */
function cut(text: string): Uint8Array {
  // Nothing larger is made of it first: a message may be of any size.
  const bytes = utf8(text.slice(0, ERROR_SIZE_MAX))
  if (bytes.length <= ERROR_SIZE_MAX) return bytes
  let end = ERROR_SIZE_MAX
  while ((bytes[end]! & 0xc0) === 0x80) end -= 1
  return bytes.subarray(0, end)
}

/** Codes of the program's own, and those of the bus that a responder means. */
function crosses(code: string): boolean {
  if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(code)) return false
  return !Object.hasOwn(OWN_CODES, code) || CROSSING.has(code)
}

const CROSSING: ReadonlySet<string> = new Set<BusErrorCode>([
  'DENIED',
  'INVALID_VALUE',
  'TOO_LARGE',
  'UNSUPPORTED',
  'BUSY',
  'TOO_SLOW',
  'CHANGED',
  'NO_ACTOR',
  'MAILBOX_FULL',
])

/** What the bus says of itself. */
const OWN_CODES: Readonly<Record<BusErrorCode, true>> = {
  CLOSED: true,
  TIMEOUT: true,
  NO_PATH: true,
  NO_INTERFACE: true,
  PORT_IN_USE: true,
  DENIED: true,
  INVALID_TOPIC: true,
  INVALID_PATTERN: true,
  INVALID_OPTION: true,
  INVALID_VALUE: true,
  INVALID_KEY: true,
  TOO_LARGE: true,
  OVERFLOW: true,
  LIMIT: true,
  NO_FILE: true,
  EXISTS: true,
  UNSAFE_NAME: true,
  NO_SPACE: true,
  CHANGED: true,
  ABANDONED: true,
  UNSUPPORTED: true,
  NO_RESPONDER: true,
  BUSY: true,
  CONFLICT: true,
  TOO_SLOW: true,
  NO_ACTOR: true,
  MAILBOX_FULL: true,
  REMOTE: true,
}
