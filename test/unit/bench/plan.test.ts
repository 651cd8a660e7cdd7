/** What the command line of the benchmark asks for, and what it refuses. */
import { describe, expect, it } from 'vitest'
import { planOf } from '../../bench/speed/plan.ts'

describe('the plan of the benchmark', () => {
  it('is everybody, all sizes and counts, in three rounds', () => {
    const plan = planOf([])
    expect(plan.peers).toEqual(expect.arrayContaining(['sixcast', 'nats', 'zeromq', 'raw', 'ws']))
    expect(plan).toMatchObject({
      sizes: [64, 1024, 16_384],
      subscribers: [1, 2, 4, 8],
      rounds: 3,
      places: ['host'],
      forMs: 1000,
      count: undefined,
      aTurn: 256,
    })
  })

  it('counts messages and not time when it is quick', () => {
    expect(planOf(['--quick'])).toMatchObject({ rounds: 1, count: 2048, latencyMs: 0 })
  })

  it('is what the document shows, written, while there is time', () => {
    const plan = planOf(['--doc'])
    expect(plan).toMatchObject({
      places: ['host', 'net'],
      sizes: [64, 1024, 16_384],
      subscribers: [1, 2, 4, 8],
      whole: ['sixcast', 'nats', 'zeromq'],
      withinMs: 960_000,
      write: true,
    })
    expect(plan.peers).toEqual(planOf([]).peers)
    expect(planOf(['--doc', '--minutes', '0.5', '--peers', 'raw'])).toMatchObject({
      whole: ['raw'],
      withinMs: 30_000,
    })
  })

  it('takes every option', () => {
    const asked =
      '--peers raw,ws --sizes 16 --subscribers 3 --rounds 2 --seconds 5 --turn 1 --net --json f --profile p'
    expect(planOf([...asked.split(' '), '--write'])).toMatchObject({
      peers: ['raw', 'ws'],
      sizes: [16],
      subscribers: [3],
      rounds: 2,
      forMs: 5000,
      aTurn: 1,
      places: ['net'],
      json: 'f',
      profile: 'p',
      write: true,
    })
  })

  it.each([
    [['--peers', 'raw,nobody'], "there is no 'nobody', but sixcast"],
    [['--sizes', '15'], "'15' is no whole number from 16"],
    [['--rounds', '0'], "'0' is no whole number from 1"],
    [['--subscribers', 'many'], "'many' is no whole number"],
    [['--turn', '0'], "'0' is no whole number from 1"],
    [['--minutes', '0'], "'0' is no number above 0"],
    [['--fast'], "Unknown option '--fast'"],
  ])('refuses %j', (args, message) => {
    expect(() => planOf(args)).toThrow(message)
  })
})
