/** Random but well-formed wire records. */
import fc from 'fast-check'
import { addressText } from '../../../../bus/core/wire/address.ts'
import { utf8 } from '../../../../bus/core/text.ts'
import {
  type Bindings,
  type ControlRecord,
  ControlType,
  writeBinding,
  writeControlBody,
} from '../../../../bus/core/wire/control.ts'
import { Writer } from '../../../../bus/core/wire/cursor.ts'
import { type Hello, HELLO_LIST_MAX } from '../../../../bus/core/wire/hello.ts'
import { NAK_SPAN } from '../../../../bus/core/wire/nak.ts'
import { VARINT_MAX } from '../../../../bus/core/wire/varint.ts'

export const anyUint64: fc.Arbitrary<bigint> = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

/** Any varint, each of its four sizes as likely as the others. */
export const anyVarint: fc.Arbitrary<number> = fc.oneof(
  fc.nat(0x3f),
  fc.nat(0x3fff),
  fc.nat(0x3fffffff),
  fc.nat(VARINT_MAX),
)

const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })

export const anyHello: fc.Arbitrary<Hello> = fc.record({
  flags: fc.nat(255),
  identity: bytes(32),
  salt: bytes(16),
  challenge: anyUint64,
  controlNumber: anyVarint,
  intervalMs: anyVarint,
  port: fc.nat(0xffff),
  streamCount: anyVarint,
  name: fc.uint8Array({ maxLength: 64 }),
  tags: fc.array(fc.string({ maxLength: 8 }).map(utf8), { maxLength: 8 }),
  asked: fc.array(anyUint64, { maxLength: HELLO_LIST_MAX }),
  echoes: fc.array(anyUint64, { maxLength: HELLO_LIST_MAX }),
  rights: fc.uint8Array({ maxLength: 120 }),
})

const entry = fc.record({
  stream: anyVarint,
  tag: anyUint64,
  mode: fc.nat(255),
  packetSize: anyVarint,
  ageMs: anyVarint,
  sealedName: fc.uint8Array({ maxLength: 271 }),
})

const anyBindings: fc.Arbitrary<Bindings> = fc
  .tuple(fc.array(entry, { maxLength: 3 }), bytes(64))
  .map(([entries, signature]) => {
    const writer = new Writer(1100)
    writer.varint(entries.length)
    for (const one of entries) writeBinding(writer, one)
    return { type: 'bindings', entries, signed: writer.written, signature }
  })

const list = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 30 })
const shortList = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 18 })

export const anyControlRecord: fc.Arbitrary<ControlRecord> = fc.oneof(
  fc.record({
    type: fc.constant('beacon' as const),
    intervalMs: anyVarint,
    streamCount: anyVarint,
  }),
  fc.record({
    type: fc.constant('want' as const),
    target: anyUint64,
    first: anyVarint,
    count: anyVarint,
  }),
  anyBindings,
  fc.record({
    type: fc.constant('attach' as const),
    target: anyUint64,
    entries: shortList(
      fc.record({
        stream: anyVarint,
        ask: anyVarint,
        from: anyVarint,
        ageMs: anyVarint,
        back: anyVarint,
        attempt: anyVarint,
      }),
    ),
  }),
  fc.record({
    type: fc.constant('started' as const),
    asker: anyUint64,
    entries: shortList(
      fc.record({
        stream: anyVarint,
        ask: anyVarint,
        start: anyVarint,
        wanted: anyVarint,
        index: anyVarint,
        head: anyVarint,
        behind: anyVarint,
        receivers: anyVarint,
      }),
    ),
  }),
  fc.record({
    type: fc.constant('heartbeat' as const),
    flags: fc.nat(255),
    grttUs: anyVarint,
    entries: list(
      fc.record({ stream: anyVarint, head: anyVarint, index: anyVarint, receivers: anyVarint }),
    ),
  }),
  fc.record({
    type: fc.constant('interest' as const),
    validMs: anyVarint,
    groups: list(bytes(16).map(addressText)),
  }),
  fc.record({
    type: fc.constant('cursor' as const),
    target: anyUint64,
    entries: list(fc.record({ stream: anyVarint, next: anyVarint, lost: anyVarint })),
  }),
  fc.record({
    type: fc.constant('expired' as const),
    stream: anyVarint,
    entries: list(fc.record({ first: anyVarint, count: anyVarint })),
  }),
  fc.record({
    type: fc.constant('nak' as const),
    target: anyUint64,
    flags: fc.nat(255),
    rttUs: anyVarint,
    missed: anyVarint,
    all: anyVarint,
    stream: anyVarint,
    first: anyVarint.map((number) => Math.max(1, number)),
    missing: fc.uint8Array({ maxLength: NAK_SPAN / 8 }),
  }),
  fc.record({
    type: fc.constant('oldest' as const),
    stream: anyVarint,
    first: anyVarint,
    index: anyVarint,
  }),
  fc.record({
    type: fc.constant('meet' as const),
    streams: anyVarint,
    attempt: anyVarint,
    targets: list(anyUint64),
  }),
  fc.record({ type: fc.constant('met' as const), target: anyUint64, streams: anyVarint }),
  fc.record({
    type: fc.constant('reach' as const),
    target: anyUint64,
    multicast: fc.boolean(),
    token: anyUint64,
    echo: anyUint64,
  }),
  fc.record({
    type: fc.constant('places' as const),
    entries: list(
      fc.record({
        instance: anyUint64,
        address: bytes(16).map(addressText),
        port: fc.nat(0xffff),
      }),
    ),
  }),
  fc.record({
    type: fc.constant('share' as const),
    target: anyUint64,
    entries: shortList(
      fc.record({
        stream: anyVarint,
        group: anyUint64,
        member: anyVarint,
        flags: fc.nat(255),
        ageMs: anyVarint,
        seat: anyVarint,
        done: anyVarint,
      }),
    ),
  }),
  fc.record({
    type: fc.constant('seat' as const),
    asker: anyUint64,
    entries: shortList(
      fc.record({
        stream: anyVarint,
        group: anyUint64,
        member: anyVarint,
        number: anyVarint,
        seat: anyVarint,
        heard: anyVarint,
      }),
    ),
  }),
  fc.record({
    type: fc.constant('answered' as const),
    entries: shortList(
      fc.record({
        answerer: anyUint64,
        runs: fc.array(fc.record({ first: anyVarint, count: anyVarint }), { maxLength: 3 }),
      }),
    ),
  }),
)

/** A control record with its type and size, as it stands in a packet's body. */
export function controlBytes(record: ControlRecord): Uint8Array {
  const body =
    record.type === 'bindings'
      ? new Writer(1300).put(record.signed).put(record.signature).written
      : writeControlBody(record)
  return rawControl(ControlType[record.type], body)
}

export function rawControl(type: number, body: Uint8Array): Uint8Array {
  return new Writer(body.length + 9).uint8(type).block(body).written
}
