/** Every decoder against some thousand inputs that are nearly right: it never throws. */
import { describe, expect, it } from 'vitest'
import { fuzzDecoder } from '../../fuzz/decoder.ts'
import { decoders } from '../../fuzz/decoders.ts'

describe('the decoder of', () => {
  it.each(decoders.map((one) => [one.name, one] as const))(
    '%s never throws',
    async (_, decoder) => {
      const { outcomes, faults } = await fuzzDecoder(decoder, 5000, 1)
      expect(faults).toEqual([])
      // One outcome would mean that the inputs get no further than the first check.
      expect(outcomes).toBeGreaterThan(1)
    },
  )
})

describe('the fuzzer of decoders', () => {
  it('finds a decoder that throws, is slow, or forgets', async () => {
    const seeds = [Uint8Array.of(1, 2, 3)]
    const broken = { name: 'x', seeds, outcome: (bytes: Uint8Array) => `${bytes[9]!.toString()}` }
    expect((await fuzzDecoder(broken, 100, 1)).faults[0]).toContain('TypeError')
  })
})
