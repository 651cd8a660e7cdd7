/** The vectors of variables can be read back. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { readPart, readReadAsk, readWriteAsk } from '../../../bus/core/wire/variables.ts'
import { plain } from '../../vectors/samples.ts'
import { unhex } from '../core/crypto.ts'

interface Vectors {
  readonly questions: readonly { readonly question: object; readonly bytes: string }[]
  readonly writes: readonly { readonly write: object; readonly bytes: string }[]
  readonly answers: readonly { readonly answer: object; readonly bytes: string }[]
}

const file = JSON.parse(readFileSync('test/vectors/variables.json', 'utf8')) as Vectors

it('the vectors of variables can be read back', () => {
  for (const { question, bytes } of file.questions) {
    expect(plain(readReadAsk(unhex(bytes))!)).toEqual(question)
  }
  for (const { write, bytes } of file.writes) {
    expect(plain(readWriteAsk(unhex(bytes))!)).toEqual(write)
  }
  for (const { answer, bytes } of file.answers) {
    expect(plain(readPart(unhex(bytes))!)).toEqual(answer)
  }
  const { questions, writes, answers } = file
  expect([questions.length, writes.length, answers.length]).toEqual([3, 2, 4])
})
