/** What travels on the network, and its decoders: each by itself, before any key is looked at. */
import { concat } from '../../bus/core/bytes.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { utf8 } from '../../bus/core/text.ts'
import { type ControlRecord, readControl } from '../../bus/core/wire/control.ts'
import { Reader, Writer } from '../../bus/core/wire/cursor.ts'
import { readRights, writeGrant } from '../../bus/core/wire/grant.ts'
import { readHello, writeHello } from '../../bus/core/wire/hello.ts'
import { type Interest, readInterest, writeInterest } from '../../bus/core/wire/interest.ts'
import {
  type LinkRecord,
  readLinkMessage,
  writeChallenge,
  writeDatagram,
  writeGroups,
  writeHears,
  writeInstances,
  writeMulticast,
  writeRung,
  writeSign,
  writeUnicast,
} from '../../bus/core/wire/link.ts'
import { packetOf, SYMBOL_PREFIX, symbolOf } from '../../bus/core/wire/parity.ts'
import { bodyOf, Flag, Kind, readHeader, splitDatagram } from '../../bus/core/wire/packet.ts'
import { readRelayBeacon, writeRelayBeacon } from '../../bus/core/wire/relay.ts'
import {
  readAssembled,
  readFragment,
  readRecords,
  writeFragmentPrefix,
  writePrefix,
  writeRecord,
} from '../../bus/core/wire/record.ts'
import { writeChosen } from '../../bus/core/wire/share.ts'
import {
  LEAF_SIZE,
  PACKET_SIGNATURE_SIZE,
  readSigned,
  writeSigned,
} from '../../bus/core/wire/signed.ts'
import { crypto } from '../unit/core/crypto.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import {
  type AnyTrunkRecord,
  readTrunkMessage,
  type TrunkRecord,
  writeAccept,
  writeAcceptClaim,
  writeTrunkChallenge,
  writeTrunkRecord,
} from '../../relay/trunk-wire.ts'
import { linkVectors } from '../vectors/links.ts'
import { sealedRealm, sender } from '../vectors/samples.ts'
import { bounded, type Decoder, same, shape } from './decoder.ts'

const ID = 0x0123456789abcdefn
const seat = { stream: 1, group: ID, member: 2 }

const records: readonly ControlRecord[] = [
  { type: 'beacon', intervalMs: 750, streamCount: 3 },
  { type: 'want', target: ID, first: 1, count: 9 },
  {
    type: 'attach',
    target: ID,
    entries: [{ stream: 1, ask: 1, from: 0, ageMs: 5, back: 2, attempt: 0 }],
  },
  {
    type: 'started',
    asker: ID,
    entries: [
      { stream: 1, ask: 1, start: 2, wanted: 3, index: 4, head: 5, behind: 6, receivers: 7 },
    ],
  },
  {
    type: 'heartbeat',
    flags: 1,
    grttUs: 9,
    entries: [{ stream: 1, head: 2, index: 3, receivers: 4 }],
  },
  { type: 'cursor', target: ID, entries: [{ stream: 1, next: 2, lost: 3 }] },
  { type: 'oldest', stream: 1, first: 2, index: 3 },
  { type: 'meet', streams: 2, attempt: 1, targets: [ID] },
  { type: 'met', target: ID, streams: 2 },
  { type: 'reach', target: ID, multicast: true, token: ID, echo: ID },
  { type: 'places', entries: [{ instance: ID, address: 'fd00:0:0:0:0:0:0:1', port: 5000 }] },
  { type: 'share', target: ID, entries: [{ ...seat, flags: 1, ageMs: 3, seat: 4, done: 5 }] },
  { type: 'seat', asker: ID, entries: [{ ...seat, number: 3, seat: 4, heard: 5 }] },
  { type: 'answered', entries: [{ answerer: ID, runs: [{ first: 1, count: 2 }] }] },
]

const hello = writeHello({
  flags: 2,
  identity: new Uint8Array(32).fill(1),
  salt: new Uint8Array(16).fill(2),
  challenge: ID,
  controlNumber: 5,
  intervalMs: 750,
  port: 40_000,
  streamCount: 3,
  name: utf8('pump'),
  tags: [utf8('role=pump'), utf8('hall=3')],
  asked: [ID],
  echoes: [ID, 1n],
  rights: new Uint8Array(0),
}).slice()

