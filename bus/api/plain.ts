/**
 * What JSON would change without a word is found before it is written: NaN would become null, a Map
 * or a Promise `{}`, a function would vanish. A value that means the same on the other side passes.
 */
import { BusError } from './errors.ts'
import { NESTING_MAX } from './nesting.ts'

/** Throws INVALID_VALUE, naming what there is, where in the value it stands, and what to do. */
export function assertPlain(value: unknown): void {
  const fault = faultIn(value, 0)
  if (!fault || fault === ENDLESS) return // JSON.stringify, or its length, tells about those
  // The path was gathered from the inside out.
  const where = fault.path.length === 0 ? 'the value' : `value${fault.path.toReversed().join('')}`
  throw new BusError('INVALID_VALUE', `${where} is ${fault.found}: ${fault.mend}`)
}

interface Fault {
  readonly path: string[]
  readonly found: string
  readonly mend: string
}

function faultIn(value: unknown, depth: number): Fault | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      if (Number.isFinite(value)) return undefined
      return fault(String(value), 'JSON has no such number; publish null or a text instead')
    case 'object':
      if (value === null) return undefined
      if (depth > NESTING_MAX) return ENDLESS
      return Array.isArray(value) ? faultInList(value, depth) : faultInObject(value, depth)
    case 'bigint':
      return fault('a bigint', 'JSON has none; publish its text, or a number')
    default:
      return fault(`of type ${typeof value}`, `it ${NO_FORM}`)
  }
}

function faultInList(list: readonly unknown[], depth: number): Fault | undefined {
  // By index: an iterator would cost more, and leave holes out.
  for (let i = 0; i < list.length; i++) {
    const found = faultIn(list[i], depth + 1)
    if (found) return within(found, `[${i}]`)
  }
  return undefined
}

function faultInObject(value: object, depth: number): Fault | undefined {
  const { toJSON } = value as { readonly toJSON?: unknown } // any object can be asked
  if (typeof toJSON === 'function') return faultOfOwnForm(value, depth)
  const prototype = Object.getPrototypeOf(value) as object | null
  const plain = prototype === Object.prototype || prototype === null || isRoot(prototype)
  if (!plain) return faultOfClass(value)
  for (const name in value) {
    if (!Object.hasOwn(value, name)) continue
    const member = (value as Record<string, unknown>)[name]
    if (member === undefined) continue // absent, as everybody expects of JSON
    const found = faultIn(member, depth + 1)
    if (found)
      return within(found, /^[a-z_$][\w$]*$/i.test(name) ? `.${name}` : `[${quoted(name)}]`)
  }
  return undefined
}

/** A value that says itself what it is in JSON, as a Date does. */
function faultOfOwnForm(value: object, depth: number): Fault | undefined {
  if (value instanceof Date) {
    if (!Number.isNaN(value.getTime())) return undefined
    return fault('an invalid Date', 'it would become null; publish null or a text instead')
  }
  const form = (value as { toJSON(key: string): unknown }).toJSON('') // as was looked at above
  if (form === value) return undefined
  return faultIn(form, depth + 1)
}

function faultOfClass(value: object): Fault {
  const name = nameOf(value)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    const mend = 'publish bytes by themselves, or as text, in Base64 for instance'
    return fault(`bytes (${name}) inside of another value`, mend)
  }
  if (value instanceof Promise) return fault('a Promise', 'await it, and publish what it brings')
  if (value instanceof Map || value instanceof Set) {
    return fault(`a ${name}`, 'publish an array or a plain object made of it')
  }
  if (value instanceof Error) return fault(`an error (${name})`, 'publish its message')
  return fault(`an instance of ${name}`, 'publish a plain object made of it, or give it toJSON()')
}

/** Whether it is the `Object.prototype` of another window or vm context. */
function isRoot(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf')
}

function nameOf(value: object): string {
  const { constructor } = value as { readonly constructor?: unknown } // any object can be asked
  const name = typeof constructor === 'function' ? constructor.name : ''
  return name === '' ? 'a class without a name' : name
}

function fault(found: string, mend: string): Fault {
  return { path: [], found, mend }
}

function within(inner: Fault, step: string): Fault {
  if (inner !== ENDLESS) inner.path.push(step)
  return inner
}

function quoted(name: string): string {
  return JSON.stringify(name.length > NAME_SHOWN ? `${name.slice(0, NAME_SHOWN)}…` : name)
}

/** Nested too deep, or in itself: all of it is refused when it is written. */
const ENDLESS: Fault = fault('endless', '')
const NO_FORM = 'has no JSON form; publish null, text, bytes or plain data'
const NAME_SHOWN = 40
