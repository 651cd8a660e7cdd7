/** Questions and answers, and their decoders. */
import { utf8 } from '../../bus/core/text.ts'
import { type Answer, readAnswer, writeAnswer } from '../../bus/core/wire/answer.ts'
import { readQuestion, writeQuestion } from '../../bus/core/wire/question.ts'
import { bounded, type Decoder, same, shape } from './decoder.ts'

const ask = { type: 'ask', id: 70, flags: 1, timeoutMs: 5000, spreadMs: 500 } as const
const place = { id: 70, sequence: 2 }
const answers: readonly Answer[] = [
  { ...place, kind: 'value', codec: 2, payload: utf8('{"on":true}') },
  { ...place, kind: 'part', codec: 0, payload: new Uint8Array(3) },
  { ...place, kind: 'end' },
  { ...place, kind: 'error', code: utf8('NO_LAMP'), message: utf8('there is no lamp in the hall') },
]

export const questionDecoders: readonly Decoder[] = [
  {
    name: 'question',
    seeds: [[], [5n], [1n, 2n, 3n]]
      .map((wanted) => writeQuestion({ ...ask, wanted }))
      .concat(writeQuestion({ type: 'cancel', id: 70 })),
    outcome: (bytes) => {
      const read = bounded(readQuestion(bytes), bytes)
      if (read) same(readQuestion(writeQuestion(read)), read)
      return shape(read)
    },
  },
  {
    name: 'answer',
    seeds: answers.map(writeAnswer),
    outcome: (bytes) => {
      const read = bounded(readAnswer(bytes), bytes)
      if (read) same(readAnswer(writeAnswer(read)), read)
      return `${read?.kind} ${shape(read)}`
    },
  },
]
