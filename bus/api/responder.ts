/** One responder: the handler of a program, and the questions that it has at work. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { matches, paramsOf, type Pattern } from '../core/topic/pattern.ts'
import type { Responder, Responding } from './request-options.ts'
import type { Work } from './work.ts'

export interface ResponderParts {
  readonly pattern: Pattern
  readonly handler: Responding<unknown, unknown>
  readonly schema: StandardSchemaV1 | undefined
  readonly concurrency: number
  /** It takes no more questions. */
  readonly end: () => void
}

export class LiveResponder implements Responder {
  readonly #parts: ResponderParts
  readonly #atWork = new Set<Work>()
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

  get isFull(): boolean {
    return this.working >= this.#parts.concurrency
  }

  /** Whether it answers questions on the topic. */
  matches(segments: readonly string[]): boolean {
    return matches(this.#parts.pattern, segments)
  }

  begin(work: Work): void {
    const { handler, schema, pattern } = this.#parts
    this.#atWork.add(work)
    const params = paramsOf(pattern, work.topic.split('/')) ?? {}
    void work.run({ handler, schema, params })
  }

  done(work: Work): void {
    this.#atWork.delete(work)
    if (this.working === 0) this.#idle?.resolve()
  }

  /** Takes no more questions, and gives up those at work. */
  abort(reason: unknown): void {
    this.#parts.end()
    for (const work of this.#atWork) work.abort(reason)
  }

  close(): Promise<void> {
    this.#parts.end()
    if (this.working === 0) return Promise.resolve()
    if (!this.#idle) {
      let resolve = (): void => undefined
      const promise = new Promise<void>((done) => (resolve = done))
      this.#idle = { promise, resolve }
    }
    return this.#idle.promise
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
