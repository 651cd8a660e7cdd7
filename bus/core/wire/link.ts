/**
 * What a link between a peer and a relay carries: messages, each of them a run of records.
 *
 *     uint8 type | varint size | that many bytes
 *
 *     1 challenge   relay   nonce (32)
 *     2 proof       peer    nonce (32) | identity (32) | uint16 realm hint | uint8 scope
 *                           varint port | uint64 session | varint received
 *                           mac (32) | signature (64)
 *     3 welcome     relay   varint port | varint interval, ms | varint groups
 *                           varint datagram size | uint8 resumed | mac (32)
 *     4 join        peer    n x group (16)
 *     5 leave       peer    n x group (16)
 *     6 rejoin      peer    n x group (16)
 *     7 multicast   peer    group (16) | datagram
 *     8 unicast     peer    address (16) | varint zone | uint16 port | datagram
 *     9 datagram    relay   address (16) | varint zone | uint16 port | datagram
 *     10 ping       relay   nothing
 *     11 pong       peer    nothing
 *     12 rights     peer    a chain of grants (at most 512)
 *     13 rung       peer    uint8 rung (0 this link, 1 the network) | boot salt (16)
 *     14 hears      relay   uint8 (1 yes, 0 no) | relay (8)
 *     15 spare      peer    n x instance (8)
 *     16 need       peer    n x instance (8)
 *
 * Records of unknown types are skipped.
 */
import { ADDRESS_SIZE, addressBytes, addressText } from './address.ts'
import { type Reader, Writer } from './cursor.ts'
import { RIGHTS_SIZE_MAX } from './grant.ts'
import { SALT_SIZE } from './hello.ts'
import { instanceBytes, eachRecord, recordOf } from './run.ts'
import { varintSize } from './varint.ts'

/** The WebSocket subprotocol. */
export const LINK_PROTOCOL = 'sixcast.1'
/** Largest message on a link, both ways: the largest datagram with its record around it. */
export const LINK_MESSAGE_MAX = 65_536
export const LINK_NONCE_SIZE = 32
const LINK_MAC_SIZE = 32

export const LinkType = {
  challenge: 1,
  proof: 2,
  welcome: 3,
  join: 4,
  leave: 5,
  rejoin: 6,
  multicast: 7,
  unicast: 8,
  datagram: 9,
  ping: 10,
  pong: 11,
  rights: 12,
  rung: 13,
  hears: 14,
  spare: 15,
  need: 16,
  received: 17,
} as const

/** Where a datagram comes from or goes to; the address may end in a zone, `%` and a number. */
export interface LinkEndpoint {
  readonly address: string
  readonly port: number
}

/** The address of whoever is on a link of the same relay; its port tells who. */
export const RELAY_ADDRESS = '0:0:0:0:0:0:0:0'

/** What a peer says of itself; the rest of the record proves it. */
export interface ProofClaim {
  readonly nonce: Uint8Array
  readonly identity: Uint8Array
  readonly hint: number
  /** The scope's nibble in group addresses. */
  readonly scope: number
  /** The private port it had before; 0: none. */
  readonly port: number
  /** What it calls its session at this relay, random; 0: it wants none. */
  readonly session: bigint
  /** Messages of the session that have come, the welcomes not counted. */
  readonly received: number
}

export interface WelcomeTerms {
  /** The private port of the peer. */
  readonly port: number
  /** The relay speaks at least this often, ms. */
  readonly intervalMs: number
  /** Groups that the link may join. */
  readonly groups: number
  readonly datagramSize: number
  /** The session goes on where it was. */
  readonly resumed: boolean
}

/** A record that came; byte arrays are views of the message. */
export type LinkRecord =
  | { readonly type: 'challenge'; readonly nonce: Uint8Array }
  | ({
      readonly type: 'proof'
      /** The bytes that `mac` and `signature` cover. */
      readonly claimed: Uint8Array
      readonly mac: Uint8Array
      readonly signature: Uint8Array
    } & ProofClaim)
  | ({
      readonly type: 'welcome'
      readonly claimed: Uint8Array
      readonly mac: Uint8Array
    } & WelcomeTerms)
  | { readonly type: 'join' | 'leave' | 'rejoin'; readonly groups: readonly string[] }
  | { readonly type: 'multicast'; readonly group: string; readonly datagram: Uint8Array }
  | { readonly type: 'unicast'; readonly to: LinkEndpoint; readonly datagram: Uint8Array }
  | { readonly type: 'datagram'; readonly from: LinkEndpoint; readonly datagram: Uint8Array }
  | { readonly type: 'ping' | 'pong' }
  | { readonly type: 'rights'; readonly chain: Uint8Array }
  /** By which way the peer's packets are to be taken: the network that it shares with the relay? */
  | { readonly type: 'rung'; readonly near: boolean; readonly salt: Uint8Array }
  /** Whether the relay, whose beacons bear this id, hears the peer on a network of its own. */
  | { readonly type: 'hears'; readonly yes: boolean; readonly relay: bigint }
  /** Whose packets the peer hears by itself, so that they need not come down; or no more. */
  | { readonly type: 'spare' | 'need'; readonly instances: readonly bigint[] }
  /** Messages of the session that have come: they need not be kept any more. */
  | { readonly type: 'received'; readonly received: number }

