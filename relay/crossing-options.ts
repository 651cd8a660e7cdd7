/** What the crossing of a relay is made with, and what it tells. */
import type { Crypto } from '../bus/core/env.ts'
import type { Counters } from './counters.ts'
import type { HoldsEvents } from './holds.ts'
import type { RelayKeys } from './keys.ts'
import type { RelayLimits } from './limits.ts'
import type { TalkEvents } from './talk.ts'

export interface CrossingOptions {
  readonly crypto: Crypto
  readonly keys: RelayKeys
  readonly control: string
  /** Random, of this start of the relay. */
  readonly id: bigint
  readonly limits: RelayLimits
  readonly counters: Counters
  readonly isGroup: (group: string) => boolean
}

export interface CrossingEvents extends HoldsEvents, TalkEvents {
  /** Other faces want the group than before. */
  changed(group: string): void
  /** The peer on that link is heard on a segment; or no more. */
  hears(port: number, yes: boolean): void
}
