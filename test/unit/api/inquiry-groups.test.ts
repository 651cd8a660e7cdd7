/** One question under way that members of groups answer: who has it, and when it is over. */
import { describe, expect, it } from 'vitest'
import { A, B, C, id, Trial } from './trial.ts'

describe('a question that one of a group gets', () => {
  it('is not over while its member is to be chosen', () => {
    const trial = new Trial()
    trial.awaits = true
    trial.inquiry.met()
    expect([trial.reports, trial.inquiry.isHeard]).toEqual([[], true])
    trial.awaits = false
    trial.inquiry.given(A)
    trial.inquiry.check()
    expect(trial.reports).toEqual([])
    trial.value(A, 1)
    expect(trial.outcomes).toEqual({ [id(A)]: 'answered' })
  })

  it('is over when the last member has left before it was chosen', () => {
    const trial = new Trial()
    trial.awaits = true
    trial.inquiry.met()
    trial.awaits = false
    trial.inquiry.left(A)
    expect([trial.outcomes, trial.reports[0]!.end]).toEqual([{}, 'complete'])
  })

  it.each(['none', 'left'] as const)('goes to another when the first has %s', (what) => {
    const trial = new Trial()
    trial.inquiry.given(A)
    trial.inquiry.given(B)
    if (what === 'none') trial.say(A, 'none')
    else trial.inquiry.left(A)
    trial.inquiry.met()
    expect(trial.reports).toEqual([])
    trial.value(B, 1)
    const first = what === 'none' ? 'none' : 'gone'
    expect(trial.outcomes).toEqual({ [id(A)]: first, [id(B)]: 'answered' })
  })

  it('may come back to who had not wanted it, whose answers are counted anew', () => {
    const trial = new Trial()
    trial.awaits = true
    trial.inquiry.given(A)
    trial.say(A, 'none')
    trial.inquiry.given(A)
    trial.awaits = false
    trial.inquiry.met()
    expect(trial.reports).toEqual([])
    expect([trial.value(A, 1), trial.outcomes]).toEqual([true, { [id(A)]: 'answered' }])
  })

  it('is for those alone that are asked', () => {
    const trial = new Trial({ expect: [A], to: [A] })
    trial.inquiry.given(B)
    expect(trial.value(B, 1)).toBe(false)
    trial.inquiry.given(A)
    trial.value(A, 1)
    expect(trial.outcomes).toEqual({ [id(A)]: 'answered' })
  })

  it('settles who is listed and does not hear it only when its members are chosen', () => {
    const trial = new Trial({ expect: [A, B] })
    trial.awaits = true
    trial.inquiry.met()
    expect(trial.reports).toEqual([])
    trial.awaits = false
    trial.inquiry.given(B)
    trial.value(B, 1)
    expect(trial.outcomes).toEqual({ [id(A)]: 'none', [id(B)]: 'answered' })
  })

  it('is not waited for at those who turn out to answer nothing but what is given to them', () => {
    const trial = new Trial()
    trial.inquiry.hear([A, B])
    trial.inquiry.given(B)
    trial.inquiry.met()
    trial.inquiry.passed(A)
    trial.inquiry.passed(B)
    trial.inquiry.passed(C)
    expect(trial.reports).toEqual([])
    trial.value(B, 1)
    expect(trial.outcomes).toEqual({ [id(A)]: 'none', [id(B)]: 'answered' })
  })

  it('is deaf where its own bus does not get it', () => {
    const trial = new Trial({ expect: [A] })
    trial.awaits = true
    trial.inquiry.deaf(A)
    expect(trial.reports).toEqual([])
    trial.awaits = false
    trial.inquiry.deaf(A)
    trial.inquiry.check()
    expect(trial.outcomes).toEqual({ [id(A)]: 'none' })
    const given = new Trial({ expect: [A] })
    given.inquiry.given(A)
    given.inquiry.deaf(A)
    given.inquiry.check()
    expect(given.reports).toEqual([])
  })
})
