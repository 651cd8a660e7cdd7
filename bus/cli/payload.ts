/** Values as the command prints them: as bytes, as a line, as fields of a JSON object; and as it reads them. */
import { textOf } from '../core/text.ts'
import { BusError } from '../index.ts'
import { UsageError } from './exit.ts'
import { shownText } from './shown.ts'

/** Text and bytes exactly as they were published, other values as JSON. */
export function payloadOf(value: unknown): string | Uint8Array {
  if (typeof value === 'string' || value instanceof Uint8Array) return value
  return JSON.stringify(value)
}

/** For people: bytes as Base64, and on a terminal nothing that acts on it. */
export function lineOf(value: unknown): string {
  const text = value instanceof Uint8Array ? `base64:${base64Of(value)}` : String(payloadOf(value))
  return process.stdout.isTTY ? shownText(text) : text
}

/** For programs. */
export function fieldsOf(value: unknown): { readonly value: unknown; readonly encoding?: string } {
  if (!(value instanceof Uint8Array)) return { value }
  return { value: base64Of(value), encoding: 'base64' }
}

/**
 * Text where it is text, so that others can read it; bytes otherwise; with `json` what it stands for.
 * Throws INVALID_VALUE, which crosses to who asks.
 */
export function valueOf(given: string | Uint8Array, json: boolean, source: string): unknown {
  const text = typeof given === 'string' ? given : textOf(given)
  if (!json) return text ?? given
  if (text === undefined) throw new BusError('INVALID_VALUE', `${source} is not UTF-8`)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new BusError('INVALID_VALUE', `${source} is not JSON: ${(cause as Error).message}`)
  }
}

/** The same for what stands on the command line. */
export function assertJson(value: string, source: string): void {
  try {
    JSON.parse(value)
  } catch (cause) {
    throw new UsageError(`${source} is not JSON: ${(cause as Error).message}`, { cause })
  }
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
