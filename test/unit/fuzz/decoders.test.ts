/** Every decoder against some thousand inputs that are nearly right: it never throws. */
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CORPUS, fileOf, keptOf } from '../../fuzz/corpus.ts'
import { fuzzDecoder } from '../../fuzz/decoder.ts'
import { decoders } from '../../fuzz/decoders.ts'
import { compared, pairs } from '../../fuzz/differential.ts'

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

describe('the corpus', () => {
  it.each(decoders.map((one) => [one.name, one] as const))(
    'of %s brings as many outcomes as it has inputs',
    async (name, decoder) => {
      const outcomes = await Promise.all(keptOf(name).map(async (one) => decoder.outcome(one)))
      expect(outcomes.length).toBeGreaterThan(1)
      expect(new Set(outcomes).size).toBe(outcomes.length)
    },
  )

  it('has a file for each decoder, and no other', () => {
    const files = decoders.map(({ name }) => fileOf(name))
    expect(readdirSync(CORPUS).toSorted()).toEqual(files.toSorted())
  })
})

describe('the second decoder', () => {
  it('is compared where the fuzzer has a decoder of that name', () => {
    const names = decoders.map(({ name }) => name)
    expect(Object.keys(pairs).filter((name) => !names.includes(name))).toEqual([])
  })

  it.each(Object.keys(pairs))(
    'of %s reads what is whole, and refuses what is not',
    async (name) => {
      const { seeds } = decoders.find((one) => one.name === name)!
      const whole = seeds.map((bytes) => JSON.stringify(pairs[name]!(bytes).second, shown))
      expect(whole.some((text) => text?.includes('"'))).toBe(true)
      const cut = seeds.map((bytes) => pairs[name]!(bytes.subarray(0, 1)).second)
      expect(cut.map((one) => JSON.stringify(one, shown))).not.toEqual(whole)
    },
  )

  it('finds a decoder that reads another thing', async () => {
    const seeds = [Uint8Array.of(1, 2, 3)]
    const pair = (bytes: Uint8Array) => ({ ours: bytes[0], second: bytes.length > 2 ? 1 : 2 })
    const odd = compared({ name: 'x', seeds, outcome: () => '' }, pair)
    expect(await odd.outcome(seeds[0]!)).toBe('')
    const { faults } = await fuzzDecoder(odd, 100, 1)
    expect(faults[0]).toMatch(/it reads as \d+, and by the document as [12]/)
  })
})

function shown(_: string, one: unknown): unknown {
  return typeof one === 'bigint' ? `${one}` : one
}
