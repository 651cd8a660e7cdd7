/** The event of a topic that a subscription matches and the bus is not given. */
import type { PeerId } from './terms.ts'

export interface WithheldEvent {
  readonly type: 'withheld'
  readonly topic: string
  /** Who has published it; others may have as well. */
  readonly from: PeerId
  /**
   * `key`: a guest's key does not open it; `rights`: the own ones do not let read it; `proof`: its
   * publisher proves less than is demanded; `share`: the subscription shares, and the topic is not
   * published as `shared`; `seats`: as many share it as may.
   */
  readonly reason: 'key' | 'rights' | 'proof' | 'share' | 'seats'
}
