/** Vectors of a question, its answers, and their acknowledgement. */
import { bytesOf64, concat } from '../../bus/core/bytes.ts'
import { instanceOf, type Sender } from '../../bus/core/seal/control-keys.ts'
import type { RealmKeys } from '../../bus/core/seal/keys.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { utf8 } from '../../bus/core/text.ts'
import { Writer } from '../../bus/core/wire/cursor.ts'
import { type DirectBody, DirectFlag, writeDirect } from '../../bus/core/wire/direct.ts'
import { Kind } from '../../bus/core/wire/packet.ts'
import { Codec, writePrefix, writeRecord } from '../../bus/core/wire/record.ts'
import { counting, crypto } from '../unit/core/crypto.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import { openRealm, sealedRealm, sender as asker, topic } from './samples.ts'

const [identity, salt] = [counting(32, 0x20), counting(16, 0xa0)]
const answerer: Sender = { instance: instanceOf(crypto, identity, salt), identity, salt }
const STREAM = 3

export function directVectors(): object {
  const runs = [
    { first: 1, count: 2 },
    { first: 70, count: 1 },
  ]
  const entries = [
    { answerer: answerer.instance, runs },
    { answerer: 1n, runs: [{ first: 16_384, count: 64 }] },
  ]
  const answered = { type: 'answered', entries } as const
  return {
    about: 'direct key = D(data key of the asker on the topic, label || realm id || the answerer)',
    label: 'sixcast/1/direct',
    topic,
    stream: STREAM,
    asker,
    answerer,
    question: question(),
    sealed: packetsOf(sealedRealm),
    open: packetsOf(openRealm),
    answered: { record: answered, bytes: controlBytes(answered) },
  }
}

/** A message that asks, and one behind it that does not. */
function question(): object {
  const messages = [
    { codec: Codec.json, payload: utf8('{"who":1}'), question: counting(5), lifeMs: 750 },
    { codec: Codec.text, payload: utf8('all?'), question: counting(70) },
    { codec: Codec.text, payload: utf8('said') },
  ]
  const writer = new Writer(300)
  writePrefix(writer, 70, 1_700_000_000_000)
  for (const { codec, payload, ...fields } of messages) writeRecord(writer, codec, payload, fields)
  return { messages, body: writer.written.slice() }
}

function packetsOf(realm: RealmKeys): object {
  const dataKey = realm.dataKeyOf(asker, topic)
  const { instance } = answerer
  const label = concat(utf8('sixcast/1/direct'), realm.id, bytesOf64(instance), salt, identity)
  const key = new Uint8Array(crypto.hmac(dataKey, label)).slice(0, 32)
  const sealer = new Sealer(crypto, realm, instance)
  const one = (number: number, direct: DirectBody, flags = 0): object => {
    const body = writeDirect(new Writer(600), direct).slice()
    const id = { kind: Kind.direct, flags, stream: STREAM, number }
    return { number, flags, direct, body, packet: sealer.seal(id, body, key) }
  }
  const piece = { id: 2, previous: 1, totalSize: 300 }
  const none = { id: 3, previous: 2, totalSize: 0, offset: 0, bytes: counting(0) }
  return {
    dataKey,
    key,
    packets: [
      one(1, { id: 1, previous: 0, totalSize: 9, offset: 0, bytes: counting(9) }),
      one(2, { ...piece, offset: 0, bytes: counting(256) }),
      one(3, { ...piece, offset: 256, bytes: counting(44) }),
      one(4, none, DirectFlag.givenUp),
    ],
  }
}