const grant = {
  holder: new Uint8Array(32).fill(4),
  depth: 1,
  serial: 7,
  notBefore: 1_700_000_000,
  notAfter: 1_800_000_000,
  rules: [{ actions: 3, pattern: utf8('plant/**') }],
}
const signedGrant = { grant, signed: new Uint8Array(0), signature: new Uint8Array(64) }
function recordsBody(): Uint8Array {
  const writer = new Writer(200)
  writePrefix(writer, 70, 1_700_000_000_000)
  writeRecord(writer, 1, utf8('text'))
  writeRecord(writer, 2, utf8('{"a":[1]}'), { lifeMs: 700, question: utf8('how') })
  const chosen = writeChosen([{ number: 1, seat: 70 }])
  writeRecord(writer, 0, utf8('work'), { chosen, again: 60 })
  return writer.written.slice()
}

function fragmentBody(): Uint8Array {
  const writer = new Writer(100)
  writeFragmentPrefix(writer, { index: 1, sentAt: 2, totalSize: 99, offset: 7 })
  return concat(writer.written, utf8('part'))
}

function rights(grants: NonNullable<ReturnType<typeof readRights>>): Uint8Array {
  const signed = grants.flatMap(({ grant, signature }) => [writeGrant(grant).slice(), signature])
  return concat(Uint8Array.of(grants.length), ...signed)
}

const dataPacket = new Sealer(crypto, sealedRealm, sender.instance).seal(
  { kind: Kind.data, flags: Flag.fragment, stream: 1, number: 9 },
  utf8('some text'),
  sealedRealm.control,
)
const linkRecords = Object.values(
  (linkVectors() as { records: Record<string, Uint8Array> }).records,
)

const trunkRecords: readonly TrunkRecord[] = [
  { type: 'group', hops: 1, group: 'ff12:1:2:3:4:5:8000:1', datagram: dataPacket },
  { type: 'instance', hops: 16, instance: 5n, datagram: dataPacket },
  { type: 'ask', all: true, instances: [1n] },
  { type: 'prune', instances: [2n, 3n] },
]

function signedBody(count: number): Uint8Array {
  const leaves = Array.from({ length: count }, (_, i) => new Uint8Array(LEAF_SIZE).fill(i))
  return concat(new Uint8Array(PACKET_SIGNATURE_SIZE).fill(7), writeSigned(leaves, recordsBody()))
}

function interestAgain(read: Interest): Interest {
  const writer = new Writer(9 + read.groups.length * 16)
  return readInterest(new Reader(writeInterest(writer, read)))
}

/** Those that are made of nothing but what was read. */
function linkAgain(one: LinkRecord): readonly Uint8Array[] {
  switch (one.type) {
    case 'challenge':
      return [writeChallenge(one.nonce)]
    case 'join':
    case 'leave':
    case 'rejoin':
      return one.groups.length <= 1024 ? writeGroups(one.type, one.groups) : []
    case 'multicast':
      return [writeMulticast(one.group, one.datagram)!]
    case 'unicast':
      return given(writeUnicast(one.to, one.datagram))
    case 'datagram':
      return given(writeDatagram(one.from, one.datagram))
    case 'ping':
    case 'pong':
      return [writeSign(one.type)]
    case 'rung':
      return [writeRung(one.near, one.salt)]
    case 'hears':
      return [writeHears(one.yes, one.relay)]
    case 'spare':
    case 'need':
      return one.instances.length <= 1024 ? writeInstances(one.type, one.instances) : []
    default:
      return []
  }
}

/** None where the port is 0, or the zone a number that nobody has. */
function given(message: Uint8Array | undefined): readonly Uint8Array[] {
  return message ? [message] : []
}

