/** One question under way: outcomes, and when they are enough. */
import { describe, expect, it } from 'vitest'
import { faultOf } from '../../../bus/api/answer-error.ts'
import { BusError } from '../../../bus/api/errors.ts'
import type { Outcome } from '../../../bus/api/request-options.ts'
import { utf8 } from '../../../bus/core/text.ts'
import { A, B, C, id, Trial } from './trial.ts'

describe('a question to everybody', () => {
  it('is complete when all who get it have answered, and everybody has met', () => {
    const trial = new Trial()
    trial.inquiry.hear([A, B])
    trial.value(A, 1)
    trial.say(B, 'none')
    expect(trial.reports).toEqual([])
    trial.inquiry.met()
    expect(trial.reports).toMatchObject([{ end: 'complete', open: false }])
    expect(trial.outcomes).toEqual({ [id(A)]: 'answered', [id(B)]: 'none' })
    expect(trial.replies).toEqual([{ value: 1, from: id(A), sequence: 0, rtt: 5 }])
  })

  it('is complete at once where everybody has met and nobody gets it', () => {
    const trial = new Trial()
    trial.inquiry.met()
    expect(trial.reports).toEqual([{ end: 'complete', outcomes: [], open: false }])
  })

  it('waits for who has attached before the others have met', () => {
    const trial = new Trial()
    expect(trial.inquiry.seeks).toBe(true)
    trial.inquiry.hear([A])
    trial.inquiry.met()
    expect([trial.reports, trial.inquiry.seeks]).toEqual([[], false])
    trial.value(A, 1)
    expect(trial.reports).toMatchObject([{ end: 'complete' }])
  })

  it('takes the answers of who was not known to get it', () => {
    const trial = new Trial()
    expect(trial.value(C, 3)).toBe(true)
    trial.inquiry.met()
    expect(trial.outcomes).toEqual({ [id(C)]: 'answered' })
  })

  it('calls those silent that have not answered in time', () => {
    const trial = new Trial()
    trial.inquiry.hear([A, B])
    trial.value(A, 1)
    trial.inquiry.end('timeout')
    expect(trial.outcomes).toEqual({ [id(A)]: 'answered', [id(B)]: 'silent' })
    expect(trial.reports[0]?.open).toBe(true)
  })

  it('calls those off that have not answered when the program has enough', () => {
    const trial = new Trial({ max: 1 })
    trial.inquiry.hear([A, B])
    trial.value(A, 1)
    expect(trial.reports).toMatchObject([{ end: 'max', open: true }])
    expect(trial.outcomes).toEqual({ [id(A)]: 'answered', [id(B)]: 'cancelled' })
    expect(trial.value(B, 2)).toBe(false)
    expect(trial.replies).toHaveLength(1)
  })

  it('ends with an outcome that is enough', () => {
    const trial = new Trial()
    trial.enough = 'none'
    trial.inquiry.hear([A, B])
    trial.say(A, 'none')
    expect(trial.reports).toMatchObject([{ end: 'max', open: true }])
  })

  it('tells who has left', () => {
    const trial = new Trial()
    trial.inquiry.hear([A])
    trial.inquiry.met()
    trial.inquiry.left(A)
    trial.inquiry.left(B)
    expect(trial.reports[0]?.outcomes).toEqual([
      { type: 'gone', from: id(A), replies: 0, asked: true },
    ])
  })
})

describe('a question with a list of those who are expected', () => {
  it('is complete when each of them has an outcome', () => {
    const trial = new Trial({ expect: [A, B] })
    trial.inquiry.hear([A, B, C])
    trial.value(A, 1)
    trial.value(B, 2)
    expect(trial.reports).toMatchObject([{ end: 'complete', open: true }])
    expect(trial.outcomes).toMatchObject({ [id(C)]: 'cancelled' })
  })

  it('learns from the others having met that one of them does not listen, or is not here', () => {
    const trial = new Trial({ expect: [A, B, C] })
    trial.here.delete(C)
    trial.inquiry.hear([A])
    trial.value(A, 1)
    expect(trial.inquiry.seeks).toBe(true)
    trial.inquiry.met()
    expect(trial.outcomes).toEqual({ [id(A)]: 'answered', [id(B)]: 'none', [id(C)]: 'gone' })
    expect(trial.reports[0]?.outcomes[2]).toMatchObject({ asked: false })
  })

  it('need not know whether all have met while it waits for none but those who get it', () => {
    const trial = new Trial({ expect: [A] })
    trial.inquiry.hear([A])
    expect(trial.inquiry.seeks).toBe(false)
  })

  it('takes nobody else where they alone are asked', () => {
    const trial = new Trial({ to: [A] })
    trial.inquiry.hear([A, B])
    expect(trial.value(B, 2)).toBe(false)
    trial.value(A, 1)
    expect(trial.outcomes).toEqual({ [id(A)]: 'answered' })
  })
})

describe('a question with a number of those who are expected', () => {
  it('is complete with as many answers, good ones or not', () => {
    const trial = new Trial({ expect: 2 })
    trial.inquiry.hear([A])
    trial.value(A, 1)
    trial.inquiry.met()
    expect([trial.reports, trial.inquiry.seeks]).toEqual([[], false])
    trial.say(C, 'none')
    expect(trial.reports).toEqual([])
    trial.say(B, 'busy')
    expect(trial.reports).toMatchObject([{ end: 'complete' }])
    expect(trial.outcomes).toEqual({ [id(A)]: 'answered', [id(B)]: 'error', [id(C)]: 'none' })
  })
})

