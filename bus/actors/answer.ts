/** Somebody who waits for what comes of a message. */
import { errorOf, faultOf } from '../api/answer-error.ts'
import { BusError } from '../api/errors.ts'
import type { PeerId } from '../api/terms.ts'

export class Answer {
  readonly promise: Promise<unknown>
  #resolve: (value: unknown) => void = () => undefined
  #reject: (error: BusError) => void = () => undefined
  #waited = true

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever has given up does not hear of it.
    this.promise.catch(() => undefined)
  }

  /** False: it is of no use any more, and the message need not be taken. */
  get waited(): boolean {
    return this.#waited
  }

  abandon(): void {
    this.#waited = false
  }

  done(value: unknown): void {
    this.#resolve(value)
  }

  /** What is no BusError is REMOTE. */
  fail(error: unknown): void {
    this.#reject(error instanceof BusError ? error : new BusError('REMOTE', textOf(error)))
  }
}

/** An error of an actor of this bus as others would get it: code and message, and no more. */
export function crossing(error: unknown, from: PeerId): BusError {
  return errorOf(from, faultOf(error))
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
