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
import type { Outcome, Reply } from '../request-options.ts'
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

interface Waiting {
  readonly change: Change
  /** The program believes that there is no such variable. */
  readonly isUnseen: boolean
}

export class LiveWatching implements AsyncIterable<Change> {
  readonly #host: VariablesHost
  readonly #call: WatchCall
  readonly #expected: Expected
  /** What waits, the oldest first; one for each variable. */
  readonly #waiting = new Map<string, Waiting>()
  readonly #pull: Pull<Change>
  #taken = false
  /** What is known of each peer: the version of each variable, or that it has failed. */
  readonly #known = new Map<PeerId, Map<string, string>>()
  readonly #control = new AbortController()
  #answers: AsyncIterator<Reply> | undefined
  #stopTimer: () => void = () => undefined
  /** When it asks again. */
  #dueAt = Infinity
  /** Before that a newcomer may not have learned of the topic. */
  #soonAt = 0
  /** The question under way, counted. */
  #round = 0
  /** How soon it asks again where an owner has failed. */
  #againMs = AGAIN_MIN_MS
  #hasFailed = false

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

  /** The one consumer: a second one would take changes away from the first. */
  [Symbol.asyncIterator](): AsyncIterator<Change, undefined> {
    if (this.#taken) throw new TypeError('this watch has a consumer: watch again for a second one')
    this.#taken = true
    return this.#pull
  }

  #ask(): void {
    const { patterns, where = {}, everyMs: ms } = this.#call
    const tags = Object.entries(where).map(([key, text]) => utf8(`${key}=${text}`))
    const texts = patterns.map(({ text }) => utf8(text))
    const value = writeReadAsk({ watch: true, ms, patterns: texts, tags })
    const ends = { expect: undefined, max: Infinity, quiet: undefined, first: false } as const
    this.#againMs = this.#hasFailed ? Math.min(2 * this.#againMs, RENEW_MS) : AGAIN_MIN_MS
    this.#hasFailed = false
    this.#round += 1
    const round = this.#round
    const settled = (outcome: Outcome): boolean => {
      if (outcome.type === 'error' && round === this.#round) this.#fail(outcome.from, outcome.error)
      return false
    }
    const how = { schema: undefined, timeoutMs: LEASE_MS, signal: undefined, settled, ...ends }
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
    const soonMs = this.#soonAt - this.#host.now()
    this.#askIn(soonMs > 0 ? Math.min(soonMs, RENEW_MS) : RENEW_MS)
  }

  /** Asks then, or when it was to ask anyway if that is sooner. */
  #askIn(ms: number): void {
    const at = this.#host.now() + ms
    if (at >= this.#dueAt) return
    this.#stopTimer()
    this.#dueAt = at
    this.#stopTimer = this.#host.after(ms, () => {
      this.#dueAt = Infinity
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

  /** Asks so long from now, whatever is due before. */
  #askSoon(ms: number): void {
    this.#soonAt = this.#host.now() + ms
    this.#askIn(ms)
  }

  /** Who has gone takes all that it had along; who comes is asked soon. */
  async #attend(): Promise<void> {
    const { signal } = this.#control
    try {
      for await (const { type, peer } of this.#host.presence.watch({ signal })) {
        if (type === 'leave') this.#lose(peer.id)
        if (type === 'join' && this.#expected.has(peer.id)) this.#askSoon(NEWCOMER_MS)
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
    const what = entry.kind === 'value' ? String(entry.version) : FAULT
    const isNew = !known.has(name)
    if (known.get(name) === what) return
    known.set(name, what)
    const change = await this.#changeOf({ name, from }, entry)
    // Meanwhile it may have gone.
    if (this.#known.get(from)?.get(name) === what) this.#give(change, isNew)
  }

  /**
   * The owner does not answer: too many ask it, or an answer was lost. What is known of it stays;
   * what is not, and was asked for by its name, may be there or not.
   */
  #fail(from: PeerId, error: BusError): void {
    if (this.#control.signal.aborted || !this.#expected.has(from)) return
    this.#hasFailed = true
    this.#askIn(this.#againMs)
    const known = this.#known.get(from) ?? new Map<string, string>()
    this.#known.set(from, known)
    for (const { text: name } of this.#call.patterns) {
      const parsed = parseTopic(name)
      if (!parsed.ok || known.has(name)) continue
      if (!this.#host.allows(from, 'expose', parsed.segments)) continue
      known.set(name, FAULT)
      this.#give({ type: 'failed', name, from, error }, true)
    }
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

  /** `isNew`: nothing was known of it before. */
  #give(change: Change, isNew = false): void {
    if (this.#control.signal.aborted) return
    const key = `${change.from}/${change.name}`
    const isUnseen = this.#waiting.get(key)?.isUnseen ?? isNew
    // It stands behind what came meanwhile, as if it had come but now.
    this.#waiting.delete(key)
    // What has come and gone unseen is nothing to tell: whoever comes and goes would fill the list.
    if (change.type === 'gone' && isUnseen) return
    if (!this.#pull.offer(change)) this.#waiting.set(key, { change, isUnseen })
  }

  #take(): Change | undefined {
    for (const [key, { change }] of this.#waiting) {
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
/** Where an owner has failed it is asked again so soon, then ever later: this is a question to all. */
const AGAIN_MIN_MS = 1000
/** What is known of a variable that cannot be had. */
const FAULT = 'fault'
/** A newcomer has that long to learn of the topic, and others to come with it. */
const NEWCOMER_MS = 1000
