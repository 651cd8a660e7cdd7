/** What a receiving stream is made of, and what it takes. */
import type { MessagesOptions } from './messages.ts'
import type { MissingOptions } from './missing.ts'
import type { Budget, EarlyPacket } from './reorder.ts'

/** An authenticated packet. */
export interface Arrival {
  readonly flags: number
  readonly body: Uint8Array
  /** Parity has given it back. */
  readonly mended?: boolean
  /** Its digest, where a signature has to vouch for it and has not yet. */
  readonly unproven?: Uint8Array | undefined
}

export interface ReceiverOptions extends MessagesOptions, MissingOptions {
  /** Most packets that wait for an earlier one, and how far ahead one is taken. */
  readonly reorderPackets: number
  /** Bytes that may wait, shared by all streams of the process. */
  readonly budget: Budget
  /** Packets wait for a signature that vouches for them. */
  readonly proven?: boolean
}

/** As it waits, or is opened. Field by field: a copy by `...` costs a third of opening it. */
export function dueSince(since: number, { flags, body, unproven }: Arrival): EarlyPacket {
  return { flags, body, since, unproven }
}
