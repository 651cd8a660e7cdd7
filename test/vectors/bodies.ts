/** Vectors of what stands inside packets: control records, data bodies, fragments. */
import { bytesOf64, concat } from '../../bus/core/bytes.ts'
import { SenderStream } from '../../bus/core/stream/sender.ts'
import { utf8 } from '../../bus/core/text.ts'
import { type ControlRecord, writeBinding } from '../../bus/core/wire/control.ts'
import { Writer } from '../../bus/core/wire/cursor.ts'
import { Codec } from '../../bus/core/wire/record.ts'
import { counting } from '../unit/core/crypto.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import { sealedRealm, sender, sign, statement, topic } from './samples.ts'

const target = 0x0123456789abcdefn

const records: readonly Exclude<ControlRecord, { type: 'bindings' }>[] = [
  { type: 'beacon', intervalMs: 750, streamCount: 3 },
  { type: 'want', target, first: 1, count: 16_384 },
  {
    type: 'attach',
    target,
    entries: [
      { stream: 1, ask: 1, from: 0, ageMs: 60_000, back: 5, attempt: 0 },
      { stream: 2, ask: 300, from: 77, ageMs: 5, back: 0, attempt: 3 },
    ],
  },
  {
    type: 'started',
    asker: target,
    entries: [
      {
        stream: 1,
        ask: 1,
        start: 5,
        wanted: 38,
        index: 40,
        head: 2 ** 40,
        behind: 2 ** 41,
        receivers: 1,
      },
    ],
  },
  {
    type: 'heartbeat',
    flags: 1,
    grttUs: 10_000,
    entries: [{ stream: 1, head: 64, index: 16_383, receivers: 3 }],
  },
  {
    type: 'nak',
    target,
    flags: 1,
    rttUs: 850,
    missed: 3,
    all: 70,
    stream: 1,
    first: 65,
    missing: Uint8Array.of(0b1010_0000, 0, 1),
  },
  { type: 'oldest', stream: 1, first: 66, index: 16_390 },
  {
    type: 'expired',
    stream: 1,
    entries: [
      { first: 67, count: 3 },
      { first: 80, count: 1 },
    ],
  },
  { type: 'cursor', target, entries: [{ stream: 1, next: 65, lost: 3 }] },
  { type: 'meet', streams: 70, attempt: 1, targets: [target] },
  { type: 'met', target, streams: 70 },
]

/** Apart from the others: who is reached by multicast alone may skip it. */
const reach = { type: 'reach', target, multicast: true, token: target, echo: 7n } as const
const places = {
  type: 'places',
  entries: [{ instance: target, address: '2001:db8::1', port: 18_666 }],
} as const

export function controlVectors(): object {
  return {
    about: 'a record: type, varint size, body; a control packet holds several, one after the other',
    records: records.map((record) => ({ record, bytes: controlBytes(record) })),
    bindings: bindings(),
    reach: { record: reach, bytes: controlBytes(reach) },
    places: { record: places, bytes: controlBytes(places) },
  }
}

export function bodyVectors(): object {
  return {
    records: [
      body('one message of bytes', [{ codec: Codec.bytes, payload: counting(3) }]),
      body('text, JSON, an empty message and a codec of the program', [
        { codec: Codec.text, payload: utf8('grüß') },
        { codec: Codec.json, payload: utf8('{"on":true}') },
        { codec: Codec.bytes, payload: counting(0) },
        { codec: Codec.custom, payload: counting(2) },
      ]),
      body('a size of two bytes', [{ codec: Codec.bytes, payload: counting(64) }]),
    ],
    lives: {
      about: 'published for 1000 and 2000 ms, and sent after 1000: the first one has expired',
      ...bodiesOf(1190, LIVES, 1000),
    },
    fragments: {
      about: 'one message too large for a body of 100 bytes; the flag of its packets is 1',
      bodySize: 100,
      ...bodiesOf(100, [{ codec: Codec.json, payload: utf8(JSON.stringify('x'.repeat(200))) }]),
    },
  }
}

function bindings(): object {
  const tag = sealedRealm.tagOf(topic)
  const entry = {
    stream: 1,
    tag,
    mode: 0,
    packetSize: 1232,
    ageMs: 4000,
    sealedName: sealedRealm.sealName(tag, utf8(topic)),
  }
  const writer = new Writer(200).varint(1)
  writeBinding(writer, entry)
  const parts = [bytesOf64(sender.instance), writer.written]
  const signed = statement('sixcast/1/bindings', sealedRealm, parts)
  const signature = sign(signed)
  const record = { type: 'bindings', entries: [entry], signed: writer.written, signature } as const
  return { topic, entries: [entry], statement: signed, signature, bytes: controlBytes(record) }
}

interface Message {
  readonly codec: number
  readonly payload: Uint8Array
  readonly expiresAt?: number
}

function body(name: string, messages: readonly Message[]): object {
  return { name, ...bodiesOf(1190, messages) }
}

function bodiesOf(bodySize: number, messages: readonly Message[], now = 0): object {
  const bodies: Uint8Array[] = []
  const stream = new SenderStream(0, 0, {
    stream: 1,
    topic,
    segments: topic.split('/'),
    tag: 0n,
    group: '',
    delivery: 'reliable',
    packetSize: bodySize + 42,
    bodySize,
    seal: (_flags, _number, bytes) => {
      bodies.push(bytes.slice())
      return bytes
    },
  })
  const sentAt = 1_700_000_000_000
  // The index of the first message is not 0: it takes two bytes.
  for (let i = 0; i < 70; i++) stream.publish(0, sentAt, { codec: 0, payload: counting(0) })
  stream.flush()
  while (stream.peek(0)) stream.advance(0)
  bodies.length = 0
  for (const message of messages) stream.publish(0, sentAt, message)
  stream.flush()
  while (stream.peek(now)) stream.advance(now)
  return { index: 70, sentAt, messages, bodies: bodies.map((bytes) => concat(bytes)) }
}

const LIVES: readonly Message[] = [
  { codec: Codec.text, payload: utf8('old'), expiresAt: 1000 },
  { codec: Codec.text, payload: utf8('new'), expiresAt: 2000 },
]
