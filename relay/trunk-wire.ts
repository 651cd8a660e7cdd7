/**
 * What a trunk carries, the link between two relays: messages as on a link of a peer, each of them
 * a run of records.
 *
 *     uint8 type | varint size | that many bytes
 *
 *     1 challenge   called   nonce (32) | relay (8)
 *     2 hail        caller   nonce (32) | relay (8) | uint16 realm hint | uint8 scope
 *                            varint interval, ms | mac (32)
 *     3 accept      called   varint interval, ms | mac (32)
 *     4 group       both     uint8 hops | group (16) | datagram
 *     5 instance    both     uint8 hops | instance (8) | datagram
 *     6 ask         both     uint8 flags (bit 0 all) | n x instance (8)
 *     7 prune       both     n x instance (8)
 *     8 graft       both     n x instance (8)
 *     9 ping        both     nothing
 *
 * Records of unknown types are skipped.
 */
import { ADDRESS_SIZE, addressBytes, addressText } from '../bus/core/wire/address.ts'
import { type Reader, Writer } from '../bus/core/wire/cursor.ts'
import { LINK_MESSAGE_MAX } from '../bus/core/wire/link.ts'
import { instanceBytes, eachRecord, recordOf } from '../bus/core/wire/run.ts'
import { varintSize } from '../bus/core/wire/varint.ts'

/** The WebSocket subprotocol. */
export const TRUNK_PROTOCOL = 'sixcast-relay.1'
export const TRUNK_NONCE_SIZE = 32
/** Trunks that a datagram may cross one after the other. */
export const HOPS_MAX = 16

/** What a relay that calls says of itself; the mac proves it. */
export interface HailClaim {
  readonly nonce: Uint8Array
  readonly relay: bigint
  readonly hint: number
  /** The scope's nibble in group addresses. */
  readonly scope: number
  /** It speaks at least this often. */
  readonly intervalMs: number
}

export type TrunkOpening =
  | { readonly type: 'challenge'; readonly nonce: Uint8Array; readonly relay: bigint }
  | ({
      readonly type: 'hail'
      /** The bytes that `mac` covers. */
      readonly claimed: Uint8Array
      readonly mac: Uint8Array
    } & HailClaim)
  | {
      readonly type: 'accept'
      readonly intervalMs: number
      readonly claimed: Uint8Array
      readonly mac: Uint8Array
    }

/** What is carried once both have proved themselves. */
export type TrunkRecord =
  | {
      readonly type: 'group'
      /** Trunks that it has crossed with this one. */
      readonly hops: number
      readonly group: string
      readonly datagram: Uint8Array
    }
  | {
      readonly type: 'instance'
      readonly hops: number
      readonly instance: bigint
      readonly datagram: Uint8Array
    }
  | { readonly type: 'ask'; readonly all: boolean; readonly instances: readonly bigint[] }
  | { readonly type: 'prune' | 'graft'; readonly instances: readonly bigint[] }

/** Byte arrays are views of the message. */
export type AnyTrunkRecord = TrunkOpening | TrunkRecord | { readonly type: 'ping' }

/** Calls `each` with every known record; false when the message is malformed from there on. */
export function readTrunkMessage(
  message: Uint8Array,
  each: (record: AnyTrunkRecord) => void,
): boolean {
  return eachRecord(message, { readers: READERS, sizeMax: LINK_MESSAGE_MAX }, each)
}

const TYPES = {
  challenge: 1,
  hail: 2,
  accept: 3,
  group: 4,
  instance: 5,
  ask: 6,
  prune: 7,
  graft: 8,
  ping: 9,
} as const

const READERS: ReadonlyMap<number, (fields: Reader) => AnyTrunkRecord> = new Map<
  number,
  (fields: Reader) => AnyTrunkRecord
