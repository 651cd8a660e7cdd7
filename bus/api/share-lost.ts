/** The event of messages that no member of a group will be given. */
import type { ShareLoss } from '../core/output.ts'

export interface ShareLostEvent {
  readonly type: 'share-lost'
  readonly topic: string
  readonly count: number
  /**
   * `member-gone`: given to one that has gone, and not to be given again; `no-member`: the group had
   * none for 10 s; `overflow`: too much waited (`limits.shareSize`); `expired`: it waited too long.
   */
  readonly cause: ShareLoss
}
