/**
 * Every decoder by itself: what it is fed, and what each of its outcomes looks like.
 *
 * An outcome is a short text, the shape of what was read. Inputs that bring a new one are kept and
 * changed further, so that the fuzzer works its way in without knowing the code.
 */
import { isDeepStrictEqual } from 'node:util'
import { decodeValue } from '../../bus/api/codec.ts'
import { BusError } from '../../bus/api/errors.ts'
import { concat } from '../../bus/core/bytes.ts'
import { parsePattern, parseTopic } from '../../bus/core/topic/pattern.ts'
import { utf8 } from '../../bus/core/text.ts'
import { type ControlRecord, readControl } from '../../bus/core/wire/control.ts'
import { Writer } from '../../bus/core/wire/cursor.ts'
import { readRights, writeGrant } from '../../bus/core/wire/grant.ts'
import { readHello, writeHello } from '../../bus/core/wire/hello.ts'
import { readHeader, splitDatagram } from '../../bus/core/wire/packet.ts'
import {
  readAssembled,
  readFragment,
  readRecords,
  writeFragmentPrefix,
  writePrefix,
  writeRecord,
} from '../../bus/core/wire/record.ts'
import { journalIn } from '../../bus/io/files/journal.ts'
import { answered, chunkOf, spoken } from '../../bus/io/files/wire.ts'
import { parseIdentity } from '../../bus/io/identity.ts'
import { identityText } from '../../bus/io/identity-text.ts'
import { keyText, parseKey } from '../../bus/io/key-text.ts'
import { decodeFrame, encodeFrame } from '../../bus/librecast/frame.ts'
import { openDatagram, sealDatagram } from '../../bus/librecast/seal.ts'
import { Random } from '../../bus/testing/random.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import { mutated } from './mutate.ts'

export interface Decoder {
  readonly name: string
  readonly seeds: readonly Uint8Array[]
  /** The shape of what these bytes are. Never throws. */
  readonly outcome: (bytes: Uint8Array) => string
}

export interface DecoderReport {
  readonly name: string
  readonly outcomes: number
  readonly faults: readonly string[]
}

/** Throws nothing; a fault carries the input that brought it. */
export function fuzzDecoder(decoder: Decoder, count: number, seed: number): DecoderReport {
  const random = new Random(seed, decoder.name)
  const corpus = [...decoder.seeds]
  const outcomes = new Set<string>()
  const faults: string[] = []
  for (let i = 0; i < count && faults.length < FAULTS_MAX; i++) {
    const bytes = i < decoder.seeds.length ? decoder.seeds[i]! : mutated(random, corpus)
    const start = performance.now()
    let outcome = ''
    try {
      outcome = decoder.outcome(bytes)
    } catch (error) {
      faults.push(`${String(error)}: ${Buffer.from(bytes).toString('hex')}`)
    }
    // A collection of garbage takes some; what grows with the square of an input takes more.
    const ms = performance.now() - start
    if (ms > SLOW_MS) faults.push(`${Math.round(ms)} ms: ${Buffer.from(bytes).toString('hex')}`)
    if (outcomes.has(outcome) || outcomes.size >= OUTCOMES_MAX) continue
    outcomes.add(outcome)
    corpus.push(bytes.slice())
  }
  return { name: decoder.name, outcomes: outcomes.size, faults }
}

/** What was read, written and read once more is the same. */
function same(one: unknown, other: unknown): void {
  if (!isDeepStrictEqual(one, other)) throw new Error('it reads as another thing when written anew')
}

const text = new TextDecoder()
const FAULTS_MAX = 10
const OUTCOMES_MAX = 2000
const SLOW_MS = 500
const FILE = '00112233445566778899aabbccddeeff'
const KEY = new Uint8Array(32).fill(3)
const ID = 0x0123456789abcdefn

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
const offer = {
  type: 'file-offer',
  file: FILE,
  name: 'a.jpg',
  size: 5,
  mark: 1,
  hash: 'ab'.repeat(32),
}
const status = {
  type: 'file-status',
  to: 'x',
  file: FILE,
  mark: 1,
  receiver: FILE,
  state: 'taking',
  has: 3,
  lacks: [{ from: 0, to: 9 }],
  reason: 'why',
}
const frame = encodeFrame({
  header: { timestamp: 1n, sequence: 2n, random: 3n, operation: 'data' },
  payload: utf8('hello'),
})