/** Calls `each` with every known record; false when the message is malformed from there on. */
export function readLinkMessage(message: Uint8Array, each: (record: LinkRecord) => void): boolean {
  return eachRecord(message, { readers: READERS, sizeMax: LINK_MESSAGE_MAX }, each)
}

type Read = (fields: Reader) => LinkRecord | undefined

const READERS: ReadonlyMap<number, Read> = new Map<number, Read>([
  [LinkType.challenge, (fields) => ({ type: 'challenge', nonce: fields.take(LINK_NONCE_SIZE) })],
  [LinkType.proof, readProof],
  [LinkType.welcome, readWelcome],
  [LinkType.join, (fields) => readGroups('join', fields)],
  [LinkType.leave, (fields) => readGroups('leave', fields)],
  [LinkType.rejoin, (fields) => readGroups('rejoin', fields)],
  [
    LinkType.multicast,
    (fields) => ({ type: 'multicast', group: readAddress(fields), datagram: rest(fields) }),
  ],
  [
    LinkType.unicast,
    (fields) => ({ type: 'unicast', to: readEndpoint(fields), datagram: rest(fields) }),
  ],
  [
    LinkType.datagram,
    (fields) => ({ type: 'datagram', from: readEndpoint(fields), datagram: rest(fields) }),
  ],
  [LinkType.ping, () => ({ type: 'ping' })],
  [LinkType.pong, () => ({ type: 'pong' })],
  [LinkType.rights, readChain],
  [
    LinkType.rung,
    (fields) => ({ type: 'rung', near: fields.uint8() === 1, salt: fields.take(SALT_SIZE) }),
  ],
  [
    LinkType.hears,
    (fields) => ({ type: 'hears', yes: fields.uint8() === 1, relay: fields.uint64() }),
  ],
  [LinkType.spare, (fields) => readInstances('spare', fields)],
  [LinkType.need, (fields) => readInstances('need', fields)],
  [LinkType.received, (fields) => ({ type: 'received', received: fields.varint() })],
])

function readProof(fields: Reader): LinkRecord | undefined {
  const claim = {
    nonce: fields.take(LINK_NONCE_SIZE),
    identity: fields.take(IDENTITY_SIZE),
    hint: fields.uint16(),
    scope: fields.uint8(),
    port: fields.varint(),
    session: fields.uint64(),
    received: fields.varint(),
  }
  const claimed = fields.bytes.subarray(0, fields.offset)
  const proof = { mac: fields.take(LINK_MAC_SIZE), signature: fields.take(SIGNATURE_SIZE) }
  return claim.port > PORT_MAX ? undefined : { type: 'proof', ...claim, claimed, ...proof }
}

function readWelcome(fields: Reader): LinkRecord | undefined {
  const terms = {
    port: fields.varint(),
    intervalMs: fields.varint(),
    groups: fields.varint(),
    datagramSize: fields.varint(),
    resumed: fields.uint8() === 1,
  }
  const claimed = fields.bytes.subarray(0, fields.offset)
  const mac = fields.take(LINK_MAC_SIZE)
  return terms.port > PORT_MAX ? undefined : { type: 'welcome', ...terms, claimed, mac }
}

function readGroups(type: 'join' | 'leave' | 'rejoin', fields: Reader): LinkRecord {
  const groups: string[] = []
  while (fields.left > 0 && !fields.failed) groups.push(readAddress(fields))
  return { type, groups }
}

function readInstances(type: 'spare' | 'need', fields: Reader): LinkRecord {
  const instances: bigint[] = []
  while (fields.left > 0 && !fields.failed) instances.push(fields.uint64())
  return { type, instances }
}

function readChain(fields: Reader): LinkRecord | undefined {
  const chain = rest(fields)
  return chain.length <= RIGHTS_SIZE_MAX ? { type: 'rights', chain } : undefined
}

function readAddress(fields: Reader): string {
  const bytes = fields.take(ADDRESS_SIZE)
  return fields.failed ? '' : addressText(bytes)
}

function readEndpoint(fields: Reader): LinkEndpoint {
  const address = readAddress(fields)
  const zone = fields.varint()
  return { address: zone === 0 ? address : `${address}%${zone}`, port: fields.uint16() }
}

