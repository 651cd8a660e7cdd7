/** The vectors of shared streams can be read back. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type ControlRecord, readControl } from '../../../bus/core/wire/control.ts'
import { readRecords } from '../../../bus/core/wire/record.ts'
import { plain } from '../../vectors/samples.ts'
import { unhex } from '../core/crypto.ts'

interface Vectors {
  readonly records: readonly { readonly record: object; readonly bytes: string }[]
  readonly messages: readonly { readonly index: number; readonly body: string }[]
}

const file = JSON.parse(readFileSync('test/vectors/shares.json', 'utf8')) as Vectors

it('the vectors of shared streams can be read back', () => {
  for (const { record, bytes } of file.records) {
    const read: ControlRecord[] = []
    expect(readControl(unhex(bytes), (one) => read.push(one))).toBe(true)
    expect(read.map(plain)).toEqual([record])
  }
  const read = file.messages.map(({ body }) => readRecords(unhex(body)))
  expect(read.map((one) => one?.index)).toEqual(file.messages.map(({ index }) => index))
  expect(read.flatMap((one) => one!.records).map(({ chosen, again }) => [chosen, again])).toEqual([
    [
      [
        { number: 1, seat: 2 },
        { number: 2, seat: 0 },
      ],
      undefined,
    ],
    [[{ number: 2, seat: 300 }], 60],
  ])
})