function recordsBody(): Uint8Array {
  const writer = new Writer(200)
  writePrefix(writer, 70, 1_700_000_000_000)
  writeRecord(writer, 1, utf8('text'))
  writeRecord(writer, 2, utf8('{"a":[1]}'))
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

/** Names of fields, in order, and how long lists are. */
function shape(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length}]`
  if (value instanceof Uint8Array) return 'bytes'
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.entries(value)
    .map(([name, inner]) => `${name} ${shape(inner)}`)
    .join()
}

/** What it throws must be an error of the bus with this code. */
function thrown(run: () => unknown): string {
  try {
    return shape(run())
  } catch (error) {
    if (error instanceof BusError && error.code === 'INVALID_KEY') return error.code
    throw error
  }
}

export const decoders: readonly Decoder[] = [
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
    name: 'value',
    seeds: [utf8('{"a":[1,null,"b"]}'), utf8('["\\ud800"]'), utf8('[[[[1]]]]')],
    outcome: (bytes) => {
      const outcomes = [0, 1, 2, 3, 7].map((codec) => decodeValue(codec, bytes, undefined))
      // Whatever is delivered can be written again.
      for (const one of outcomes) if ('value' in one) JSON.stringify(one.value)
      return outcomes
        .map((one) => shape(one))
        .join(' | ')
        .slice(0, 200)
    },
  },
  {
    name: 'topic and pattern',
    seeds: [utf8('a/b/c'), utf8('a/*/**'), utf8('{x}/y')],
    outcome: (bytes) => {
      const name = text.decode(bytes)
      return `${parseTopic(name).ok} ${parsePattern(name).ok} ${name.split('/').length}`
    },
  },
  {
    name: 'messages about files',
    seeds: [
      utf8(JSON.stringify(offer)),
      utf8(JSON.stringify({ type: 'file-end', file: FILE })),
      utf8(JSON.stringify(status)),
    ],
    outcome: (bytes) => {
      const said = text.decode(bytes)
      const [one, other] = [spoken(said), answered(said)]
      if (one) same(spoken(JSON.stringify(one)), one)
      if (other) same(answered(JSON.stringify(other)), other)
      return `${shape(one)} ${shape(other)}`
    },
  },
  {
    name: 'chunk of a file',
    seeds: [chunkOf(FILE, 32_768, utf8('bytes'))],
    outcome: (bytes) => {
      const chunk = spoken(bytes)
      if (chunk?.type !== 'file-chunk') return shape(chunk)
      same(chunkOf(chunk.file, chunk.offset, chunk.bytes), bytes)
      return `${chunk.type} ${Math.log2(chunk.offset + 1) | 0}`
    },
  },
  {
    name: 'journal',
    seeds: [
      utf8(`{"sixcast":1,"file":"${FILE}","size":99,"receiver":"${FILE}"}\n\n0 5\n7 9\n`),
      utf8(`{"sixcast":1,"file":"${FILE}","size":99,"receiver":"${FILE}"}\n\n0 99\n5`),
    ],
    outcome: (bytes) => {
      const kept = journalIn(text.decode(bytes), { file: FILE, size: 99 })
      if (kept && kept.have.size > 99) throw new Error(`it holds ${kept.have.size} of 99 bytes`)
      return `${kept?.have.size}`
    },
  },
  {
    name: 'key and identity',
    seeds: [
      utf8(keyText(KEY)),
      utf8(identityText({ publicKey: KEY, secretKey: KEY })),
      utf8(`sixcast-key-1 ${'A'.repeat(43)}`),
    ],
    outcome: (bytes) => {
      const given = text.decode(bytes)
      return `${thrown(() => parseKey(given, 'x'))} ${thrown(() => parseIdentity(given, 'x'))}`
    },
  },
  {
    name: 'Librecast frame',
    seeds: [frame, sealDatagram(frame, KEY)],
    outcome: (bytes) => {
      const read = decodeFrame(bytes)
      if (typeof read !== 'string') same(encodeFrame(read), bytes)
      const opened = openDatagram(bytes, KEY)
      return `${typeof read === 'string' ? read : read.header.operation} ${opened?.length}`
    },
  },
]
