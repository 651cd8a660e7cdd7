/**
 * What a peer tells another one by unicast: whether it hears that one by multicast.
 *
 *     reach   target (8) | uint8 flags: 1 heard by multicast | token (8) | echo (8)
 *
 * While it does not, everything that goes to a group goes to it by unicast as well, but only once it
 * has echoed the token: then it is where the token was sent to. The echo is the last token that it
 * was told itself, 0 before. Other flags are for later, and mean nothing yet.
 */
import type { Reader, Writer } from './cursor.ts'

export interface ReachReport {
  readonly type: 'reach'
  readonly target: bigint
  readonly multicast: boolean
  readonly token: bigint
  readonly echo: bigint
}

export function writeReach(writer: Writer, report: ReachReport): Uint8Array {
  const { target, multicast, token, echo } = report
  writer.uint64(target).uint8(multicast ? ReachFlag.multicast : 0)
  return writer.uint64(token).uint64(echo).written
}

export function readReach(reader: Reader): ReachReport {
  const target = reader.uint64()
  const multicast = (reader.uint8() & ReachFlag.multicast) > 0
  return { type: 'reach', target, multicast, token: reader.uint64(), echo: reader.uint64() }
}

const ReachFlag = { multicast: 1 } as const
