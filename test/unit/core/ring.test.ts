/** The ring: first in, first out, whatever the order of pushes and shifts. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Ring } from '../../../bus/core/ring.ts'

describe('Ring', () => {
  it('does what an array does', () => {
    const steps = fc.array(fc.constantFrom('push', 'push', 'shift', 'clear'), { maxLength: 200 })
    fc.assert(
      fc.property(steps, (sequence) => {
        const ring = new Ring<number>()
        const model: number[] = []
        for (const [i, step] of sequence.entries()) {
          if (step === 'push') {
            ring.push(i)
            model.push(i)
          } else if (step === 'clear' && i % 16 === 0) {
            ring.clear()
            model.length = 0
          }
          const shifted = step === 'shift' ? [ring.shift(), model.shift()] : []
          expect(shifted[0]).toBe(shifted[1])
          expect([ring.size, ring.first]).toEqual([model.length, model[0]])
        }
      }),
    )
  })

  it('grows past its first size in order', () => {
    const ring = new Ring<number>()
    for (let i = 0; i < 10; i++) ring.push(i)
    for (let i = 0; i < 5; i++) ring.shift()
    for (let i = 10; i < 1000; i++) ring.push(i)
    const rest = Array.from({ length: ring.size }, () => ring.shift())
    expect(rest).toEqual(Array.from({ length: 995 }, (_, i) => i + 5))
  })
})
