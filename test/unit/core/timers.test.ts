/** Named deadlines: the earliest, what is due, and in which order. */
import { describe, expect, it } from 'vitest'
import { Timers } from '../../../bus/core/timers.ts'

describe('Timers', () => {
  it('have no deadline while none is set', () => {
    const timers = new Timers()
    expect([timers.next, timers.at('hello')]).toEqual([Infinity, Infinity])
    expect(timers.due(Number.MAX_SAFE_INTEGER)).toBeUndefined()
  })

  it('name the earliest deadline', () => {
    const timers = new Timers()
    timers.set('pace', 30)
    timers.set('hello', 20)
    timers.set('close', 40)
    expect(timers.next).toBe(20)
    timers.clear('hello')
    expect(timers.next).toBe(30)
  })

  it('are moved by set in both directions and by setBefore only to an earlier moment', () => {
    const timers = new Timers()
    timers.setBefore('pace', 30)
    timers.setBefore('pace', 40)
    expect(timers.at('pace')).toBe(30)
    timers.setBefore('pace', 20)
    expect(timers.at('pace')).toBe(20)
    timers.set('pace', 50)
    expect(timers.at('pace')).toBe(50)
  })

  it('are due from their deadline on, once, in the order of the table', () => {
    const timers = new Timers()
    timers.set('close', 10)
    timers.set('beacon', 12)
    timers.set('hello', 15)
    expect(timers.due(9.999)).toBeUndefined()
    expect(timers.due(10)).toBe('close')
    expect(timers.due(10)).toBeUndefined()
    timers.set('close', 11)
    expect([timers.due(20), timers.due(20), timers.due(20)]).toEqual(['hello', 'beacon', 'close'])
    expect(timers.due(20)).toBeUndefined()
  })
})
