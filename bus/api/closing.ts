/** What a closed bus tells its program. */
import type { Confirmation, RosterEntry } from '../core/output.ts'
import type { CloseReport, PeerInfo } from './options.ts'

export function reportOf(
  { unconfirmed, incomplete, behind, waiting, mailLost }: Closed,
  infoOf: (peer: RosterEntry) => PeerInfo,
): CloseReport {
  return {
    unconfirmed: unconfirmed.map(infoOf),
    incomplete: incomplete.map(({ peer, lost }) => ({ peer: infoOf(peer), lost })),
    ...(waiting !== undefined && { waiting }),
    ...(behind !== undefined && { behind }),
    ...(mailLost > 0 && { mailLost }),
  }
}

interface Closed extends Confirmation {
  /** Messages to actors that have not been found. */
  readonly mailLost: number
}
