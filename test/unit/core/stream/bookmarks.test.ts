/** Bookmarks are found again once, and the oldest instances make room. */
import { describe, expect, it } from 'vitest'
import { type Bookmark, Bookmarks } from '../../../../bus/core/stream/bookmarks.ts'

const mark = (next: number): Bookmark => ({
  next,
  index: next * 2,
  lost: 1,
  subscriptions: [1, 2],
  at: 0,
})

describe('bookmarks', () => {
  it('give a mark back once', () => {
    const marks = new Bookmarks(4)
    marks.put(1n, 7, mark(3))
    expect(marks.take(1n, 7)).toEqual(mark(3))
    expect(marks.take(1n, 7)).toBeUndefined()
    expect(marks.size).toBe(0)
  })

  it('hold as many marks as the bound says and drop the oldest instance for one more', () => {
    const marks = new Bookmarks(3)
    marks.put(1n, 1, mark(1))
    marks.put(1n, 2, mark(2))
    marks.put(2n, 1, mark(3))
    expect(marks.size).toBe(3)
    marks.put(3n, 1, mark(4))
    expect(marks.size).toBe(2)
    expect(marks.take(1n, 1)).toBeUndefined()
    expect(marks.take(2n, 1)).toEqual(mark(3))
    expect(marks.take(3n, 1)).toEqual(mark(4))
  })
})
