/** The vectors of variables can be read back. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { readPart, readReadAsk } from '../../../bus/core/wire/variables.ts'
import { plain } from '../../vectors/samples.ts'
import { unhex } from '../core/crypto.ts'

interface Vectors {
  readonly questions: readonly { readonly question: object; readonly bytes: string }[]
  readonly answers: readonly { readonly answer: object; readonly bytes: string }[]
}

const file = JSON.parse(readFileSync('test/vectors/variables.json', 'utf8')) as Vectors

it('the vectors of variables can be read back', () => {
  for (const { question, bytes } of file.questions) {
    expect(plain(readReadAsk(unhex(bytes))!)).toEqual(question)
  }
  for (const { answer, bytes } of file.answers) {
    expect(plain(readPart(unhex(bytes))!)).toEqual(answer)
  }
  expect([file.questions.length, file.answers.length]).toEqual([2, 3])
})
