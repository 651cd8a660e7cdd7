/** Timers of a page run when they are due, held back or not. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PageClock } from '../../../client/clock.ts'

describe('the clock of a page', () => {
  let clock: PageClock
  const ran: string[] = []
  const note = (name: string) => () => void ran.push(name)

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    ran.length = 0
    clock = new PageClock()
  })
  afterEach(() => {
    clock.close()
    vi.useRealTimers()
  })

  it('runs timers in their time, but for those that were cancelled', () => {
    clock.after(20, note('twenty'))
    clock.after(10, note('ten'))
    const cancel = clock.after(15, note('never'))
    vi.advanceTimersByTime(14)
    cancel()
    vi.advanceTimersByTime(10)
    expect(ran).toEqual(['ten', 'twenty'])
  })

  it('runs what is due when something comes, in order, though the browser holds timers back', () => {
    const held = vi.spyOn(globalThis, 'setTimeout').mockImplementation(() => 0 as never)
    clock.after(20, note('twenty'))
    clock.after(10, note('ten'))
    clock.after(1000, note('later'))
    vi.setSystemTime(Date.now())
    vi.advanceTimersByTime(500)
    expect(ran).toEqual([])
    clock.wake()
    expect(ran).toEqual(['ten', 'twenty'])
    clock.wake()
    expect(ran).toEqual(['ten', 'twenty'])
    held.mockRestore()
  })

  it('takes a timer that is set while others run, at its own time', () => {
    clock.after(10, () => clock.after(10, note('next')))
    vi.advanceTimersByTime(10)
    clock.wake()
    expect(ran).toEqual([])
    vi.advanceTimersByTime(10)
    expect(ran).toEqual(['next'])
  })

  it('runs turns in order, and none after its end', async () => {
    clock.turn(note('one'))
    clock.turn(note('two'))
    clock.after(0, note('now'))
    await vi.waitFor(() => expect(ran).toEqual(['one', 'two', 'now']))
    clock.turn(note('never'))
    clock.after(5, note('never'))
    clock.close()
    vi.advanceTimersByTime(10)
    expect(ran).toEqual(['one', 'two', 'now'])
  })
})
