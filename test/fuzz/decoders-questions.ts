/** Questions and answers, those about variables too, and their decoders. */
import { utf8 } from '../../bus/core/text.ts'
import { type Answer, readAnswer, writeAnswer } from '../../bus/core/wire/answer.ts'
import { readQuestion, writeQuestion } from '../../bus/core/wire/question.ts'
import {
  type Entry,
  readPart,
  readReadAsk,
  readWriteAsk,
  writePart,
  writeReadAsk,
  writeWriteAsk,
} from '../../bus/core/wire/variables.ts'
import { bounded, type Decoder, same, shape } from './decoder.ts'

const ask = { type: 'ask', id: 70, flags: 1, timeoutMs: 5000, spreadMs: 500 } as const
const place = { id: 70, sequence: 2 }
const answers: readonly Answer[] = [
  { ...place, kind: 'value', codec: 2, payload: utf8('{"on":true}') },
  { ...place, kind: 'part', codec: 0, payload: new Uint8Array(3) },
  { ...place, kind: 'end' },
  { ...place, kind: 'error', code: utf8('NO_LAMP'), message: utf8('there is no lamp in the hall') },
]

const entries: readonly Entry[] = [
  {
    name: utf8('disk/a/free'),
    kind: 'value',
    version: 3,
    ageMs: 70,
    codec: 2,
    payload: utf8('17'),
  },
  { name: utf8('load'), kind: 'fault', code: utf8('TOO_SLOW'), message: utf8('over 20 ms') },
]
const gone: Entry = { name: utf8('load'), kind: 'gone' }
const patterns = [utf8('load'), utf8('disk/*/free')]

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
  {
    name: 'question for variables',
    seeds: [[], [utf8('role=web'), utf8('site=north')]].map((tags) =>
      writeReadAsk({ watch: false, ms: 2500, patterns, tags }),
    ),
    outcome: (bytes) => {
      const read = bounded(readReadAsk(bytes), bytes)
      if (read) same(readReadAsk(writeReadAsk(read)), read)
      return shape(read)
    },
  },
  {
    name: 'what asks to set a variable',
    seeds: [0, 300].map((version) =>
      writeWriteAsk({ name: utf8('lamp'), version, codec: 2, payload: utf8('{"on":true}') }),
    ),
    outcome: (bytes) => {
      const read = bounded(readWriteAsk(bytes), bytes)
      if (read) same(readWriteAsk(writeWriteAsk(read)), read)
      return shape(read)
    },
  },
  {
    name: 'part of an answer with variables',
    seeds: [writePart({ more: true, entries }), writePart({ more: false, entries: [gone] })],
    outcome: (bytes) => {
      const read = bounded(readPart(bytes), bytes)
      if (read) same(readPart(writePart(read)), read)
      return `${read?.entries.map(({ kind }) => kind).join()} ${read?.more}`
    },
  },
]
