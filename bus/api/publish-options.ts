/** The public types of publishing: what `publish` and `matched` take. */
import type { Delivery } from '../core/output.ts'
import type { FlowRule, ProofRule } from '../core/publication.ts'
import type { Cancel } from './terms.ts'

/**
 * Whom a topic waits for: 'max' for nobody, 'min' for the slowest receiver, `tagged` for the slowest
 * of those that carry this tag, `key=value`.
 */
export type Flow = FlowRule

/**
 * What proves who has published: the realm's key, which every member has ('group'), signatures that
 * vouch for up to 64 packets each ('checkpoint'), or one in every packet ('each').
 */
export type Proof = ProofRule

export interface PublishOptions {
  /** Default: 'reliable'. A topic keeps the mode of its first message. */
  readonly delivery?: Delivery
  /** Sends at once instead of sharing a packet with the messages of the same turn. */
  readonly urgent?: boolean
  /** Who slows this reliable topic down. Default: 'max', nobody. */
  readonly flow?: Flow
  /** Not sent, repaired or delivered after so many ms. Default: never expires. */
  readonly expires?: number
  /**
   * Of a reliable topic: keeps its last so many messages, however old, for those who subscribe
   * with `history`. Counts from the call that says it. Default: what it was; 0 at first.
   */
  readonly retain?: number
  /**
   * What proves that this topic's messages are this bus's own, and no other member's. Default: that
   * of `connect`. 'checkpoint' is for reliable topics; in others the default counts as 'each'.
   */
  readonly proof?: Proof
  /**
   * True: of subscriptions with the same `share` one gets each message of this reliable topic; all
   * others get it too. From its first message on. Default: as it began, and it begins without.
   */
  readonly shared?: boolean
}

export interface MatchedOptions extends Cancel {
  /** As `publish` is going to say. */
  readonly flow?: Flow
  readonly proof?: Proof
  readonly shared?: boolean
  /** Subscribers to wait for; 0 tells how many there are now. Default: 1. */
  readonly count?: number
  /** Rejects with TIMEOUT after so many ms. Default: waits without end. */
  readonly timeout?: number
}
