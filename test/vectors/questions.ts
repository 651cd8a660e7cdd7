/** Vectors of questions, which a message carries in a field, and of what answers hold. */
import { utf8 } from '../../bus/core/text.ts'
import { type Answer, writeAnswer } from '../../bus/core/wire/answer.ts'
import { type Ask, AskFlag, type Cancel, writeQuestion } from '../../bus/core/wire/question.ts'
import { Codec } from '../../bus/core/wire/record.ts'

const ask = { type: 'ask', id: 70, timeoutMs: 5000 } as const
const questions: readonly (Ask | Cancel)[] = [
  { ...ask, flags: 0, spreadMs: 0, wanted: [] },
  { ...ask, flags: AskFlag.first, spreadMs: 500, wanted: [0x0123456789abcdefn, 5n] },
  { type: 'cancel', id: 70 },
]
const answers: readonly Answer[] = [
  { id: 70, sequence: 0, kind: 'value', codec: Codec.json, payload: utf8('{"sum":3}') },
  { id: 70, sequence: 0, kind: 'part', codec: Codec.text, payload: utf8('grüß') },
  { id: 70, sequence: 1, kind: 'end' },
  {
    id: 70,
    sequence: 0,
    kind: 'error',
    code: utf8('NO_LAMP'),
    message: utf8('no lamp in the hall'),
  },
  { id: 70, sequence: 0, kind: 'none' },
  { id: 70, sequence: 0, kind: 'busy' },
]

export function questionVectors(): object {
  return {
    about: 'a question is field 2 of its message; an answer is the payload of direct packets',
    questions: questions.map((question) => ({ question, bytes: writeQuestion(question) })),
    answers: answers.map((answer) => ({ answer, bytes: writeAnswer(answer) })),
  }
}
