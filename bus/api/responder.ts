/** One responder: the handler of a program, and the questions that it has at work. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Sharing } from '../core/peer/publishing/seating-parts.ts'
import { Ring } from '../core/ring.ts'
import { matches, paramsOf, type Pattern } from '../core/topic/pattern.ts'
import type { Responder, Responding } from './request-options.ts'
import type { Work } from './work.ts'

export interface ResponderParts {
  readonly pattern: Pattern
  readonly handler: Responding<unknown, unknown>
  readonly schema: StandardSchemaV1 | undefined
  readonly concurrency: number
  /** It is a member of a group; what it had not answered when it is gone may be another's. */
  readonly sharing: Sharing | undefined
  /** It takes no more questions. */
  readonly end: () => void
}

/** A question as it waits for its turn. */
export interface Turn {
  readonly work: Work
  /** It will not be begun. */
  readonly drop: () => void
}

export class LiveResponder implements Responder {
  readonly #parts: ResponderParts
  readonly #atWork = new Set<Work>()
  readonly #waiting = new Ring<Turn>()
  #idle: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined

  constructor(parts: ResponderParts) {
    this.#parts = parts
  }

  get pattern(): string {
    return this.#parts.pattern.text
  }

  get working(): number {
    return this.#atWork.size
  }

  /** A member of a group lets questions wait instead. */
  get isFull(): boolean {
    return this.#isBusy && this.#parts.sharing === undefined
  }

  get sharing(): Sharing | undefined {
    return this.#parts.sharing
  }

  /** Whether it answers questions on the topic. */
  matches(segments: readonly string[]): boolean {
    return matches(this.#parts.pattern, segments)
  }

  begin(turn: Turn): void {
    if (this.#isBusy) this.#waiting.push(turn)
    else this.#run(turn.work)
  }

  #run(work: Work): void {
    const { handler, schema, pattern } = this.#parts
    this.#atWork.add(work)
    const params = paramsOf(pattern, work.topic.split('/')) ?? {}
    void work.run({ handler, schema, params })
  }

  done(work: Work): void {
    this.#atWork.delete(work)
    while (!this.#isBusy) {
      const next = this.#waiting.shift()
      if (!next) break
      this.#run(next.work)
    }
    if (this.working === 0) this.#idle?.resolve()
  }

  /** Takes no more questions, and gives up those at work; a bus that goes on tells who has asked. */
  abort(reason: unknown, goesOn: boolean): void {
    this.#end()
    const mayBegin = this.#parts.sharing?.again === true
    for (const work of this.#atWork) {
      // Another one may begin it anew, as its program has said.
      if (mayBegin && work.isWhole) work.refuse()
      else if (goesOn) work.abandon()
      work.abort(reason)
    }
  }

  close(): Promise<void> {
    this.#end()
    if (this.working === 0) return Promise.resolve()
    if (!this.#idle) {
      let resolve = (): void => undefined
      const promise = new Promise<void>((done) => (resolve = done))
      this.#idle = { promise, resolve }
    }
    return this.#idle.promise
  }

  get #isBusy(): boolean {
    return this.working >= this.#parts.concurrency
  }

  /** What waits is for others. */
  #end(): void {
    this.#parts.end()
    for (let one = this.#waiting.shift(); one; one = this.#waiting.shift()) one.drop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
