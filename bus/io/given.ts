/** Secrets that options give, or that a function of the program's brings. */
import { orAborted } from '../api/abort.ts'
import { BusError } from '../api/errors.ts'

/** What an option gives, or what its function brings; the function's own errors pass. */
export async function given<T extends object | string>(
  option: 'key' | 'identity',
  value: T | (() => T | Promise<T>) | undefined,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  if (typeof value !== 'function') return value
  const brought = await orAborted(Promise.resolve(value()), signal)
  if (brought !== undefined) return brought
  // As if it were absent, another key would be taken than the program means.
  throw new BusError('INVALID_KEY', `the function of option "${option}" has brought nothing`)
}
