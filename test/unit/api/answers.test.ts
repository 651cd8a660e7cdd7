/** Answers as members of a realm may send them: only what was asked for is taken, from whom and where it was. */
import { describe, expect, it } from 'vitest'
import { Asking } from '../../../bus/api/asking.ts'
import { requestCall } from '../../../bus/api/request-call.ts'
import { Segments } from '../../../bus/api/segments.ts'
import { defaultLimits } from '../../../bus/core/limits.ts'
import type { Publication } from '../../../bus/core/publication.ts'
import { hex64 } from '../../../bus/core/text.ts'
import { type Answer, writeAnswer } from '../../../bus/core/wire/answer.ts'
import { readQuestion } from '../../../bus/core/wire/question.ts'
import type { PeerId } from '../../../bus/api/terms.ts'

const [ME, ASKED, OTHER] = [1n, 2n, 3n] as const

/** A bus that has asked for the load of one peer, and what has become of it. */
class Asked {
  readonly counts: string[] = []
  readonly published: Publication[] = []
  settled: unknown
  readonly #asking: Asking
  readonly promise: Promise<unknown>

  constructor(to?: bigint) {
    this.#asking = new Asking({
      line: {
        instance: ME,
        after: () => () => undefined,
        now: () => 0,
        publish: (publication) => void this.published.push(publication),
        audience: () => ({
          index: 0,
          firstByInstance: new Map([[ASKED, 0]]),
          apart: new Set(),
          isOpen: false,
          isShared: false,
        }),
        awaits: () => false,
        seek: () => undefined,
        answer: () => undefined,
        subscribe: () => undefined,
        unsubscribe: () => undefined,
        finish: () => undefined,
        retire: () => undefined,
        answered: () => undefined,
        refused: () => [],
      },
      limits: defaultLimits,
      codec: undefined,
      proof: 'group',
      presence: new Map() as never,
      segments: new Segments(),
      count: (name) => void this.counts.push(name),
      responds: () => false,
    })
    const options = to === undefined ? {} : { to: hex64(to) as PeerId }
    this.promise = this.#asking.request(requestCall('load', null, options)).then(
      ({ value }) => (this.settled = value),
      (error: unknown) => (this.settled = error),
    )
  }

  get id(): number {
    return readQuestion(this.published[0]!.question!)!.id
  }

  async hear(from: bigint, more: Partial<Answer> = {}, topic = 'load'): Promise<void> {
    const payload = new Uint8Array([0x37])
    const answer = { id: this.id, kind: 'value', sequence: 0, codec: 2, payload, ...more } as Answer
    this.#asking.onAnswer({ from, topic, payload: writeAnswer(answer) })
    await Promise.resolve()
  }

  hearBytes(payload: Uint8Array): void {
    this.#asking.onAnswer({ from: ASKED, topic: 'load', payload })
  }
}

describe('an answer', () => {
  it('is taken from whoever was asked', async () => {
    const asked = new Asked()
    await asked.hear(OTHER)
    expect(await asked.promise).toBe(7)
    expect(asked.counts).toEqual([])
  })

  it('is not taken by another topic than was asked on: who may read that one may not read all', async () => {
    const asked = new Asked()
    await asked.hear(ASKED, {}, 'guests/load')
    expect([asked.settled, asked.counts]).toEqual([undefined, ['answersUnknown']])
    await asked.hear(ASKED)
    expect(await asked.promise).toBe(7)
  })

  it('is not taken from others than the one that was asked alone', async () => {
    const asked = new Asked(ASKED)
    await asked.hear(OTHER)
    expect([asked.settled, asked.counts]).toEqual([undefined, ['answersUnknown']])
    await asked.hear(ASKED)
    expect(await asked.promise).toBe(7)
  })

  it('to no question, and to one that has its answer, is counted', async () => {
    const asked = new Asked()
    await asked.hear(ASKED, { id: asked.id + 1 })
    await asked.hear(ASKED)
    await asked.promise
    await asked.hear(ASKED)
    await asked.hear(OTHER)
    expect(asked.counts).toEqual(['answersUnknown', 'answersUnknown', 'answersUnknown'])
  })

  it('that is malformed is counted', () => {
    const asked = new Asked()
    asked.hearBytes(new Uint8Array(0))
    asked.hearBytes(Uint8Array.of(1, 77, 0))
    expect([asked.settled, asked.counts]).toEqual([undefined, ['malformed', 'malformed']])
  })
})
