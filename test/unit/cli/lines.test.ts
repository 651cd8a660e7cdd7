/** Cutting bytes into lines. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Lines } from '../../../bus/cli/lines.ts'

function cut(chunks: readonly Uint8Array[], sizeMax = 1000): string[] {
  const lines = new Lines(sizeMax)
  const found = chunks.flatMap((chunk) => [...lines.take(chunk)].map(text))
  return [...found, ...[...lines.rest()].map(text)]
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

describe('lines', () => {
  it.each([
    ['', []],
    ['\n', ['']],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\r\n\nb', ['a\r', '', 'b']],
    ['\n\n', ['', '']],
  ])('of %j are %j', (input, expected) => {
    expect(cut([Buffer.from(input)])).toEqual(expected)
  })

  it('are the same however the bytes are divided', () => {
    const chunks = fc.array(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => bytes.map((b) => b % 12)),
    )
    fc.assert(
      fc.property(chunks, (parts) => {
        const whole = text(Buffer.concat(parts))
        const expected = whole.split('\n')
        if (expected.at(-1) === '') expected.pop()
        expect(cut(parts)).toEqual(expected)
      }),
    )
  })

  it('may be as long as the bound and no longer', () => {
    expect(cut([Buffer.from('12345\n123'), Buffer.from('45')], 5)).toEqual(['12345', '12345'])
    expect(() => cut([Buffer.from('1\n123'), Buffer.from('456')], 5)).toThrow(
      'line 2 is longer than 5 bytes',
    )
  })
})
