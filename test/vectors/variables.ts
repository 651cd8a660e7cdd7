/** Vectors of questions for variables, and of what answers hold of them. */
import { utf8 } from '../../bus/core/text.ts'
import { Codec } from '../../bus/core/wire/record.ts'
import {
  type Entry,
  type Part,
  type ReadAsk,
  writePart,
  type WriteAsk,
  writeReadAsk,
  writeWriteAsk,
} from '../../bus/core/wire/variables.ts'

const questions: readonly ReadAsk[] = [
  { watch: true, ms: 1000, patterns: [utf8('load')], tags: [] },
  { watch: false, ms: 2500, patterns: [utf8('load')], tags: [] },
  {
    watch: false,
    ms: 2500,
    patterns: [utf8('disk/*/free'), utf8('größe')],
    tags: [utf8('role=web'), utf8('site=north')],
  },
]
const writes: readonly WriteAsk[] = [
  { name: utf8('lamp'), version: 0, codec: Codec.text, payload: utf8('on') },
  { name: utf8('level'), version: 300, codec: Codec.json, payload: utf8('0.5') },
]
const value: Entry = {
  name: utf8('load'),
  kind: 'value',
  version: 300,
  ageMs: 70,
  codec: Codec.json,
  payload: utf8('0.25'),
}
const fault: Entry = {
  name: utf8('disk/root/free'),
  kind: 'fault',
  code: utf8('TOO_SLOW'),
  message: utf8('it takes over 20 ms'),
}
const answers: readonly Part[] = [
  { more: false, entries: [] },
  { more: false, entries: [value, fault] },
  { more: false, entries: [{ name: utf8('load'), kind: 'gone' }] },
  { more: true, entries: [{ ...value, codec: Codec.bytes, payload: new Uint8Array(0) }] },
]

export function variableVectors(): object {
  return {
    about: 'payloads of questions on sixcast/variables, and of their answers',
    questions: questions.map((question) => ({ question, bytes: writeReadAsk(question) })),
    writes: writes.map((write) => ({ write, bytes: writeWriteAsk(write) })),
    answers: answers.map((answer) => ({ answer, bytes: writePart(answer) })),
  }
}
