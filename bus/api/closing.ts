/** What a closed bus tells its program. */
import type { Confirmation, RosterEntry } from '../core/output.ts'
import type { CloseReport, PeerInfo } from './options.ts'

export function reportOf(
  { unconfirmed, incomplete, behind, waiting }: Confirmation,
  infoOf: (peer: RosterEntry) => PeerInfo,
): CloseReport {
  return {
    unconfirmed: unconfirmed.map(infoOf),
    incomplete: incomplete.map(({ peer, lost }) => ({ peer: infoOf(peer), lost })),
    ...(waiting !== undefined && { waiting }),
    ...(behind !== undefined && { behind }),
  }
}
