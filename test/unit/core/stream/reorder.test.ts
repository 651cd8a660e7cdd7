/** Early packets: by number, within a count of each stream and a budget of all. */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { type Budget, ReorderBuffer } from '../../../../bus/core/stream/reorder.ts'

const packet = (size = 0) => ({ flags: 0, body: new Uint8Array(size), since: 0 })
const wide = (): Budget => ({ used: 0, max: 1_000_000 })

describe('ReorderBuffer', () => {
  it('gives each packet once, by its number', () => {
    const buffer = new ReorderBuffer(10, wide())
    const one = packet(1)
    expect(buffer.add(5, one)).toBe(true)
    expect([buffer.has(5), buffer.has(4), buffer.size, buffer.lowest]).toEqual([true, false, 1, 5])
    expect(buffer.take(5)).toBe(one)
    expect([buffer.take(5), buffer.size, buffer.lowest]).toEqual([undefined, 0, undefined])
  })

  it('knows its lowest number as a sorted list would', () => {
    const step = fc.tuple(fc.constantFrom('add', 'take', 'drop'), fc.nat(40))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const budget = wide()
        const buffer = new ReorderBuffer(100, budget)
        let model: number[] = []
        for (const [what, number] of steps) {
          if (what === 'add' && !buffer.has(number)) {
            buffer.add(number, packet(number))
            model.push(number)
          } else if (what === 'take') {
            buffer.take(number)
            model = model.filter((held) => held !== number)
          } else if (what === 'drop') {
            buffer.dropBelow(number)
            model = model.filter((held) => held >= number)
          }
          const lowest = model.length > 0 ? Math.min(...model) : undefined
          expect([buffer.size, buffer.lowest]).toEqual([model.length, lowest])
        }
        buffer.clear()
        expect([budget.used, buffer.size]).toEqual([0, 0])
      }),
    )
  })

  it('knows its highest number and all numbers in order', () => {
    const buffer = new ReorderBuffer(10, wide())
    expect([buffer.highest, buffer.sorted()]).toEqual([undefined, []])
    for (const number of [7, 30, 5]) buffer.add(number, packet())
    expect([buffer.highest, buffer.sorted()]).toEqual([30, [5, 7, 30]])
    buffer.dropBelow(8)
    expect([buffer.highest, buffer.sorted()]).toEqual([30, [30]])
    buffer.take(30)
    expect(buffer.highest).toBe(undefined)
    buffer.add(9, packet())
    expect(buffer.highest).toBe(9)
  })

  it('is crowded beyond three quarters of its count, or of the bytes of all', () => {
    const buffer = new ReorderBuffer(8, wide())
    for (let number = 1; number <= 6; number++) buffer.add(number, packet())
    expect(buffer.crowded).toBe(false)
    buffer.add(7, packet())
    expect(buffer.crowded).toBe(true)
    const budget = { used: 750, max: 1000 }
    const other = new ReorderBuffer(8, budget)
    expect(other.crowded).toBe(false)
    budget.used += 1
    expect(other.crowded).toBe(true)
  })

  it('holds as many packets as its count and not one more', () => {
    const buffer = new ReorderBuffer(3, wide())
    for (let number = 1; number <= 3; number++) expect(buffer.add(number, packet())).toBe(true)
    expect([buffer.room(new Uint8Array(0), 1), buffer.add(4, packet())]).toEqual([false, false])
    buffer.take(2)
    expect(buffer.add(4, packet())).toBe(true)
  })

  it('has room as far ahead as its count and not one further', () => {
    const buffer = new ReorderBuffer(3, wide())
    expect(buffer.room(new Uint8Array(0), 3)).toBe(true)
    expect(buffer.room(new Uint8Array(0), 4)).toBe(false)
  })

  it('shares the budget with the other buffers, and even empty packets take some of it', () => {
    const budget: Budget = { used: 0, max: 3 * (256 + 100) }
    const [one, two] = [new ReorderBuffer(1000, budget), new ReorderBuffer(1000, budget)]
    expect([one.add(1, packet(100)), two.add(1, packet(100))]).toEqual([true, true])
    expect(one.add(2, packet(101))).toBe(false)
    expect([one.add(2, packet(100)), two.add(2, packet(0))]).toEqual([true, false])
    one.clear()
    expect([two.add(2, packet(0)), two.add(3, packet(0))]).toEqual([true, true])
    expect(two.add(4, packet(0))).toBe(false)
  })

  it('is not slowed down by numbers with holes between them', () => {
    const buffer = new ReorderBuffer(8192, { used: 0, max: 2 ** 30 })
    for (let i = 8192; i > 0; i--) buffer.add(i * 2, packet())
    // How often it looks through all that it holds.
    const passes = vi.spyOn(Map.prototype, 'keys')
    buffer.dropBelow(20_000)
    const counted = passes.mock.calls.length
    passes.mockRestore()
    expect(buffer.size).toBe(0)
    expect(counted).toBeLessThan(4)
  })
})