describe('the answers of one peer', () => {
  it('come in order, and are counted', () => {
    const trial = new Trial({ expect: [A] })
    trial.value(A, 1, { kind: 'part' })
    trial.value(A, 2, { kind: 'part', sequence: 1 })
    trial.say(A, 'end', 2)
    expect(trial.replies.map(({ value, sequence }) => [value, sequence])).toEqual([
      [1, 0],
      [2, 1],
    ])
    expect(trial.reports[0]?.outcomes).toMatchObject([{ type: 'answered', replies: 2, rtt: 5 }])
  })

  it('end with an error where one of them is missing', () => {
    const trial = new Trial({ expect: [A] })
    trial.value(A, 1, { kind: 'part' })
    trial.value(A, 3, { sequence: 2 })
    expect(trial.reports[0]?.outcomes).toMatchObject([
      { type: 'error', replies: 1, error: { code: 'TIMEOUT' } },
    ])
    expect(trial.replies).toHaveLength(1)
  })

  it('end with an error where there is no room for one', () => {
    const trial = new Trial({ expect: [A] })
    trial.room = 1
    trial.value(A, 1, { kind: 'part' })
    trial.value(A, 2, { kind: 'part', sequence: 1 })
    expect(trial.settled).toMatchObject([{ type: 'error', error: { code: 'OVERFLOW' } }])
    expect(trial.value(A, 3, { sequence: 2 })).toBe(false)
  })

  it('count for one outcome, whatever comes behind it', () => {
    const trial = new Trial()
    trial.value(A, 1)
    expect(trial.value(A, 2, { sequence: 1 })).toBe(false)
    trial.inquiry.left(A)
    expect(trial.settled).toMatchObject([{ type: 'answered' }])
  })

  it('wait behind one whose check takes its time', async () => {
    const check = async (codec: number): Promise<{ value: unknown }> => {
      if (codec === 1) await new Promise((done) => setTimeout(done, 5))
      return { value: codec }
    }
    const trial = new Trial({ expect: [A], check })
    trial.value(A, 1, { kind: 'part' })
    trial.value(A, 2, { kind: 'part', sequence: 1 })
    trial.say(A, 'end', 2)
    expect(trial.replies).toEqual([])
    await expect.poll(() => trial.reports.length).toBe(1)
    expect(trial.replies.map(({ value }) => value)).toEqual([1, 2])
  })

  it('are an error where they are not what the schema says', () => {
    const trial = new Trial({ expect: [A], check: () => ({ issues: ['too hot'] }) })
    trial.value(A, 1)
    expect(trial.settled).toMatchObject([{ type: 'error', error: { code: 'INVALID_VALUE' } }])
    expect(trial.settled[0]).toHaveProperty('error.message', expect.stringContaining('too hot'))
  })
})

describe('an error of a peer', () => {
  const errorOf = (code: string): Outcome | undefined => {
    const trial = new Trial({ expect: [A] })
    const answer = {
      id: 1,
      kind: 'error',
      sequence: 0,
      code: utf8(code),
      message: utf8('no lamp'),
    } as const
    trial.inquiry.answer(1005, A, answer)
    return trial.settled[0]
  }

  it.each(['NO_LAMP', 'DENIED', 'INVALID_VALUE', 'TOO_LARGE', 'REMOTE'])('keeps %s', (code) => {
    expect(errorOf(code)).toMatchObject({ type: 'error', error: { code } })
  })

  it.each(['CLOSED', 'TIMEOUT', 'NO_RESPONDER', 'lamp', '', 'A\u0000'])(
    'does not speak for this bus by %j',
    (code) => {
      expect(errorOf(code)).toMatchObject({ type: 'error', error: { code: 'REMOTE' } })
    },
  )

  it('is told also where its message is none', () => {
    const trial = new Trial({ expect: [A] })
    const bad = Uint8Array.of(0xff)
    trial.inquiry.answer(1005, A, { id: 1, kind: 'error', sequence: 0, code: bad, message: bad })
    expect(trial.settled[0]).toMatchObject({ error: { code: 'REMOTE' } })
  })

  it('crosses as it is thrown, cut between characters', () => {
    const thrown = new BusError('NO_LAMP', `${'x'.repeat(1023)}ü and more`)
    expect(faultOf(thrown)).toEqual({ code: utf8('NO_LAMP'), message: utf8('x'.repeat(1023)) })
    expect(faultOf('text')).toEqual({ code: utf8('REMOTE'), message: utf8('text') })
    expect(faultOf(new BusError('CLOSED', 'mine')).code).toEqual(utf8('REMOTE'))
  })
})

describe('a question to a crowd', () => {
  const crowdOf = (here: readonly bigint[]) => ({ members: [A], has: () => true, here: () => here })

  it('is about who was here and had not met this bus yet, and nobody who came later', () => {
    const here: bigint[] = [A, B]
    const trial = new Trial({ crowd: crowdOf(here) })
    trial.inquiry.hear([A])
    trial.inquiry.met()
    here.push(C)
    trial.value(A, 1)
    expect(trial.outcomes).toEqual({ [id(A)]: 'answered', [id(B)]: 'none' })
  })

  it('that ends before all have met this bus is about who is known by then', () => {
    const trial = new Trial({ crowd: crowdOf([A, B]) })
    trial.inquiry.hear([A])
    trial.value(A, 1)
    trial.inquiry.end('timeout')
    expect(trial.outcomes).toEqual({ [id(A)]: 'answered', [id(B)]: 'silent' })
  })
})