export const wireDecoders: readonly Decoder[] = [
  {
    name: 'datagram',
    seeds: [concat(Uint8Array.of(0, 25, 0x10), new Uint8Array(24)), new Uint8Array(40)],
    outcome: (bytes) => {
      const kinds: number[] = []
      const fault = splitDatagram(bytes, (packet) => void kinds.push(readHeader(packet).kind))
      return `${kinds.slice(0, 4).join()} ${fault}`
    },
  },
  {
    name: 'hello',
    seeds: [concat(hello, new Uint8Array(64))],
    outcome: (bytes) => {
      const read = readHello(bytes)
      if (read) same(readHello(concat(writeHello(read.hello), read.signature))?.hello, read.hello)
      return shape(read?.hello)
    },
  },
  {
    name: 'control records',
    seeds: [...records.map(controlBytes), concat(...records.map(controlBytes))],
    outcome: (bytes) => {
      const read: ControlRecord[] = []
      const whole = readControl(bytes, (one) => void read.push(one))
      for (const one of read) {
        if (one.type === 'bindings') continue
        const again: ControlRecord[] = []
        readControl(controlBytes(one), (other) => void again.push(other))
        same(again, [one])
      }
      return `${read.map((one) => shape(one)).join(' | ')} ${whole}`
    },
  },
  {
    name: 'rights',
    seeds: [1, 2].map((count) => rights(Array.from({ length: count }, () => signedGrant))),
    outcome: (bytes) => {
      const read = readRights(bytes)
      if (read)
        same(
          readRights(rights(read))?.map((one) => one.grant),
          read.map((one) => one.grant),
        )
      return `${read?.map((one) => one.grant.rules.length).join()}`
    },
  },
  {
    name: 'records of a packet',
    seeds: [recordsBody()],
    outcome: (bytes) => {
      const read = readRecords(bytes)
      return read ? read.records.map(({ codec }) => codec).join() : 'none'
    },
  },
  {
    name: 'fragment',
    seeds: [fragmentBody()],
    outcome: (bytes) => shape(readFragment(bytes)),
  },
  {
    name: 'assembled message',
    seeds: [concat(Uint8Array.of(1), utf8('text')), Uint8Array.of(8, 3, 1, 1, 9, 5)],
    outcome: (bytes) => `${readAssembled(bytes)?.codec}`,
  },
  {
    name: 'signed body',
    seeds: [0, 1, 64].map((count) => signedBody(count)),
    outcome: (bytes) => {
      const read = bounded(readSigned(bytes), bytes)
      if (!read) return 'none'
      const { signature, leaves, content } = read
      same(readSigned(concat(signature, writeSigned(leaves, content))), read)
      return `${leaves.length} ${content.length > 0}`
    },
  },
  {
    name: 'symbol of parity',
    seeds: [symbolOf(dataPacket), concat(symbolOf(dataPacket), new Uint8Array(9))],
    outcome: (bytes) => {
      // As who calls it looks first.
      if (bytes.length < SYMBOL_PREFIX) return 'short'
      const packet = packetOf(readHeader(dataPacket), 9, bytes)
      if (!packet) return 'none'
      const length = symbolOf(packet).length
      same(symbolOf(packet), bytes.slice(0, length))
      return `${bodyOf(packet).length} ${length === bytes.length}`
    },
  },
  {
    name: 'beacon of a relay',
    seeds: [[], [ID], Array.from({ length: 32 }, () => ID)].map((asked) => {
      return writeRelayBeacon({ flags: 1, intervalMs: 500, asked }).slice()
    }),
    outcome: (bytes) => {
      const read = bounded(readRelayBeacon(bytes), bytes)
      if (read) same(readRelayBeacon(writeRelayBeacon(read)), read)
      return shape(read)
    },
  },
  {
    name: 'interest',
    seeds: [concat(Uint8Array.of(9), new Uint8Array(16).fill(255)), Uint8Array.of(0)],
    outcome: (bytes) => {
      const reader = new Reader(bytes)
      const read = bounded(readInterest(reader), bytes)
      if (!reader.failed) same(interestAgain(read), read)
      return `${shape(read)} ${reader.failed}`
    },
  },
  {
    name: 'message on a link',
    seeds: linkRecords,
    outcome: (bytes) => {
      const read: LinkRecord[] = []
      const whole = readLinkMessage(bytes, (one) => void read.push(one))
      for (const one of read) {
        const again: LinkRecord[] = []
        for (const message of linkAgain(one)) {
          same(
            readLinkMessage(message, (other) => void again.push(other)),
            true,
          )
        }
        if (again.length > 0) same(again, [one])
      }
      return `${read
        .slice(0, 4)
        .map((one) => shape(one))
        .join(' | ')} ${whole}`
    },
  },
  {
    name: 'message on a trunk',
    seeds: [
      ...trunkRecords.map(writeTrunkRecord),
      writeTrunkChallenge(new Uint8Array(32).fill(1), 7n),
      writeAccept(writeAcceptClaim(2500), new Uint8Array(32)),
    ],
    outcome: (bytes) => {
      const read: AnyTrunkRecord[] = []
      const whole = readTrunkMessage(bytes, (one) => void read.push(one))
      for (const one of read.filter((record) => 'datagram' in record)) {
        readTrunkMessage(writeTrunkRecord(one), (again) => same(again, one))
      }
      return `${read
        .slice(0, 4)
        .map((one) => shape(one))
        .join(' | ')} ${whole}`
    },
  },
]
