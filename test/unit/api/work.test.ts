/** One question at work: whatever comes of it, its promise resolves and its process goes on. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { BusEvent } from '../../../bus/api/options.ts'
import type { Responding } from '../../../bus/api/request-options.ts'
import type { Delivered } from '../../../bus/api/subscription.ts'
import { Work } from '../../../bus/api/work.ts'
import type { AnswerFault } from '../../../bus/core/publication.ts'
import { textOf } from '../../../bus/core/text.ts'
import type { Answer } from '../../../bus/core/wire/answer.ts'

/** A question at work, with timers that fire when the test says so. */
function world({ fault, timeoutMs = 5000 }: { fault?: AnswerFault; timeoutMs?: number } = {}) {
  const sent: Answer[] = []
  const livesMs: number[] = []
  const delays: number[] = []
  const events: BusEvent[] = []
  const stream = { topic: 'job', from: 1n, stream: 1n, key: 1n }
  const about = { index: 0, sentAt: 0, codec: 0, payload: new Uint8Array(0), subscriptions: [1] }
  // What a question at work reads of a message.
  const delivered = { type: 'deliver', stream, ...about } as unknown as Delivered
  const ask = { type: 'ask', id: 7, flags: 0, timeoutMs, spreadMs: 0, wanted: [] } as const
  const work = new Work(delivered, ask, {
    codec: undefined,
    sizeMax: 1000,
    after: (delayMs) => {
      delays.push(delayMs)
      return () => undefined
    },
    now: () => 0,
    event: (event) => void events.push(event),
    send: (answer, lifeMs) => {
      sent.push(answer)
      livesMs.push(lifeMs)
      return fault
    },
    done: () => undefined,
  })
  const run = (handler: Responding<unknown, unknown>): Promise<void> =>
    work.run({ handler, schema: undefined, params: {} })
  return { work, run, sent, livesMs, delays, events }
}

const fails = (): never => {
  throw new Error('broken')
}

async function* several(): AsyncGenerator<number> {
  yield 1
  yield 2
}

describe('a question at work', () => {
  it.each([
    ['the error of its handler', fails],
    ['the value of its handler', () => 1],
    ['one of several values', several],
  ])('ends well when its asker leaves while there is no room for %s', async (_what, handler) => {
    const { work, run, sent } = world({ fault: 'queue' })
    const ended = run(handler)
    await turn()
    expect(sent.length).toBe(1)
    work.abort(new Error('the asker has left'))
    await expect(ended).resolves.toBeUndefined()
    expect(sent.length).toBe(1)
  })

  it('ends well where not even its error is small enough, or has a text', async () => {
    const small = world({ fault: 'size' })
    await expect(small.run(fails)).resolves.toBeUndefined()
    const odd = world()
    const throws = (): never => {
      throw Object.create(null)
    }
    await expect(odd.run(throws)).resolves.toBeUndefined()
  })

  it('says that it was abandoned, behind what it has answered already', async () => {
    const { work, run, sent } = world()
    let go = (): void => undefined
    const ended = run(async function* () {
      yield 1
      await new Promise<void>((resolve) => (go = resolve))
    })
    await turn()
    expect([sent.length, work.isWhole]).toEqual([1, false])
    work.abandon()
    work.abort()
    work.abandon()
    const [, last, ...more] = sent
    expect(last).toMatchObject({ id: 7, kind: 'error', sequence: 1 })
    expect(last?.kind === 'error' && textOf(last.code)).toBe('ABANDONED')
    expect(more).toEqual([])
    go()
    await ended
  })

  it('is kept for a day at most, whatever its asker says', async () => {
    const { run, delays, livesMs } = world({ timeoutMs: 2 ** 48 - 1 })
    await run(() => 1)
    expect([delays, livesMs]).toEqual([[86_400_000], [86_400_000]])
  })
})
