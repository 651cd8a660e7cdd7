/** The machine as buses see it: random bytes out of a stock. */
import { expect, it } from 'vitest'
import { stocked } from '../../../bus/io/system.ts'

/** Bytes that tell where they were drawn, and how often somebody drew. */
function counting(): { draws: number[]; random: (size: number) => Uint8Array } {
  const draws: number[] = []
  let next = 0
  const draw = (size: number): Uint8Array => {
    draws.push(size)
    return Uint8Array.from({ length: size }, () => next++ % 251)
  }
  return { draws, random: stocked(draw) }
}

it('gives each random byte to one, and draws many at a time', () => {
  const { draws, random } = counting()
  const given = Array.from({ length: 600 }, () => random(8))
  const all = given.flatMap((bytes) => [...bytes])
  expect(all.slice(0, 4096)).toEqual(Array.from({ length: 4096 }, (_, place) => place % 251))
  expect(given.every(({ buffer }, place) => buffer !== given[place - 1]?.buffer)).toBe(true)
  expect(draws).toEqual([4096, 4096])
})

it('draws what is more than a few, and begins a new stock where the old one is too short', () => {
  const { draws, random } = counting()
  expect(random(65).length).toBe(65)
  for (let i = 0; i < 64; i++) expect(random(64).length).toBe(64)
  expect(draws).toEqual([65, 4096])
  random(3)
  random(64)
  expect(draws).toEqual([65, 4096, 4096])
})
