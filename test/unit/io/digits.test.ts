/** Digits are those that Node writes. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { base64url, base64urlBytes, hex } from '../../../bus/io/digits.ts'

describe('digits', () => {
  it.each([0, 1, 2, 3, 31, 32, 33, 300])('are those that others write, of %i bytes', (size) => {
    const bytes = randomBytes(size)
    expect(base64url(bytes)).toBe(bytes.toString('base64url'))
    expect(hex(bytes)).toBe(bytes.toString('hex'))
    expect(base64urlBytes(bytes.toString('base64url'))).toEqual(new Uint8Array(bytes))
  })

  it.each(['a', 'a+b/', 'ab==', 'ab cd', 'äöü', 'abcde'])('are none in %j', (text) => {
    expect(base64urlBytes(text)).toEqual(new Uint8Array(0))
  })
})
