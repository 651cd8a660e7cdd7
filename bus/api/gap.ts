/** The public types of what stands between messages: gaps, and the mark of what is new. */
import type { GapCause } from '../core/output.ts'
import type { PeerId } from './terms.ts'

/** Messages `from` to `to` of one publisher on one topic (inclusive) will not come. */
export interface Gap {
  readonly type: 'gap'
  readonly topic: string
  readonly publisher: PeerId
  readonly from: number
  readonly to: number
  readonly count: number
  readonly cause: GapCause
}

/**
 * What was there when the subscription came stands before this, as messages or as gaps; behind it
 * comes what is new.
 */
export interface Live {
  readonly type: 'live'
}
