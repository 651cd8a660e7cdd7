/** Typed topics: a pattern and the schema of its values. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { parsePattern } from '../core/topic/pattern.ts'
import { BusError } from './errors.ts'
import { isSchema, SCHEMA_MEND } from './schema.ts'

/** A topic or pattern whose values have type `T`. */
export interface Topic<T, P extends string = string> {
  readonly pattern: P
  readonly schema?: StandardSchemaV1<unknown, T>
}

/**
 * Names a topic or pattern once, with the type of its values. `{name}` segments become typed
 * `params`. With a schema (zod, valibot, arktype, ...) every received value is checked; without one
 * `topic<Reading>('home/{room}/temperature')` only claims the type.
 * Throws INVALID_PATTERN or INVALID_OPTION.
 */
export function topic<T = unknown, const P extends string = string>(
  pattern: P,
  schema?: StandardSchemaV1<unknown, T>,
): Topic<T, P> {
  const parsed = parsePattern(pattern)
  if (!parsed.ok) throw new BusError('INVALID_PATTERN', parsed.fault)
  if (schema === undefined) return { pattern }
  if (!isSchema(schema)) {
    const fault = `the schema of topic "${pattern}" is none`
    throw new BusError('INVALID_OPTION', `${fault}: ${SCHEMA_MEND}`)
  }
  return { pattern, schema }
}

/** Programs in plain JavaScript hand over anything: what is no text is told by the parser. */
export function textOf(to: string | Topic<unknown>): string {
  return typeof to === 'object' && to !== null ? to.pattern : to
}
