/** What relays say to each other by a backbone, and its decoder, before any key is looked at. */
import { concat } from '../../bus/core/bytes.ts'
import { readBackboneMessage, writeBackboneMessage } from '../../relay/backbone/message.ts'
import { type Decoder, same } from './decoder.ts'

const SIZES = { here: 1, challenge: 16, answer: 16, records: 40, bye: 0 } as const

const messages = (['here', 'challenge', 'answer', 'records', 'bye'] as const).map((kind) => {
  const body = new Uint8Array(SIZES[kind]).fill(5)
  const about = { kind, epoch: 1, relay: 0x0123456789abcdefn, number: 7, body }
  return concat(writeBackboneMessage(about), new Uint8Array(32).fill(6))
})

export const backboneDecoders: readonly Decoder[] = [
  {
    name: 'message on a backbone',
    seeds: messages,
    outcome: (bytes) => {
      const read = readBackboneMessage(bytes)
      if (!read) return 'none'
      same(concat(writeBackboneMessage(read), read.mac), bytes)
      return `${read.kind} ${Math.min(read.body.length, 60)}`
    },
  },
]
