/** A user's own test: the tally on a bad network, twenty times, each time another one. */
import { expect, it } from 'vitest'
import { simulate } from 'sixcast/testing'
import { Tally } from './tally.ts'

const seeds = Array.from({ length: 20 }, (_, place) => place + 1)

// The seed is in the name: a failure says which one to run again.
it.each(seeds)('counts every vote or knows that it is lost, seed %i', async (seed) => {
  await using net = simulate({ seed, loss: 0.1, delay: [1, 5] })
  const tally = new Tally(await net.connect({ name: 'tally' }))
  const booth = await net.connect({ name: 'booth' })
  await net.until(booth.matched('votes/red'))

  for (let vote = 0; vote < 100; vote++) {
    if (vote === 50) net.partition(['booth'])
    booth.publish('votes/red', {})
    await net.run(20)
  }
  net.heal()
  await net.run(5_000)

  expect((tally.votes.get('red') ?? 0) + tally.lost).toBe(100)
})

it('misses nobody for long who comes back after a crash', async () => {
  await using net = simulate()
  const tally = new Tally(await net.connect({ name: 'tally' }))
  const crashes = await net.connect({ name: 'booth' })
  crashes.publish('votes/red', {})
  await net.run(1_000)
  net.crash(crashes)
  const again = await net.connect({ name: 'booth' })
  again.publish('votes/blue', {})
  await net.run(1_000)

  expect([...tally.votes]).toEqual([
    ['red', 1],
    ['blue', 1],
  ])
})
