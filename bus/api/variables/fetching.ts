/** One fetch under way: takes the answers of all peers apart, and says at its end what came of it at each. */
import { textOf as decoded, utf8 } from '../../core/text.ts'
import type { Budget } from '../../core/stream/reorder.ts'
import { matches, parseTopic } from '../../core/topic/pattern.ts'
import { type Entry, readPart, writeReadAsk } from '../../core/wire/variables.ts'
import { errorOf } from '../answer-error.ts'
import { decodeValue } from '../codec.ts'
import { BusError } from '../errors.ts'
import { LiveGathering } from '../gathering.ts'
import type { PeerId } from '../options.ts'
import type { Gathering, GatherReport, Reply } from '../request-options.ts'
import { validate } from '../schema.ts'
import type { FetchEnd, Fetching, FetchOutcome, FetchReport, Reading } from '../variable-options.ts'
import { Expected, tagsOf } from './expected.ts'
import type { FetchCall } from './fetch-call.ts'
import { VARIABLES, type VariablesHost } from './host.ts'
import type { Known, KnownReading } from './known.ts'
import { sizeFault } from './parts.ts'
import { Source } from './source.ts'

export interface FetchingParts {
  readonly host: VariablesHost
  /** Of all fetches of this bus. */
  readonly known: Known
  /** Bytes of values that wait in all fetches. */
  readonly budget: Budget
}

export class LiveFetching implements Fetching<unknown> {
  readonly #host: VariablesHost
  readonly #call: FetchCall
  readonly #known: Known
  readonly #expected: Expected
  readonly #items: LiveGathering<Reading, FetchReport>
  readonly #sourcesById = new Map<PeerId, Source>()
  readonly #answers: AsyncIterator<Reply>
  /** Peers that have given all they have, and a value. */
  #givers = 0
  #end: FetchEnd | undefined

  /** Asks. Throws as `publish` does. */
  constructor({ host, known, budget }: FetchingParts, call: FetchCall) {
    this.#host = host
    this.#call = call
    this.#known = known
    this.#expected = new Expected(host, call)
    const gathering = this.#ask()
    this.#answers = gathering[Symbol.asyncIterator]() as AsyncIterator<Reply>
    this.#items = new LiveGathering(budget, (how) => this.#stop(how))
    void this.#run(gathering)
  }

  get report(): Promise<FetchReport> {
    return this.#items.report
  }

  async all(): Promise<Reading[]> {
    const foundByKey = new Map<string, Reading>()
    for await (const one of this) foundByKey.set(`${one.from}/${one.name}`, one)
    // What its owner has no more was known at the beginning alone.
    return [...foundByKey.values()].filter((one) => !one.stale || this.#known.has(one))
  }

  [Symbol.asyncIterator](): AsyncIterator<Reading, undefined> {
    return this.#items[Symbol.asyncIterator]()
  }

  #ask(): Gathering<unknown> {
    const { patterns, where = {}, timeoutMs, signal } = this.#call
    const tags = Object.entries(where).map(([key, value]) => utf8(`${key}=${value}`))
    // A getter that hangs must leave time for the answer to come.
    const ms = Math.ceil(timeoutMs / 2)
    const texts = patterns.map(({ text }) => utf8(text))
    const value = writeReadAsk({ watch: false, ms, patterns: texts, tags })
    const { to, crowd } = this.#expected
    const ends = { expect: undefined, max: Infinity, quiet: undefined, first: false } as const
    const how = { schema: undefined, timeoutMs, signal, ...ends }
    return this.#host.gather({ topic: VARIABLES, value, to, crowd, ...how })
  }

  async #run(gathering: Gathering<unknown>): Promise<void> {
    let reason: unknown
    try {
      if (this.#call.staleMs !== undefined) await this.#giveKnown(this.#call.staleMs)
      for (;;) {
        const next = await this.#answers.next()
        if (next.done) break
        await this.#take(next.value)
      }
    } catch (thrown) {
      reason = thrown
    }
    this.#items.ended(this.#reportOf(await gathering.report), reason)
  }

  async #giveKnown(staleMs: number): Promise<void> {
    const { patterns, schema } = this.#call
    const isAsked: Parameters<Known['find']>[2] = (...of) => this.#expected.hasWith(...of)
    for (const reading of this.#known.find(patterns, staleMs, isAsked)) {
      const checked = schema ? await validate(schema, reading.value) : reading
      if ('issues' in checked) continue
      const stale = { ...reading, value: checked.value, rtt: 0, stale: true }
      // There is no room for it: what is new matters more.
      if (!this.#items.push(stale, 0)) return
    }
  }

