/** Typed services: a topic or pattern, and the schemas of its questions and answers. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { parsePattern } from '../core/topic/pattern.ts'
import { BusError } from './errors.ts'
import { isSchema, SCHEMA_MEND } from './schema.ts'

/** A topic or pattern on which questions have type `Q` and answers type `R`. */
export interface Service<Q, R, P extends string = string> {
  readonly pattern: P
  readonly request?: StandardSchemaV1<unknown, Q>
  readonly reply?: StandardSchemaV1<unknown, R>
}

/**
 * Names a service once, with the types of its questions and answers. Responders check what they are
 * asked by `request`, askers what they are answered by `reply`; without schemas
 * `service<Question, Answer>('math/add')` only claims the types.
 * Throws INVALID_PATTERN or INVALID_OPTION.
 */
export function service<Q = unknown, R = unknown, const P extends string = string>(
  pattern: P,
  schemas: {
    readonly request?: StandardSchemaV1<unknown, Q>
    readonly reply?: StandardSchemaV1<unknown, R>
  } = {},
): Service<Q, R, P> {
  const parsed = parsePattern(pattern)
  if (!parsed.ok) throw new BusError('INVALID_PATTERN', parsed.fault)
  for (const [name, schema] of Object.entries(schemas)) {
    if (schema === undefined || isSchema(schema)) continue
    const fault = `the schema "${name}" of service "${pattern}" is none`
    throw new BusError('INVALID_OPTION', `${fault}: ${SCHEMA_MEND}`)
  }
  const { request, reply } = schemas
  return { pattern, ...(request && { request }), ...(reply && { reply }) }
}
