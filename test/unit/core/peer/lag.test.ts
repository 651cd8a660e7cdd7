/** What a peer knows of an epoch that others are in and it is not. */
import { describe, expect, it } from 'vitest'
import { Lag } from '../../../../bus/core/peer/realm/lag.ts'

function scene({ newest = 1, others = 0 } = {}) {
  const epochs = { newest }
  const roster = { size: others }
  return { lag: new Lag(epochs, roster), epochs, roster }
}

describe('a peer that lags behind', () => {
  it('knows so by what the owner has signed, until it has the keys', () => {
    const { lag, epochs } = scene({ others: 3 })
    expect(lag.missing(0)).toBeUndefined()
    lag.proves(2)
    expect(lag.missing(1e9)).toEqual({ epoch: 2, isComing: true })
    epochs.newest = 2
    expect(lag.missing(1e9)).toBeUndefined()
  })

  it('takes the word of a header for five seconds, and only while nobody else is here', () => {
    const { lag, roster } = scene()
    lag.hears(1000, 7)
    expect(lag.missing(5999)).toEqual({ epoch: 7, isComing: true })
    expect(lag.missing(6000)).toBeUndefined()
    lag.hears(7000, 7)
    roster.size = 1
    expect(lag.missing(7000)).toBeUndefined()
  })

  it('waits no more for an epoch that has no key for it', () => {
    const { lag } = scene({ others: 1 })
    lag.proves(2)
    lag.refuses(2)
    expect(lag.missing(0)).toEqual({ epoch: 2, isComing: false })
    lag.proves(3)
    expect(lag.missing(0)).toEqual({ epoch: 3, isComing: true })
  })

  it('has caught up when it enters an epoch that others are in, or when nobody is here', () => {
    const { lag, roster } = scene({ others: 1 })
    expect([lag.enters(10, 2), lag.caughtUpAt]).toEqual(['early', -Infinity])
    lag.hears(20, 3)
    expect([lag.enters(30, 3), lag.caughtUpAt]).toEqual(['late', 30])
    expect(lag.enters(6000, 3)).toBe('early')
    roster.size = 0
    expect([lag.enters(7000, 4), lag.caughtUpAt]).toEqual(['unknown', 7000])
  })

  it('has slept through an epoch that others tell it of in its first five seconds', () => {
    const { lag } = scene({ others: 1 })
    lag.begins(10_000)
    // Its own program has brought the page.
    expect(lag.enters(10_001, 5)).toBe('early')
    lag.proves(6)
    expect([lag.enters(14_999, 6), lag.enters(15_000, 6)]).toEqual(['unknown', 'early'])
  })
})
