/** Answers to questions as they travel, and their decoder. */
import { Writer } from '../../bus/core/wire/cursor.ts'
import { DirectFlag, readDirect, writeDirect } from '../../bus/core/wire/direct.ts'
import { bounded, type Decoder, same, shape } from './decoder.ts'

function directBody(size: number, totalSize = size): Uint8Array {
  const direct = { id: 3, previous: 1, totalSize, offset: 0, bytes: new Uint8Array(size) }
  return writeDirect(new Writer(400), direct).slice()
}

export const answerDecoders: readonly Decoder[] = [
  {
    name: 'direct body',
    seeds: [directBody(0), directBody(9), directBody(300), directBody(300, 70_000)],
    outcome: (bytes) => {
      const read = bounded(readDirect(bytes, { flags: 0 }), bytes)
      if (read) same(readDirect(writeDirect(new Writer(2000), read), { flags: 0 }), read)
      const none = readDirect(bytes, { flags: DirectFlag.givenUp })
      return `${shape(read)} ${none !== undefined}`
    },
  },
]
