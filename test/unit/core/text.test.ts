/** UTF-8 in both directions. */
import { describe, expect, it } from 'vitest'
import { hex64, textOf, utf8 } from '../../../bus/core/text.ts'

describe('text', () => {
  it.each(['', 'plain', 'é 漢 🙂', '\ufeffmarked', 'in\ufeffside', '\0'])(
    'comes out as it went in: %j',
    (text) => {
      expect(textOf(utf8(text))).toBe(text)
    },
  )

  it.each([[[0xff]], [[0xc3]], [[0xed, 0xa0, 0x80]], [[0xc0, 0x80]]])(
    'is not made of bytes that are no UTF-8: %j',
    (bytes) => {
      expect(textOf(Uint8Array.from(bytes))).toBeUndefined()
    },
  )

  it('writes 64-bit numbers in sixteen digits', () => {
    expect(hex64(0n)).toBe('0000000000000000')
    expect(hex64(2n ** 64n - 1n)).toBe('ffffffffffffffff')
  })
})
