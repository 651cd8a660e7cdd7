/**
 * One watch: asks for a time, again before that is over, and gives what changes.
 *
 * The question is leased: whoever has lost its watcher stops by itself. Asking again also finds
 * those who have come to expose something meanwhile; what they tell that is known already is
 * passed over. Of each variable only the last change waits for the program, so a slow one sees
 * where things stand and not how they came there.
 */
import { textOf as decoded, utf8 } from '../../core/text.ts'
import { matches, parseTopic } from '../../core/topic/pattern.ts'
import { type Entry, readPart, writeReadAsk } from '../../core/wire/variables.ts'
import { errorOf } from '../answer-error.ts'
import { decodeValue } from '../codec.ts'
import { BusError } from '../errors.ts'
import type { PeerId } from '../options.ts'
import { Pull } from '../pull.ts'
import type { Reply } from '../request-options.ts'
import { validate } from '../schema.ts'
import type { Change } from '../variable-options.ts'
import { Expected } from './expected.ts'
import type { FetchCall } from './fetch-call.ts'
import { VARIABLES, type VariablesHost } from './host.ts'
import { sizeFault } from './parts.ts'

export interface WatchCall extends FetchCall {
  readonly everyMs: number
}

/** What a peer has, as it says at first, part by part. */
interface Beginning {
  readonly names: Set<string>
  isWhole: boolean
}

export class LiveWatching implements AsyncIterable<Change> {
  readonly #host: VariablesHost
  readonly #call: WatchCall
  readonly #expected: Expected
  /** What waits, the oldest first; one for each variable. */
  readonly #waiting = new Map<string, Change>()
  readonly #pull: Pull<Change>
  /** What is known of each peer: the version of each variable, or that it has failed. */
  readonly #known = new Map<PeerId, Map<string, string>>()
  readonly #control = new AbortController()
  #answers: AsyncIterator<Reply> | undefined
  #stopTimer: () => void = () => undefined

  /** Asks. Throws as `publish` does. */
  constructor(host: VariablesHost, call: WatchCall) {
    this.#host = host
    this.#call = call
    this.#expected = new Expected(host, call)
    this.#pull = new Pull({ take: () => this.#take(), drop: () => this.#end() })
    const { signal } = call
    signal?.throwIfAborted()
    this.#ask()
    void this.#attend()
    const abort = (): void => this.#end(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true, signal: this.#control.signal })
  }

  [Symbol.asyncIterator](): AsyncIterator<Change, undefined> {
    return this.#pull
  }