>([
  [
    TYPES.challenge,
    (fields) => ({
      type: 'challenge',
      nonce: fields.take(TRUNK_NONCE_SIZE),
      relay: fields.uint64(),
    }),
  ],
  [TYPES.hail, readHail],
  [TYPES.accept, readAccept],
  [
    TYPES.group,
    (fields) => ({
      type: 'group',
      hops: fields.uint8(),
      group: readGroup(fields),
      datagram: fields.take(fields.left),
    }),
  ],
  [
    TYPES.instance,
    (fields) => ({
      type: 'instance',
      hops: fields.uint8(),
      instance: fields.uint64(),
      datagram: fields.take(fields.left),
    }),
  ],
  [
    TYPES.ask,
    (fields) => ({
      type: 'ask',
      all: (fields.uint8() & ASK_ALL) > 0,
      instances: readInstances(fields),
    }),
  ],
  [TYPES.prune, (fields) => ({ type: 'prune', instances: readInstances(fields) })],
  [TYPES.graft, (fields) => ({ type: 'graft', instances: readInstances(fields) })],
  [TYPES.ping, () => ({ type: 'ping' })],
])

function readHail(fields: Reader): TrunkOpening {
  const claim = {
    nonce: fields.take(TRUNK_NONCE_SIZE),
    relay: fields.uint64(),
    hint: fields.uint16(),
    scope: fields.uint8(),
    intervalMs: fields.varint(),
  }
  const claimed = fields.bytes.subarray(0, fields.offset)
  return { type: 'hail', ...claim, claimed, mac: fields.take(MAC_SIZE) }
}

function readAccept(fields: Reader): TrunkOpening {
  const intervalMs = fields.varint()
  const claimed = fields.bytes.subarray(0, fields.offset)
  return { type: 'accept', intervalMs, claimed, mac: fields.take(MAC_SIZE) }
}

function readGroup(fields: Reader): string {
  const bytes = fields.take(ADDRESS_SIZE)
  return fields.failed ? '' : addressText(bytes)
}

function readInstances(fields: Reader): readonly bigint[] {
  const instances: bigint[] = []
  while (fields.left > 0 && !fields.failed) instances.push(fields.uint64())
  return instances
}

export function writeTrunkChallenge(nonce: Uint8Array, relay: bigint): Uint8Array {
  const writer = new Writer(TRUNK_NONCE_SIZE + INSTANCE_SIZE).put(nonce).uint64(relay)
  return recordOf(TYPES.challenge, writer.written)
}

/** What the mac of a hail covers. */
export function writeHailClaim({ nonce, relay, hint, scope, intervalMs }: HailClaim): Uint8Array {
  const writer = new Writer(TRUNK_NONCE_SIZE + INSTANCE_SIZE + 3 + varintSize(intervalMs))
  return writer.put(nonce).uint64(relay).uint16(hint).uint8(scope).varint(intervalMs).written
}

export function writeHail(claimed: Uint8Array, mac: Uint8Array): Uint8Array {
  return recordOf(TYPES.hail, claimed, mac)
}

/** What the mac of an acceptance covers. */
export function writeAcceptClaim(intervalMs: number): Uint8Array {
  return new Writer(varintSize(intervalMs)).varint(intervalMs).written
}

export function writeAccept(claimed: Uint8Array, mac: Uint8Array): Uint8Array {
  return recordOf(TYPES.accept, claimed, mac)
}

/** The group must be an address. */
export function writeTrunkRecord(record: TrunkRecord): Uint8Array {
  switch (record.type) {
    case 'group': {
      const head = new Writer(1 + ADDRESS_SIZE).uint8(record.hops)
      return recordOf(TYPES.group, head.put(addressBytes(record.group)!).written, record.datagram)
    }
    case 'instance': {
      const head = new Writer(1 + INSTANCE_SIZE).uint8(record.hops).uint64(record.instance)
      return recordOf(TYPES.instance, head.written, record.datagram)
    }
    case 'ask': {
      const flags = Uint8Array.of(record.all ? ASK_ALL : 0)
      return recordOf(TYPES.ask, flags, instanceBytes(record.instances))
    }
    case 'prune':
    case 'graft':
      return recordOf(TYPES[record.type], instanceBytes(record.instances))
  }
}

export function writeTrunkPing(): Uint8Array {
  return recordOf(TYPES.ping)
}

const ASK_ALL = 1
const INSTANCE_SIZE = 8
const MAC_SIZE = 32
