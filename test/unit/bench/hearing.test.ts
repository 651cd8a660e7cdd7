/** What a subscriber of the benchmark counts, and when it says how far it has come. */
import { describe, expect, it } from 'vitest'
import { Payloads } from '../../bench/speed/payload.ts'
import { Hearing } from '../../bench/speed/subscriber.ts'
import { windowOf } from '../../bench/speed/window.ts'

describe('a subscriber of the benchmark', () => {
  const { step } = windowOf(64)

  it('acknowledges each quarter of the window, once', () => {
    const { hearing, acknowledged, hear } = world()
    hearing.begin(1, { size: 64, stamped: false })
    hear(1, 0, window)
    expect(acknowledged).toEqual([1, 2, 3, 4].map((quarter) => [1, quarter * step]))
    expect(hearing.heard).toMatchObject({ messages: window, disordered: 0, late: 0 })
  })

  it('does not wait for what is missing, and does not count it', () => {
    const { hearing, acknowledged, hear } = world()
    hearing.begin(1, { size: 64, stamped: false })
    hear(1, 1, step - 2)
    hear(1, step + 1, 1)
    expect(acknowledged).toEqual([[1, step]])
    expect(hearing.heard.messages).toBe(step - 1)
  })

  it('tells disorder, and what is of a run that is over', () => {
    const { hearing, hear } = world()
    hearing.begin(2, { size: 64, stamped: false })
    hear(1, 0, 3)
    hear(2, 5, 1)
    hear(2, 4, 1)
    expect(hearing.heard).toMatchObject({ messages: 2, disordered: 1, late: 3 })
  })
})

describe('the window of the benchmark', () => {
  it.each([
    [16, 8192],
    [64, 8192],
    [1024, 2048],
    [16_384, 128],
  ])('for messages of %i bytes holds %i', (size, messages) => {
    expect(windowOf(size).messages).toBe(messages)
  })
})

function world(): {
  hearing: Hearing
  acknowledged: [run: number, count: number][]
  hear: (run: number, from: number, count: number) => void
} {
  const acknowledged: [number, number][] = []
  const hearing = new Hearing((run, count) => acknowledged.push([run, count]))
  const payloads = new Payloads(64, window)
  const hear = (run: number, from: number, count: number): void => {
    for (let at = from; at < from + count; at++) {
      for (const payload of payloads.marked(run, at, 1)) hearing.hear(payload)
    }
  }
  return { hearing, acknowledged, hear }
}

const { messages: window } = windowOf(64)
