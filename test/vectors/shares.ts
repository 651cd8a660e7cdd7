/** Vectors of shared streams: both control records, and the fields of messages. */
import { utf8 } from '../../bus/core/text.ts'
import { Writer } from '../../bus/core/wire/cursor.ts'
import { Codec, type Fields, writePrefix, writeRecord } from '../../bus/core/wire/record.ts'
import { type SeatRecord, type Share, ShareFlag, writeChosen } from '../../bus/core/wire/share.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import { sealedRealm } from './samples.ts'

const target = 0x0123456789abcdefn
const group = sealedRealm.shareOf('workers')
const member = { stream: 3, group, member: 70 }

const records: readonly (Share | SeatRecord)[] = [
  {
    type: 'share',
    target,
    entries: [
      { ...member, flags: ShareFlag.again, ageMs: 5000, seat: 0, done: 0 },
      { ...member, stream: 4, flags: ShareFlag.leaves, ageMs: 5000, seat: 2, done: 16_384 },
    ],
  },
  { type: 'seat', asker: target, entries: [{ ...member, number: 1, seat: 2, heard: 16_385 }] },
]

export function shareVectors(): object {
  return {
    about: 'group: the first 8 bytes of HMAC-SHA-512(name key, "share" 00 name)',
    group: { name: 'workers', bytes: group },
    records: records.map((record) => ({ record, bytes: controlBytes(record) })),
    messages: [
      message('for seat 2 of group 1 and nobody of group 2', {
        chosen: writeChosen([
          { number: 1, seat: 2 },
          { number: 2, seat: 0 },
        ]),
      }),
      message('message 60 once more, for seat 300 of group 2', {
        chosen: writeChosen([{ number: 2, seat: 300 }]),
        again: 60,
      }),
    ],
  }
}

function message(about: string, fields: Fields): object {
  const writer = new Writer(100)
  writePrefix(writer, 70, 1_700_000_000_000)
  writeRecord(writer, Codec.text, utf8('work'), fields)
  return { about, index: 70, body: writer.written }
}
