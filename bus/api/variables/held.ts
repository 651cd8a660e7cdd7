/** One exposed variable: what it holds, or the function that it is read by, with its bounds. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { sameBytes } from '../../core/bytes.ts'
import type { Limits } from '../../core/limits.ts'
import type { CounterName } from '../../core/metrics.ts'
import { utf8 } from '../../core/text.ts'
import type { Entry } from '../../core/wire/variables.ts'
import { becomesRemote, faultOf } from '../answer-error.ts'
import { decodeValue, type Encoded, encodeValue } from '../codec.ts'
import { BusError } from '../errors.ts'
import type { After } from '../matching.ts'
import type { PayloadCodec, PeerId } from '../options.ts'
import { validate } from '../schema.ts'
import { attempt, heed } from '../thrown.ts'
import type { Variable } from '../variable-options.ts'

export interface HeldParts {
  readonly name: string
  readonly segments: readonly string[]
  readonly schema: StandardSchemaV1 | undefined
  /** Its own versions begin behind this one. */
  readonly versionGiven: number
  /** How long a function may take. */
  readonly timeoutMs: number
  readonly writable: boolean | ((from: PeerId, value: unknown) => boolean)
  readonly written: ((value: unknown, from: PeerId) => void) | undefined
  readonly codec: PayloadCodec | undefined
  readonly limits: Limits
  readonly after: After
  readonly now: () => number
  readonly count: (name: CounterName) => void
  /** The program's function has failed. */
  readonly failed: (error: unknown) => void
  /** It has been set. */
  readonly changed: (name: string) => void
  /** It is not exposed any more. */
  readonly end: () => void
}

export type ReadFunction = () => unknown

export class Held implements Variable<unknown> {
  readonly #parts: HeldParts
  readonly #read: ReadFunction | undefined
  #encoded: Encoded | undefined
  #version: number
  #setAt = 0
  /** Who waits for the function, while it is at work: what it gives is for all of them. */
  #waiting: Set<Waiter> | undefined
  #closed = false

  /** Throws what `set` throws. */
  constructor(
    parts: HeldParts,
    given: { readonly value: unknown } | { readonly read: ReadFunction },
  ) {
    this.#parts = parts
    this.#version = parts.versionGiven
    this.#read = 'read' in given ? given.read : undefined
    if ('value' in given) this.#take(this.#checked(given.value))
  }

  get name(): string {
    return this.#parts.name
  }

  get segments(): readonly string[] {
    return this.#parts.segments
  }

  get version(): number {
    return this.#version
  }

  /** Only who asks learns of its changes. */
  get isRead(): boolean {
    return this.#read !== undefined
  }