  #stop(end: FetchEnd): void {
    this.#end ??= end
    void this.#answers.return?.()
  }

  async #take({ value, from, rtt }: Reply): Promise<void> {
    if (!this.#expected.has(from)) return
    const source = this.#source(from)
    const part = value instanceof Uint8Array ? readPart(value) : undefined
    if (!part) return this.#malformed(source)
    for (const entry of part.entries) {
      if (!source.failed && !this.#end) await this.#takeEntry(source, entry, rtt)
    }
    if (part.more || source.failed || this.#end) return
    source.whole()
    this.#known.settle(from, this.#call.patterns, (name) => source.has(name))
    if (!source.hasValues) return
    this.#givers += 1
    if (this.#givers >= this.#call.min) this.#stop('min')
  }

  async #takeEntry(source: Source, entry: Entry, rtt: number): Promise<void> {
    const { count, limits, allows } = this.#host
    const name = decoded(entry.name)
    const parsed = name === undefined ? undefined : parseTopic(name)
    if (name === undefined || !parsed?.ok) return this.#malformed(source)
    const { segments } = parsed
    const asked = this.#call.patterns.some((pattern) => matches(pattern, segments))
    if (!asked || !source.isNew(name)) return this.#malformed(source)
    if (source.size > limits.variables) {
      count('variablesFull')
      return source.fail(manyError(source.from, limits.variables))
    }
    if (!allows(source.from, 'expose', segments)) {
      count('denied')
      return source.failure(name, deniedError(source.from, name))
    }
    // Nothing that was there before can be gone.
    if (entry.kind === 'gone') return this.#malformed(source)
    if (entry.kind === 'fault') return source.failure(name, errorOf(source.from, entry))
    const large = sizeFault({ from: source.from, name }, entry, limits)
    if (large) return source.failure(name, large)
    const given = await this.#valueOf(entry)
    if ('issues' in given) {
      return source.failure(name, invalidError(source.from, name, given.issues))
    }
    const { version, ageMs: age } = entry
    const about = { name, from: source.from, version, age }
    const reading = { ...about, value: given.value, rtt, stale: false }
    if (this.#call.staleMs !== undefined) this.#keep(about, entry)
    if (this.#items.push(reading, entry.payload.length)) return source.value()
    count('repliesFull')
    source.failure(name, overflowError(source.from, name))
  }

  /** As its owner gave it: the next fetch may have another schema. */
  #keep(about: Omit<KnownReading, 'value'>, { codec, payload }: ValueEntry): void {
    const given = decodeValue(codec, payload, this.#host.codec)
    if ('issues' in given) return
    const tags = tagsOf(this.#host, about.from) ?? {}
    this.#known.keep({ ...about, value: given.value }, tags, payload.length)
  }

  #valueOf(entry: ValueEntry): ReturnType<typeof validate<unknown>> {
    const given = decodeValue(entry.codec, entry.payload, this.#host.codec)
    const { schema } = this.#call
    return schema && 'value' in given ? validate(schema, given.value) : given
  }

  #malformed(source: Source): void {
    this.#host.count('malformed')
    source.fail(
      new BusError('INVALID_VALUE', `peer ${source.from} answers what no bus answers: look at it`),
    )
  }

  #source(from: PeerId): Source {
    const known = this.#sourcesById.get(from)
    if (known) return known
    const source = new Source(from)
    this.#sourcesById.set(from, source)
    return source
  }

  #reportOf({ end: ended, outcomes: answers }: GatherReport): FetchReport {
    const { everyone, from } = this.#call
    const end = this.#end ?? (ended as FetchEnd) // it asks without `max` and `quiet`
    const outcomes: FetchOutcome[] = []
    for (const answer of answers) {
      if (!this.#expected.has(answer.from)) continue
      if (answer.type === 'none') this.#known.settle(answer.from, this.#call.patterns, () => false)
      // It listens there, and exposes nothing.
      if (answer.type === 'none' && !everyone && !from) continue
      const source = this.#source(answer.from)
      // All that has come was taken, and the last part was not among it.
      const isCut = answer.type === 'answered' && !source.isWhole && !source.failed
      if (isCut && ALL_TAKEN.has(end)) this.#malformed(source)
      outcomes.push(source.outcome(answer))
    }
    return { end, outcomes }
  }
}

/** With these ends everything that has come has been taken. */
const ALL_TAKEN: ReadonlySet<FetchEnd> = new Set(['complete', 'timeout'])

type ValueEntry = Extract<Entry, { readonly kind: 'value' }>

function deniedError(from: PeerId, name: string): BusError {
  const mend = "the realm's owner grants it"
  return new BusError('DENIED', `peer ${from} has no right to expose "${name}": ${mend}`)
}

function manyError(from: PeerId, most: number): BusError {
  const mend = 'ask for fewer, or raise limits.variables'
  return new BusError('LIMIT', `peer ${from} answers with over ${most} variables: ${mend}`)
}

function invalidError(from: PeerId, name: string, issues: readonly string[]): BusError {
  const fault = `"${name}" of peer ${from} is not what the schema says`
  return new BusError('INVALID_VALUE', `${fault}: ${issues.join('; ')}`)
}

function overflowError(from: PeerId, name: string): BusError {
  const mend = 'take them sooner, or raise limits.repliesSize'
  return new BusError('OVERFLOW', `no room is left for "${name}" of peer ${from}: ${mend}`)
}
