/** Joining a realm over the bus itself: an inviter waits, and a newcomer comes by a code. */
import type { InviteOptions, Joined, JoinOptions, OpenInvitation } from '../../api/join-options.ts'
import { connect } from '../connect.ts'
import { openInvitation } from './inviter.ts'
import { joinBy } from './newcomer.ts'

/**
 * Waits on the bus for one newcomer that knows the code. Rejects with INVALID_OPTION, as `grant`
 * does about what is granted, and as `connect` does about the network.
 */
export function invite(options: InviteOptions): Promise<OpenInvitation> {
  return openInvitation(options, connect)
}

/**
 * Joins the realm of somebody who has called `invite`; resolves to options for `connect`. Rejects
 * with INVALID_KEY when the code has a mistake in it, TIMEOUT when nobody answers, DENIED when one
 * is not let in.
 */
export function join(code: string, options: JoinOptions = {}): Promise<Joined> {
  return joinBy(code, options, connect)
}
