/**
 * The owning half of variables: what this bus exposes, and its answers to those who ask for it.
 *
 * One responder answers for all of them, from the first one on: a process that has never exposed
 * anything has nothing to do with such questions. One that has, stays: those who watch are told at
 * once that a variable has gone.
 */
import { parsePattern, matches, parseTopic, type Pattern } from '../../core/topic/pattern.ts'
import { textOf as decoded } from '../../core/text.ts'
import {
  type ReadAsk,
  readReadAsk,
  readWriteAsk,
  writePart,
  type WriteAsk,
} from '../../core/wire/variables.ts'
import { becomesRemote, faultOf } from '../answer-error.ts'
import { decodeValue } from '../codec.ts'
import { BusError } from '../errors.ts'
import { EXPOSE } from './rules.ts'
import type { PeerId } from '../options.ts'
import type { Question } from '../request-options.ts'
import { checkOptions } from '../rules.ts'
import { type Topic, textOf } from '../topic.ts'
import type { ExposeOptions } from '../variable-options.ts'
import { feed, type FeedOptions, type FeedSource } from './feed.ts'
import { Held, type ReadFunction } from './held.ts'
import { partsOf } from './parts.ts'
import { VARIABLES_PATTERN, type VariablesHost } from './host.ts'

export class Exposing {
  readonly #host: VariablesHost
  readonly #heldByName = new Map<string, Held>()
  readonly #listeners = new Set<(name: string) => void>()
  #responds = false
  /** The highest that closed ones have given: who is exposed anew gives none of them again. */
  #versionGiven = 0

  constructor(host: VariablesHost) {
    this.#host = host
  }

  expose(to: string | Topic<unknown>, given: unknown, options: ExposeOptions<unknown> = {}): Held {
    const { limits, codec, after, now, count, allows, failed, id } = this.#host
    checkOptions('expose', options, EXPOSE)
    const name = textOf(to)
    const parsed = parseTopic(name, 'name')
    if (!parsed.ok) throw new BusError('INVALID_TOPIC', parsed.fault)
    const { segments } = parsed
    if (this.#heldByName.has(name)) {
      throw new BusError('EXISTS', `this bus exposes "${name}" already: close that one, or set it`)
    }
    if (!allows(id, 'expose', segments)) {
      const mend = `the realm's owner grants it: sixcast acl test`
      throw new BusError('DENIED', `this identity has no right to expose "${name}": ${mend}`)
    }
    if (this.#heldByName.size >= limits.variables) {
      count('variablesFull')
      const mend = 'close some, or raise limits.variables'
      throw new BusError('LIMIT', `${limits.variables} variables are exposed: ${mend}`)
    }
    const schema = options.schema ?? (typeof to === 'object' ? to.schema : undefined)
    const { timeout: timeoutMs = TIMEOUT_MS, writable = false, written } = options
    const end = (): void => this.#end(held)
    const changed = (one: string): void => this.#changed(one)
    const about = { name, segments, schema, timeoutMs, writable, written, changed, end }
    const parts = { ...about, codec, limits, after, now, count, failed }
    // A function is what reads the value; it has no form on the wire itself.
    const what = typeof given === 'function' ? { read: given as ReadFunction } : { value: given }
    const held: Held = new Held({ ...parts, versionGiven: this.#versionGiven }, what)
    // Throws where there are too many responders: then nothing is exposed.
    if (!this.#responds) this.#respond()
    this.#heldByName.set(name, held)
    this.#changed(name)
    return held
  }

  #end(held: Held): void {
    if (this.#heldByName.get(held.name) !== held) return
    this.#heldByName.delete(held.name)
    // A function that is at work may give one more.
    const last = held.version + (held.isRead ? 1 : 0)
    this.#versionGiven = Math.max(this.#versionGiven, last)
    this.#changed(held.name)
  }

  #respond(): void {
    const handler = (question: Question): Promise<unknown> => this.#answer(question)
    this.#host.respond({ pattern: VARIABLES_PATTERN, handler, options: {} })
    this.#responds = true
  }

  /** What an asker gets: one part, or several. */
  async #answer({
    value,
    from,
    signal,
  }: Question): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
    const { count } = this.#host
    const bytes = value instanceof Uint8Array ? value : new Uint8Array(0)
    const write = readWriteAsk(bytes)
    if (write) return await this.#write(from, write)
    const ask = readReadAsk(bytes)
    if (!ask) {
      count('malformed')
      const fault = 'the question for variables is malformed, or of a later version'
      throw new BusError('UNSUPPORTED', `${fault}: do both run the same version of sixcast?`)
    }
    return await this.#read(ask, signal)
  }

  async #read(ask: ReadAsk, signal: AbortSignal): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
    const { tags } = this.#host
    const patterns = ask.patterns.map(patternOf)
    const concerns = ask.tags.every((tag) => hasTag(tags, decoded(tag)))
    if (ask.watch && concerns) return this.#feed(patterns, { everyMs: ask.ms, signal })
    const wanted = concerns ? this.#matching(patterns) : []
    const entries = await Promise.all(wanted.map((held) => held.entry(ask.ms)))
    const parts = partsOf(entries)
    return parts.length === 1 ? parts[0]! : inOrder(parts)
  }

  /** What the variable holds then, or why not; nothing when there is none of that name. */
  async #write(from: PeerId, { name, version, codec, payload }: WriteAsk): Promise<Uint8Array> {
    const { allows, count } = this.#host
    const held = this.#heldByName.get(decoded(name) ?? '')
    if (!held) return writePart({ more: false, entries: [] })
    try {
      if (!allows(from, 'write', held.segments)) {
        count('denied')
        throw new BusError('DENIED', `you have no right to write "${held.name}"`)
      }
      const given = decodeValue(codec, payload, this.#host.codec)
      if ('issues' in given) throw new BusError('INVALID_VALUE', given.issues.join('; '))
      held.write(from, given.value, version)
      return writePart({ more: false, entries: [await held.entry(0)] })
    } catch (error) {
      if (becomesRemote(error)) this.#host.failed(error)
      return writePart({ more: false, entries: [{ name, kind: 'fault', ...faultOf(error) }] })
    }
  }

  #feed(patterns: readonly Pattern[], how: FeedOptions): AsyncIterable<Uint8Array> {
    const source: FeedSource = {
      after: this.#host.after,
      all: () => this.#matching(patterns),
      held: (name) => this.#heldByName.get(name),
      listen: (changed) => {
        const listener = (name: string): void => {
          if (patterns.some((pattern) => matches(pattern, name.split('/')))) changed(name)
        }
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
    }
    return feed(source, how)
  }

  #changed(name: string): void {
    for (const listener of this.#listeners) listener(name)
  }

  #matching(patterns: readonly Pattern[]): Held[] {
    const held = [...this.#heldByName.values()]
    return held.filter(({ segments }) => patterns.some((pattern) => matches(pattern, segments)))
  }
}

/** Throws INVALID_PATTERN. */
function patternOf(bytes: Uint8Array): Pattern {
  const parsed = parsePattern(decoded(bytes) ?? '')
  if (parsed.ok) return parsed.pattern
  throw new BusError('INVALID_VALUE', parsed.fault)
}

function hasTag(tags: Readonly<Record<string, string>>, tag: string | undefined): boolean {
  if (tag === undefined) return false
  const at = tag.indexOf('=')
  const key = tag.slice(0, at)
  return at > 0 && Object.hasOwn(tags, key) && tags[key] === tag.slice(at + 1)
}

async function* inOrder(parts: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(part)
}

const TIMEOUT_MS = 1000