  #ask(): void {
    const { patterns, where = {}, everyMs: ms } = this.#call
    const tags = Object.entries(where).map(([key, text]) => utf8(`${key}=${text}`))
    const texts = patterns.map(({ text }) => utf8(text))
    const value = writeReadAsk({ watch: true, ms, patterns: texts, tags })
    const ends = { expect: undefined, max: Infinity, quiet: undefined, first: false } as const
    const how = { schema: undefined, timeoutMs: LEASE_MS, signal: undefined, ...ends }
    const { to, crowd } = this.#expected
    const gathering = this.#host.gather({ topic: VARIABLES, value, to, crowd, ...how })
    const before = this.#answers
    // What the earlier one brings is brought by this one.
    const answers = gathering[Symbol.asyncIterator]() as AsyncIterator<Reply>
    this.#answers = answers
    void before?.return?.()
    void this.#listen(answers)
    void gathering.report.then(({ outcomes }) => {
      // It has ceased to expose anything between the two questions.
      for (const { type, from } of outcomes) if (type === 'none') this.#lose(from)
    })
    this.#askIn(RENEW_MS)
  }

  #askIn(ms: number): void {
    this.#stopTimer()
    this.#stopTimer = this.#host.after(ms, () => {
      try {
        this.#ask()
      } catch (error) {
        this.#end(error)
      }
    })
  }

  async #listen(answers: AsyncIterator<Reply>): Promise<void> {
    const beginnings = new Map<PeerId, Beginning>()
    try {
      for (;;) {
        const next = await answers.next()
        if (next.done || answers !== this.#answers) return
        const { from } = next.value
        const beginning = beginnings.get(from) ?? { names: new Set(), isWhole: false }
        beginnings.set(from, beginning)
        await this.#onPart(next.value, beginning)
      }
    } catch (error) {
      // The bus has been closed.
      this.#end(error)
    }
  }

  /** Who has gone takes all that it had along; who comes is asked soon. */
  async #attend(): Promise<void> {
    const { signal } = this.#control
    try {
      for await (const { type, peer } of this.#host.presence.watch({ signal })) {
        if (type === 'leave') this.#lose(peer.id)
        if (type === 'join' && this.#expected.has(peer.id)) this.#askIn(NEWCOMER_MS)
      }
    } catch (error) {
      if (!signal.aborted) this.#end(error)
    }
  }

  async #onPart({ value, from }: Reply, beginning: Beginning): Promise<void> {
    if (!this.#expected.has(from)) return
    const part = value instanceof Uint8Array ? readPart(value) : undefined
    if (!part) return this.#host.count('malformed')
    for (const entry of part.entries) {
      await this.#onEntry(from, entry)
      if (!beginning.isWhole) beginning.names.add(decoded(entry.name) ?? '')
    }
    if (part.more || beginning.isWhole) return
    beginning.isWhole = true
    // What went while nobody listened.
    const known = [...(this.#known.get(from)?.keys() ?? [])]
    for (const name of known) if (!beginning.names.has(name)) this.#forget(from, name)
    beginning.names.clear()
  }

  async #onEntry(from: PeerId, entry: Entry): Promise<void> {
    const { count, limits, allows } = this.#host
    const name = decoded(entry.name)
    const parsed = name === undefined ? undefined : parseTopic(name)
    const asked =
      parsed?.ok && this.#call.patterns.some((pattern) => matches(pattern, parsed.segments))
    if (name === undefined || !parsed?.ok || !asked) return count('malformed')
    if (!allows(from, 'expose', parsed.segments)) return count('denied')
    let known = this.#known.get(from)
    if (!known) this.#known.set(from, (known = new Map()))
    if (entry.kind === 'gone') return this.#forget(from, name)
    if (!known.has(name) && known.size >= limits.variables) return count('variablesFull')
    const what = entry.kind === 'value' ? String(entry.version) : 'fault'
    if (known.get(name) === what) return
    known.set(name, what)
    this.#give(await this.#changeOf({ name, from }, entry))
  }

  async #changeOf(
    about: { readonly name: string; readonly from: PeerId },
    entry: Exclude<Entry, { readonly kind: 'gone' }>,
  ): Promise<Change> {
    if (entry.kind === 'fault') {
      return { type: 'failed', ...about, error: errorOf(about.from, entry) }
    }
    const large = sizeFault(about, entry, this.#host.limits)
    if (large) return { type: 'failed', ...about, error: large }
    const { schema } = this.#call
    const decodedValue = decodeValue(entry.codec, entry.payload, this.#host.codec)
    const given =
      schema && 'value' in decodedValue ? await validate(schema, decodedValue.value) : decodedValue
    if ('value' in given) {
      const { version, ageMs: age } = entry
      return { type: 'value', ...about, value: given.value, version, age }
    }
    const fault = `"${about.name}" of peer ${about.from} is not what the schema says`
    const error = new BusError('INVALID_VALUE', `${fault}: ${given.issues.join('; ')}`)
    return { type: 'failed', ...about, error }
  }

  #forget(from: PeerId, name: string): void {
    if (this.#known.get(from)?.delete(name)) this.#give({ type: 'gone', name, from })
  }

  #lose(from: PeerId): void {
    const names = this.#known.get(from)?.keys() ?? []
    this.#known.delete(from)
    for (const name of names) this.#give({ type: 'gone', name, from })
  }

  #give(change: Change): void {
    if (this.#control.signal.aborted) return
    const key = `${change.from}/${change.name}`
    // It stands behind what came meanwhile, as if it had come but now.
    this.#waiting.delete(key)
    if (!this.#pull.offer(change)) this.#waiting.set(key, change)
  }

  #take(): Change | undefined {
    for (const [key, change] of this.#waiting) {
      this.#waiting.delete(key)
      return change
    }
    return undefined
  }

  #end(reason?: unknown): void {
    if (this.#control.signal.aborted) return
    this.#control.abort()
    this.#stopTimer()
    this.#waiting.clear()
    void this.#answers?.return?.()
    this.#pull.end(reason)
  }
}

/** For so long an owner tells of changes when it hears no more of the watcher. */
const LEASE_MS = 30_000
const RENEW_MS = 10_000
/** A newcomer has that long to learn of the topic, and others to come with it. */
const NEWCOMER_MS = 1000
