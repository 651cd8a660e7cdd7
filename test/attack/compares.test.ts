/** Secrets that are compared: how far a guess is right must show in nothing, time included. */
import { describe, expect } from 'vitest'
import { sameMac } from '../../bus/core/seal/link-proof.ts'
import { readSources } from '../setup/source.ts'
import { counting } from '../unit/core/crypto.ts'
import { attack } from './attack.ts'
import { flipped } from './twins.ts'

/** Which places of a mac are looked at, in order, and the verdict. */
function looks(mac: Uint8Array, guess: Uint8Array): { same: boolean; reads: string } {
  const reads: string[] = []
  const watched = [mac, guess].map((bytes, i) => {
    return new Proxy(bytes, {
      get: (of, name) => {
        reads.push(`${i}${String(name)}`)
        return Reflect.get(of, name, of) as unknown
      },
    })
  })
  const same = sameMac(watched[0]!, watched[1]!)
  return { same, reads: reads.join() }
}

describe('a compare of secrets', () => {
  attack(
    'by the work that a guess costs',
    { by: 'outsider', holds: 'it is the same wherever a guess is wrong, and when it is right' },
    () => {
      const mac = counting(32, 3)
      const right = looks(mac, mac.slice())
      expect(right.same).toBe(true)
      for (let bit = 0; bit < 256; bit++) {
        const wrong = looks(mac, flipped(mac, bit))
        expect({ bit, ...wrong }).toEqual({ bit, same: false, reads: right.reads })
      }
      // Too short or too long is wrong, too, however it begins.
      const lengths = [mac.subarray(0, 31), new Uint8Array(33), new Uint8Array(0)]
      for (const guess of lengths) expect(sameMac(mac, guess)).toBe(false)
    },
  )

  attack(
    'by one that somebody has written without care',
    { by: 'accident', holds: 'wherever a mac is compared it is by that one function' },
    () => {
      const sources = readSources(['bus', 'relay', 'client'])
      const careless = sources.filter(({ text }) =>
        /\bmac\w*\s*[!=]==?|[!=]==?\s*mac\b/i.test(text),
      )
      expect(careless.map(({ path }) => path)).toEqual([])
      // The search would find one.
      expect(/\bmac\w*\s*[!=]==?/i.test('if (mac === other)')).toBe(true)
      const users = sources.filter(({ text }) => text.includes('sameMac(')).map(({ path }) => path)
      expect(users.length).toBeGreaterThanOrEqual(4)
    },
  )
})
