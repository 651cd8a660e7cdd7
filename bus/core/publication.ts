/** What a program hands over to be sent, and what may forbid it. */
import type { Delivery } from './output.ts'
import { QUESTION_SIZE_MAX } from './wire/record.ts'

/** Messages that one topic retains at most; their bytes have a limit of their own. */
export const RETAIN_MAX = 65_536

/**
 * Who slows a stream down: nobody (`max`), the slowest of all receivers (`min`), or of those that
 * carry this tag, `key=value`.
 */
export type FlowRule = 'max' | 'min' | { readonly tagged: string }

/** What proves who has published, from the weakest to the strongest. */
export const PROOFS = ['group', 'checkpoint', 'each'] as const

/**
 * `group`: the realm's key alone, which every member has. `checkpoint`: signatures, each of which
 * vouches for up to 64 packets. `each`: a signature in every packet.
 */
export type ProofRule = (typeof PROOFS)[number]

/** Whether a stream that proves so much is enough for who demands so much. */
export function proves(proof: ProofRule, demanded: ProofRule): boolean {
  return PROOFS.indexOf(proof) >= PROOFS.indexOf(demanded)
}

/** What a stream is opened for. */
export interface Offer {
  readonly topic: string
  readonly segments: readonly string[]
  readonly delivery: Delivery
  /** Of a reliable stream: so many of its last messages are kept from now on. */
  readonly retain?: number | undefined
  /** Of a reliable stream. Absent: as it was opened, or `max`. */
  readonly flow?: FlowRule | undefined
  /** Absent: as it was opened, or `group`. */
  readonly proof?: ProofRule | undefined
  /**
   * Of a reliable stream: members of groups share its messages, or for now nothing but questions.
   * Absent: as it was opened, or not.
   */
  readonly shared?: boolean | 'questions' | undefined
}

export interface Publication extends Offer {
  readonly codec: number
  readonly payload: Uint8Array
  readonly urgent: boolean
  /** Of no use after so many ms. */
  readonly expiresMs?: number | undefined
  /** Makes the message a question: at most 512 bytes for those who answer. */
  readonly question?: Uint8Array | undefined
  /** Of a shared stream: it is for all, and of no group one gets it. */
  readonly everybody?: boolean | undefined
}

/** Who gets the messages of a topic. */
export interface Audience {
  /** Index of the topic's next message. */
  readonly index: number
  /** By instance: the index of the first message that it gets. */
  readonly firstByInstance: ReadonlyMap<bigint, number>
  /** Of them, those who get only what is chosen for them, as members of groups. */
  readonly apart: ReadonlySet<bigint>
  /** Whether anything has been published on it, or offered; and whether groups share it. */
  readonly isOpen: boolean
  readonly isShared: boolean
}

/** What goes back to who has asked, to it alone. */
export interface Answer {
  /** The instance that has asked, and its stream that the question came by. */
  readonly to: bigint
  readonly stream: number
  readonly payload: Uint8Array
  /** It leaves after a random time below this: many answer the same question. */
  readonly spreadMs: number
  /** After so long it is of no use, and not sent again. */
  readonly lifeMs: number
}

/** Why an answer is not taken: too much waits, it is too large, or who has asked is not here. */
export type AnswerFault = 'queue' | 'size' | 'gone' | undefined

/** One topic too many, one without a right to it, or its topic has been opened otherwise. */
export type OfferFault = 'streams' | 'delivery' | 'flow' | 'proof' | 'shared' | 'rights'

/** What forbids a publication: a bound, or that its topic has another mode. */
export type PublishFault = OfferFault | 'queue' | undefined

/** A copy: it stays here past the program's turn. */
export function questionOf({ question }: Publication): Uint8Array | undefined {
  if (!question) return undefined
  const { length } = question
  if (length > QUESTION_SIZE_MAX) {
    throw new RangeError(`a question has ${QUESTION_SIZE_MAX} bytes at most, this one ${length}`)
  }
  return new Uint8Array(question)
}
