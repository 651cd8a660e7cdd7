/** IPv6 addresses: one text for each, and nothing but addresses. */
import assert from 'node:assert/strict'
import { isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ADDRESS_SIZE, addressBytes, addressText } from '../../../../bus/core/wire/address.ts'

const anyAddress = fc.uint8Array({ minLength: ADDRESS_SIZE, maxLength: ADDRESS_SIZE })

describe('addresses', () => {
  it('survive the round trip', () => {
    fc.assert(
      fc.property(anyAddress, (bytes) => {
        expect(addressBytes(addressText(bytes))).toEqual(bytes)
      }),
    )
  })

  it('are read however they are shortened', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        fc.pre(!text.includes('.'))
        const canonical = addressText(addressBytes(text)!)
        expect(new URL(`http://[${canonical}]`).host).toBe(new URL(`http://[${text}]`).host)
      }),
    )
  })

  it.each(['', ':', '1', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1::2::3', '::g', '::12345'])(
    'are not %j',
    (text) => {
      expect(addressBytes(text)).toBeUndefined()
    },
  )

  it('are never read out of other text', () => {
    const anyText = fc.string({
      unit: fc.constantFrom('0', 'a', 'f', ':', '%', '.', 'g', ' '),
      maxLength: 20,
    })
    fc.assert(
      fc.property(anyText, (text) => {
        fc.pre(!text.includes('%'))
        assert.ok(addressBytes(text) === undefined || isIPv6(text))
      }),
      { numRuns: 2000 },
    )
  })
})
