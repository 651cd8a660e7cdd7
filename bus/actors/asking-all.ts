/** One question to all of a group: takes what members reply apart, and says at its end who has not. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { AskAllReport, AskingAll, MemberFailure, MemberReply } from '../api/actor-options.ts'
import { errorOf } from '../api/answer-error.ts'
import { decodeValue } from '../api/codec.ts'
import { BusError } from '../api/errors.ts'
import { LiveGathering } from '../api/gathering.ts'
import type { Gathering, GatherReport, Reply } from '../api/request-options.ts'
import { validate } from '../api/schema.ts'
import type { Budget } from '../core/stream/reorder.ts'
import { utf8 } from '../core/text.ts'
import { addressText, isName } from './address.ts'
import type { ActorsHost } from './host.ts'
import { readReplied } from './wire.ts'

export interface AskingAllParts {
  readonly host: ActorsHost
  /** Bytes of replies that wait for their programs. */
  readonly budget: Budget
  readonly schema: StandardSchemaV1 | undefined
  readonly gathering: Gathering<unknown>
}

export class LiveAskingAll implements AskingAll<unknown> {
  readonly #parts: AskingAllParts
  readonly #replies: LiveGathering<MemberReply, AskAllReport>
  readonly #answers: AsyncIterator<Reply>
  readonly #failures: MemberFailure[] = []

  constructor(parts: AskingAllParts) {
    this.#parts = parts
    this.#answers = parts.gathering[Symbol.asyncIterator]()
    this.#replies = new LiveGathering(parts.budget, () => void this.#answers.return?.())
    void this.#listen()
  }

  get report(): Promise<AskAllReport> {
    return this.#replies.report
  }

  async all(): Promise<MemberReply[]> {
    const all: MemberReply[] = []
    for await (const reply of this) all.push(reply)
    return all
  }

  [Symbol.asyncIterator](): AsyncIterator<MemberReply> {
    return this.#replies[Symbol.asyncIterator]()
  }

  async #listen(): Promise<void> {
    const { gathering } = this.#parts
    try {
      for (;;) {
        const next = await this.#answers.next()
        if (next.done) break
        await this.#onReply(next.value)
      }
      this.#ended(await gathering.report)
    } catch (error) {
      this.#ended(await gathering.report, error)
    }
  }

  #ended(report: GatherReport, reason?: unknown): void {
    this.#replies.ended({ ...report, failures: this.#failures }, reason)
  }

  async #onReply({ value, from, rtt }: Reply): Promise<void> {
    const { host, schema } = this.#parts
    const replied = value instanceof Uint8Array ? readReplied(value) : undefined
    if (!replied || !isName(replied.name)) return host.count('malformed')
    const actor = addressText(replied.name, from)
    if (!('payload' in replied)) {
      const fault = { code: utf8(replied.code), message: utf8(replied.message) }
      return void this.#failures.push({ actor, error: errorOf(from, fault) })
    }
    const decoded = decodeValue(replied.codec, replied.payload, host.codec)
    const checked = schema && 'value' in decoded ? await validate(schema, decoded.value) : decoded
    if ('issues' in checked) {
      const fault = `the reply of actor "${actor}" is not what the schema says`
      const error = new BusError('INVALID_VALUE', `${fault}: ${checked.issues.join('; ')}`)
      return void this.#failures.push({ actor, error })
    }
    const reply = { value: checked.value, from, actor, rtt }
    if (this.#replies.push(reply, replied.payload.length)) return
    host.count('repliesFull')
    const mend = 'take them sooner, or raise limits.repliesSize'
    const error = new BusError('OVERFLOW', `no room is left for a reply of "${actor}": ${mend}`)
    this.#failures.push({ actor, error })
  }
}