function rest(fields: Reader): Uint8Array {
  return fields.take(fields.left)
}

export function writeChallenge(nonce: Uint8Array): Uint8Array {
  return recordOf(LinkType.challenge, nonce)
}

/** What mac and signature of a proof cover. */
export function writeProofClaim(claim: ProofClaim): Uint8Array {
  const { nonce, identity, hint, scope, port, session, received } = claim
  const numbers = varintSize(port) + 8 + varintSize(received)
  const writer = new Writer(LINK_NONCE_SIZE + IDENTITY_SIZE + 3 + numbers)
  writer.put(nonce).put(identity).uint16(hint).uint8(scope)
  return writer.varint(port).uint64(session).varint(received).written
}

export function writeProof(
  claimed: Uint8Array,
  mac: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  return recordOf(LinkType.proof, claimed, mac, signature)
}

/** What the mac of a welcome covers. */
export function writeWelcomeTerms(terms: WelcomeTerms): Uint8Array {
  const { port, intervalMs, groups, datagramSize, resumed } = terms
  const writer = new Writer(4 * 8 + 1)
  writer.varint(port).varint(intervalMs).varint(groups).varint(datagramSize)
  return writer.uint8(resumed ? 1 : 0).written
}

export function writeWelcome(claimed: Uint8Array, mac: Uint8Array): Uint8Array {
  return recordOf(LinkType.welcome, claimed, mac)
}

/** As many records as the groups take; none when there are none. Each group must be an address. */
export function writeGroups(
  type: 'join' | 'leave' | 'rejoin',
  groups: readonly string[],
): Uint8Array[] {
  const records: Uint8Array[] = []
  for (let at = 0; at < groups.length; at += GROUPS_MAX) {
    const bytes = groups.slice(at, at + GROUPS_MAX).map((group) => addressBytes(group)!)
    records.push(recordOf(LinkType[type], ...bytes))
  }
  return records
}

/** `undefined` when the group is no address. */
export function writeMulticast(group: string, datagram: Uint8Array): Uint8Array | undefined {
  const address = addressBytes(group)
  return address && recordOf(LinkType.multicast, address, datagram)
}

/** `undefined` when the endpoint is none that a link can name. */
export function writeUnicast(to: LinkEndpoint, datagram: Uint8Array): Uint8Array | undefined {
  const head = endpointBytes(to)
  return head && recordOf(LinkType.unicast, head, datagram)
}

/** The same. */
export function writeDatagram(from: LinkEndpoint, datagram: Uint8Array): Uint8Array | undefined {
  const head = endpointBytes(from)
  return head && recordOf(LinkType.datagram, head, datagram)
}

export function writeSign(type: 'ping' | 'pong'): Uint8Array {
  return recordOf(LinkType[type])
}

/** `near`: by the network that the peer shares with the relay; else by this link. */
export function writeRung(near: boolean, salt: Uint8Array): Uint8Array {
  return recordOf(LinkType.rung, new Uint8Array([near ? 1 : 0]), salt)
}

export function writeHears(yes: boolean, relay: bigint): Uint8Array {
  return recordOf(LinkType.hears, new Uint8Array([yes ? 1 : 0]), instanceBytes([relay]))
}

/** As many records as the instances take; none when there are none. */
export function writeInstances(type: 'spare' | 'need', instances: readonly bigint[]): Uint8Array[] {
  const records: Uint8Array[] = []
  for (let at = 0; at < instances.length; at += GROUPS_MAX) {
    records.push(recordOf(LinkType[type], instanceBytes(instances.slice(at, at + GROUPS_MAX))))
  }
  return records
}

export function writeReceived(received: number): Uint8Array {
  return recordOf(LinkType.received, new Writer(varintSize(received)).varint(received).written)
}

/** What the sender may do in a realm with an owner; said before the proof, and when it is renewed. */
export function writeRights(chain: Uint8Array): Uint8Array {
  return recordOf(LinkType.rights, chain)
}

function endpointBytes({ address, port }: LinkEndpoint): Uint8Array | undefined {
  const [text = '', zone = '0', ...more] = address.split('%')
  const bytes = addressBytes(text)
  const named = more.length === 0 && /^\d{1,9}$/.test(zone)
  const ported = Number.isInteger(port) && port > 0 && port <= PORT_MAX
  if (!bytes || !named || !ported) return undefined
  const writer = new Writer(ADDRESS_SIZE + varintSize(Number(zone)) + 2)
  return writer.put(bytes).varint(Number(zone)).uint16(port).written
}

const IDENTITY_SIZE = 32
const SIGNATURE_SIZE = 64
const PORT_MAX = 0xffff
/** Groups or instances in one record: with others they share a message. */
const GROUPS_MAX = 1024
