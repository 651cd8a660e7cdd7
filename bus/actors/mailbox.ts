/** The messages that wait for one actor: bounded, in the order in which they have come. */
import type { MailboxOverflow } from '../api/actor-options.ts'
import { BusError } from '../api/errors.ts'
import type { PeerId } from '../api/terms.ts'
import { Ring } from '../core/ring.ts'
import type { Budget } from '../core/stream/reorder.ts'
import type { Answer } from './answer.ts'

/** One message to an actor, as it was encoded. */
export interface Mail {
  readonly from: PeerId
  /** The name of the actor that has sent it; empty: none has. */
  readonly sender: string
  readonly codec: number
  readonly payload: Uint8Array
  readonly answer: Answer | undefined
  /** Called when it does not wait any more: what bounds it is free for another. */
  readonly taken?: () => void
}

export interface MailboxOptions {
  /** As messages name it. */
  readonly owner: string
  readonly limit: number
  readonly overflow: MailboxOverflow
  /** Bytes that wait in all mailboxes of the bus. */
  readonly budget: Budget
  /** There was no room for a message. */
  readonly full: () => void
}

export class Mailbox {
  readonly #options: MailboxOptions
  /** Most actors are idle: made when something has to wait. */
  #waiting: Ring<Mail> | undefined
  /** What must not be lost, each with how many of the others were put before it. */
  #kept: Ring<{ readonly mail: Mail; readonly place: number }> | undefined
  /** How many of the others have left. */
  #gone = 0

  constructor(options: MailboxOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#others + (this.#kept?.size ?? 0)
  }

  /** What its sender is to be told when it is refused. */
  put(mail: Mail): BusError | undefined {
    while (this.#isFull(mail)) {
      this.#options.full()
      const error = this.#fullError()
      if (this.#options.overflow !== 'drop-oldest') {
        mail.answer?.refuse(error)
        return this.#options.overflow === 'reject' ? error : undefined
      }
      this.#shift()?.answer?.refuse(error)
    }
    this.#options.budget.used += sizeOf(mail)
    this.#waiting ??= new Ring()
    this.#waiting.push(mail)
    return undefined
  }

  /** For what must not be lost, and is bounded elsewhere. */
  push(mail: Mail): void {
    this.#options.budget.used += sizeOf(mail)
    this.#kept ??= new Ring()
    this.#kept.push({ mail, place: this.#gone + this.#others })
  }

  take(): Mail | undefined {
    const kept = this.#kept?.first
    if (!kept || kept.place > this.#gone) return this.#shift()
    this.#kept?.shift()
    this.#options.budget.used -= sizeOf(kept.mail)
    return kept.mail
  }

  get #others(): number {
    return this.#waiting?.size ?? 0
  }

  #shift(): Mail | undefined {
    const mail = this.#waiting?.shift()
    if (!mail) return undefined
    this.#gone += 1
    this.#options.budget.used -= sizeOf(mail)
    return mail
  }

  /** One message is always taken, however large. */
  #isFull(mail: Mail): boolean {
    const others = this.#others
    if (others === 0) return false
    const { limit, budget } = this.#options
    return others >= limit || budget.used + sizeOf(mail) > budget.max
  }

  #fullError(): BusError {
    const { owner, limit } = this.#options
    const what =
      this.#others >= limit
        ? `${limit} messages wait: send later, or raise its option "mailbox"`
        : 'too many bytes wait in all mailboxes: send later, or raise limits.mailboxSize'
    return new BusError('MAILBOX_FULL', `no room for a message to actor "${owner}": ${what}`)
  }
}

function sizeOf({ payload }: Mail): number {
  return payload.length + MAIL_SIZE
}

/** What a message takes besides its payload, about. */
const MAIL_SIZE = 512
