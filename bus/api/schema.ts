/** Checks values with any Standard Schema v1 library, which is where zod, valibot and arktype meet. */
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** The checked value (the schema may have changed it), or why it does not fit. */
export type Validation<T> = { readonly value: T } | { readonly issues: readonly string[] }

/**
 * Sync when the schema is, so that a message needs no promise. Never throws or rejects: values come
 * from the network, and a schema that throws on one must not stop the subscription.
 */
export function validate<T>(
  schema: StandardSchemaV1<unknown, T>,
  value: unknown,
): Validation<T> | Promise<Validation<T>> {
  try {
    const result = schema['~standard'].validate(value)
    if (!isPromise(result)) return validationOf(result)
    // A library may bring a thenable of its own; callers can rely on a real promise.
    return Promise.resolve(result).then(validationOf, failure)
  } catch (error) {
    return failure(error)
  }
}

/** Programs in plain JavaScript hand over anything; arktype's schemas are functions. */
export function isSchema(candidate: unknown): candidate is StandardSchemaV1 {
  if (typeof candidate !== 'object' && typeof candidate !== 'function') return false
  const standard = (candidate as Partial<StandardSchemaV1> | null)?.['~standard']
  return standard?.version === 1 && typeof standard.validate === 'function'
}

function validationOf<T>(result: StandardSchemaV1.Result<T>): Validation<T> {
  if (result.issues === undefined) return { value: result.value }
  const issues = result.issues.slice(0, ISSUES_MAX).map(sentence)
  const more = result.issues.length - issues.length
  return { issues: more > 0 ? [...issues, `and ${more} more`] : issues }
}

function failure(error: unknown): { readonly issues: readonly string[] } {
  const reason = error instanceof Error ? error.message : String(error)
  return { issues: [`the schema failed: ${reason}`] }
}

/** `rooms[2].name: expected a string` */
function sentence(issue: StandardSchemaV1.Issue): string {
  let path = ''
  for (const step of issue.path ?? []) {
    const key = typeof step === 'object' ? step.key : step
    if (typeof key === 'number') path += `[${key}]`
    else path += path === '' ? String(key) : `.${String(key)}`
  }
  return path === '' ? issue.message : `${path}: ${issue.message}`
}

function isPromise<T>(result: T | Promise<T>): result is Promise<T> {
  return typeof (result as Partial<Promise<T>>).then === 'function'
}

export const SCHEMA_MEND =
  'give a schema of zod, valibot, arktype or another Standard Schema library'

/** One hostile array can make a million issues; the event needs only enough to see what is wrong. */
const ISSUES_MAX = 16
