/** What actors say to each other, and the decoders of it. */
import { readReplied, readSaid, type Said, writeReplied, writeSaid } from '../../bus/actors/wire.ts'
import { utf8 } from '../../bus/core/text.ts'
import { bounded, type Decoder, same, shape } from './decoder.ts'

const said: Said = {
  kind: 'ask',
  to: 0x0102030405060708n,
  id: 70,
  name: 'lamps/hall',
  sender: 'desk',
  codec: 2,
  payload: utf8('{"on":true}'),
}

export const actorDecoders: readonly Decoder[] = [
  {
    name: 'talk of actors',
    seeds: [
      writeSaid(said),
      writeSaid({ ...said, kind: 'tell', sender: '', codec: 0, payload: new Uint8Array(0) }),
      writeSaid({ ...said, kind: 'find', to: 0n, id: 0 }),
    ],
    outcome: (bytes) => {
      const read = bounded(readSaid(bytes), bytes)
      if (read) same(readSaid(writeSaid(read)), read)
      return `${read?.kind} ${shape(read)}`
    },
  },
  {
    name: 'reply of a member',
    seeds: [
      writeReplied({ name: 'lamps/hall', codec: 2, payload: utf8('17') }),
      writeReplied({ name: 'lamps/hall', code: 'NO_LAMP', message: 'there is no lamp' }),
    ],
    outcome: (bytes) => {
      const read = bounded(readReplied(bytes), bytes)
      if (read) same(readReplied(writeReplied(read)), read)
      return shape(read)
    },
  },
]
