/** Every decoder against some thousand inputs that are nearly right: it never throws. */
import { describe, expect, it } from 'vitest'
import { decoders, fuzzDecoder } from '../../fuzz/decoders.ts'

describe('the decoder of', () => {
  it.each(decoders.map((one) => [one.name, one] as const))('%s never throws', (_, decoder) => {
    const { outcomes, faults } = fuzzDecoder(decoder, 5000, 1)
    expect(faults).toEqual([])
    // One outcome would mean that the inputs get no further than the first check.
    expect(outcomes).toBeGreaterThan(1)
  })
})

describe('the fuzzer of decoders', () => {
  it('finds a decoder that throws, is slow, or forgets', () => {
    const seeds = [Uint8Array.of(1, 2, 3)]
    const broken = { name: 'x', seeds, outcome: (bytes: Uint8Array) => `${bytes[9]!.toString()}` }
    expect(fuzzDecoder(broken, 100, 1).faults[0]).toContain('TypeError')
  })
})
