/** What programs say to each other in messages, and its decoders: values, files, joining, Librecast. */
import nacl from 'tweetnacl'
import { decodeValue } from '../../bus/api/codec.ts'
import { utf8 } from '../../bus/core/text.ts'
import { journalIn } from '../../bus/io/files/journal.ts'
import { answered, chunkOf, spoken } from '../../bus/io/files/wire.ts'
import {
  answerOf,
  answerValue,
  refusalValue,
  requestOf,
  requestValue,
} from '../../bus/io/joining/words.ts'
import { decodeDatagram } from '../../bus/librecast/datagram.ts'
import { decodeFrame, encodeFrame } from '../../bus/librecast/frame.ts'
import { openDatagram, sealDatagram } from '../../bus/librecast/seal.ts'
import { bounded, type Decoder, same, shape } from './decoder.ts'

const text = new TextDecoder()
const FILE = '00112233445566778899aabbccddeeff'
const KEY = new Uint8Array(32).fill(3)
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

const request = { identity: 'ab'.repeat(32), name: 'Ada', box: KEY, signature: new Uint8Array(64) }

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(text.decode(bytes))
  } catch {
    return undefined
  }
}

export const talkDecoders: readonly Decoder[] = [
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
    name: 'Librecast frame',
    seeds: [frame, sealDatagram(frame, KEY)],
    outcome: (bytes) => {
      const read = decodeFrame(bytes)
      if (typeof read !== 'string') same(encodeFrame(read), bytes)
      const opened = openDatagram(bytes, KEY)
      for (const framed of [true, false])
        decodeDatagram(bytes, { framed, key: KEY, datagramSize: 1400 })
      return `${typeof read === 'string' ? read : read.header.operation} ${opened?.length}`
    },
  },
  {
    name: 'words of joining',
    seeds: [
      requestValue(request),
      answerValue({ realm: 'plant' }, nacl.box.keyPair().publicKey),
      refusalValue('used'),
    ].map((value) => utf8(JSON.stringify(value))),
    outcome: (bytes) => {
      const value = jsonOf(bytes)
      const asked = bounded(requestOf(value), bytes)
      if (asked) same(requestOf(requestValue(asked)), asked)
      const answer = bounded(answerOf(value), bytes)
      return `${shape(asked)} ${shape(answer)}`
    },
  },
]
