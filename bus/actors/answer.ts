/** Somebody who waits for what comes of a message. */
import { becomesRemote, errorOf, faultOf, ToldError } from '../api/answer-error.ts'
import { encodeValue, Snapshot } from '../api/codec.ts'
import { BusError, type BusErrorCode } from '../api/errors.ts'
import type { PeerId } from '../api/terms.ts'
import type { ActorsHost } from './host.ts'

export class Answer<R = unknown> {
  readonly promise: Promise<R>
  #resolve: (reply: unknown) => void = () => undefined
  #reject: (error: BusError) => void = () => undefined
  #waited = true

  /** `made`: what is made of the reply at once, for what the next message does to it comes too late. */
  constructor(made: (reply: unknown) => R) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = (reply) => resolve(made(reply))
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

  done(reply: unknown): void {
    try {
      this.#resolve(reply)
    } catch (error) {
      this.fail(error)
    }
  }

  /** The bus says so: it was not begun, or nobody knows how far it has come. */
  refuse(error: BusError): void {
    this.#reject(error)
  }

  /** The behaviour says so, as its bus knows: REMOTE, unless it is a code that is the behaviour's. */
  fail(error: unknown): void {
    const isOwn = error instanceof BusError && !OF_THE_BUS.has(error.code) && !becomesRemote(error)
    this.#reject(isOwn ? error : new ToldError(textOf(error)))
  }
}

/** The answer to an ask. */
export function replying({ codec }: ActorsHost): Answer<Snapshot> {
  return new Answer((reply) => new Snapshot(encodeValue(reply ?? null, codec)))
}

/** The answer to a delivery, which has no reply. */
export function confirming(): Answer<null> {
  return new Answer(() => null)
}

/** An error of an actor of this bus as others would get it: code and message, and no more. */
export function crossing(error: unknown, from: PeerId): BusError {
  return errorOf(from, faultOf(error))
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/**
 * By these a sender knows whether it may send a message again. A behaviour that has asked another
 * actor may throw what that one's bus has said, and has done half of its work by then.
 */
const OF_THE_BUS: ReadonlySet<string> = new Set<BusErrorCode>([
  'NO_ACTOR',
  'MAILBOX_FULL',
  'BUSY',
  'ABANDONED',
])
