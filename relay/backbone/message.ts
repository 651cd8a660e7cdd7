/**
 * What relays say to each other by a backbone, to which anybody may write: each message proves that
 * its sender knows the realm's control key.
 *
 *     uint8 version (1) | uint8 kind | uint16 epoch | relay (8) | uint48 number | body | mac (32)
 *
 *     1 here       to any         uint8 flags (bit 0: whoever hears it says so, too)
 *     2 challenge  to that relay  nonce (16)
 *     3 answer     to that relay  the nonce
 *     4 records    to any         records of trunks: group, instance, ask
 *     5 bye        to all         nothing
 */
import { Reader, Writer } from '../../bus/core/wire/cursor.ts'
import { LINK_MESSAGE_MAX } from '../../bus/core/wire/link.ts'

export const BACKBONE_NONCE_SIZE = 16
/** A flag of `here`. */
export const HERE_ASKS = 1

export type MessageKind = keyof typeof KINDS

export interface BackboneMessage {
  readonly kind: MessageKind
  readonly epoch: number
  /** The relay that has sent it, as the mac proves. */
  readonly relay: bigint
  /** Higher in each message of a relay. */
  readonly number: number
  readonly body: Uint8Array
  /** What the mac covers, beside the subject. */
  readonly covered: Uint8Array
  readonly mac: Uint8Array
}

/** Undefined: it is none. */
export function readBackboneMessage(bytes: Uint8Array): BackboneMessage | undefined {
  if (bytes.length < HEAD_SIZE + MAC_SIZE || bytes.length > BACKBONE_MESSAGE_MAX) return undefined
  const covered = bytes.subarray(0, bytes.length - MAC_SIZE)
  const reader = new Reader(covered)
  if (reader.uint8() !== VERSION) return undefined
  const kind = KIND_BY_NUMBER.get(reader.uint8())
  const [epoch, relay, number] = [reader.uint16(), reader.uint64(), reader.uint48()]
  const body = reader.take(reader.left)
  const isWhole = kind !== undefined && (kind === 'records' || body.length === BODY_SIZES[kind])
  if (!isWhole) return undefined
  return { kind, epoch, relay, number, body, covered, mac: bytes.subarray(covered.length) }
}

/** What the mac covers. */
export function writeBackboneMessage({
  kind,
  epoch,
  relay,
  number,
  body,
}: Omit<BackboneMessage, 'covered' | 'mac'>): Uint8Array {
  const head = new Writer(HEAD_SIZE + body.length).uint8(VERSION).uint8(KINDS[kind])
  return head.uint16(epoch).uint64(relay).uint48(number).put(body).written
}

const BODY_SIZES = {
  here: 1,
  challenge: BACKBONE_NONCE_SIZE,
  answer: BACKBONE_NONCE_SIZE,
  bye: 0,
} as const
const KINDS = { here: 1, challenge: 2, answer: 3, records: 4, bye: 5 } as const
const KIND_BY_NUMBER: ReadonlyMap<number, MessageKind> = new Map(
  Object.entries(KINDS).map(([kind, number]) => [number, kind as MessageKind]), // its keys
)
const VERSION = 1
const HEAD_SIZE = 18
const MAC_SIZE = 32
/** One message of a link, and what stands around it. */
const BACKBONE_MESSAGE_MAX = LINK_MESSAGE_MAX + HEAD_SIZE + MAC_SIZE