  /** A copy, as others get it: what the program does to it changes nothing here. */
  get value(): unknown {
    if (!this.#encoded) return undefined
    const { codec, payload } = this.#encoded
    const decoded = decodeValue(codec, payload.slice(), this.#parts.codec)
    if ('value' in decoded) return decoded.value
    const fault = `the value of variable "${this.name}" cannot be read`
    throw new BusError('INVALID_VALUE', `${fault}: ${decoded.issues.join('; ')}`)
  }

  set(value: unknown): void {
    this.#assertSettable()
    this.#take(this.#checked(value))
  }

  /** Another sets it, who may do so in this realm. Throws DENIED and CHANGED besides. */
  write(from: PeerId, given: unknown, version: number): void {
    this.#assertSettable()
    const { writable, written, failed } = this.#parts
    if (writable === false) throw this.#deniedError('its owner lets nobody else set it')
    const value = this.#checked(given)
    if (version > 0 && version !== this.#version) {
      const fault = `variable "${this.name}" has version ${this.#version}, not ${version}`
      throw new BusError('CHANGED', `${fault}: fetch it again`)
    }
    const allowed: unknown = typeof writable === 'function' ? writable(from, value) : writable
    if (allowed !== true) {
      // A promise would be true, whatever comes of it.
      heed(allowed, failed)
      throw this.#deniedError('its owner does not let you set it so')
    }
    this.#take(value)
    // It has been set: what the owner makes of it is the owner's own.
    attempt(() => written?.(value, from), failed)
  }

  #assertSettable(): void {
    if (this.#closed) {
      throw new BusError('CLOSED', `variable "${this.name}" has been closed: expose it again`)
    }
    if (this.#read) {
      const mend = 'change what the function gives'
      throw new BusError('UNSUPPORTED', `variable "${this.name}" is read by a function: ${mend}`)
    }
  }

  update(change: (value: unknown) => unknown): void {
    this.set(change(this.value))
  }

  /** What an answer says of it, at the latest after `patienceMs`. */
  async entry(patienceMs: number): Promise<Entry> {
    const name = utf8(this.name)
    try {
      const { codec, payload } = this.#read ? await this.#inTime(patienceMs) : this.#encoded!
      const ageMs = this.#read ? 0 : Math.max(0, Math.round(this.#parts.now() - this.#setAt))
      return { name, kind: 'value', version: this.#version, ageMs, codec, payload }
    } catch (error) {
      if (becomesRemote(error)) this.#parts.failed(error)
      return { name, kind: 'fault', ...faultOf(error) }
    }
  }

  close(): Promise<void> {
    this.#closed = true
    this.#parts.end()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #take(value: unknown): void {
    this.#encoded = this.#encode(value)
    this.#version += 1
    this.#setAt = this.#parts.now()
    this.#parts.changed(this.name)
  }

  #checked(value: unknown): unknown {
    const { schema } = this.#parts
    if (!schema) return value
    const checked = validate(schema, value)
    if (checked instanceof Promise) {
      const mend = 'a value is set at once, so give a schema that checks at once'
      throw new BusError('INVALID_OPTION', `the schema of "${this.name}" takes its time: ${mend}`)
    }
    if ('issues' in checked) throw this.#schemaError(checked.issues)
    return checked.value
  }

  /** A copy: what the program does to its value later is not seen before it sets it. */
  #encode(value: unknown): Encoded {
    const { codec, payload } = encodeValue(value, this.#parts.codec)
    const { variableSize } = this.#parts.limits
    if (payload.length > variableSize) {
      const mend = `the limit is ${variableSize} (option limits.variableSize); a file takes more`
      throw new BusError(
        'TOO_LARGE',
        `a value of ${payload.length} bytes of variable "${this.name}": ${mend}`,
      )
    }
    return { codec, payload: payload.slice() }
  }

  /** What the function gives, or why it is not waited for any longer. */
  #inTime(patienceMs: number): Promise<Encoded> {
    const { after, count, timeoutMs } = this.#parts
    const waitMs = Math.min(timeoutMs, patienceMs)
    const waiting = (this.#waiting ??= this.#begin())
    return new Promise((resolve, reject) => {
      const release = after(waitMs, () => {
        // It may never come back: nothing is kept of those whose time is over.
        waiting.delete(waiter)
        count('variablesLate')
        const mend = 'keep what it gives, and expose that'
        reject(new BusError('TOO_SLOW', `variable "${this.name}" takes over ${waitMs} ms: ${mend}`))
      })
      const waiter: Waiter = { resolve, reject, release }
      waiting.add(waiter)
    })
  }

  /** Calls the function. */
  #begin(): Set<Waiter> {
    const waiting = new Set<Waiter>()
    const end = (tell: (waiter: Waiter) => void): void => {
      this.#waiting = undefined
      for (const waiter of waiting) {
        waiter.release()
        tell(waiter)
      }
    }
    void this.#readNow().then(
      (encoded) => end(({ resolve }) => resolve(encoded)),
      (error: unknown) => end(({ reject }) => reject(error)),
    )
    return waiting
  }

  async #readNow(): Promise<Encoded> {
    const given = await this.#read!()
    const { schema } = this.#parts
    const checked = schema ? await validate(schema, given) : { value: given }
    if ('issues' in checked) throw this.#schemaError(checked.issues)
    const encoded = this.#encode(checked.value)
    const before = this.#encoded
    if (!before || !isSame(before, encoded)) this.#version += 1
    this.#encoded = encoded
    return encoded
  }

  #deniedError(why: string): BusError {
    return new BusError('DENIED', `variable "${this.name}" stays as it is: ${why}`)
  }

  #schemaError(issues: readonly string[]): BusError {
    const fault = `a value of variable "${this.name}" is not what its schema says`
    return new BusError('INVALID_VALUE', `${fault}: ${issues.join('; ')}`)
  }
}

interface Waiter {
  readonly resolve: (encoded: Encoded) => void
  readonly reject: (error: unknown) => void
  readonly release: () => void
}

function isSame(one: Encoded, other: Encoded): boolean {
  return one.codec === other.codec && sameBytes(one.payload, other.payload)
}
