/** Members of a group of responders that go: what they had is answered by others, or its asker is told. */
import { afterEach, describe, expect, it } from 'vitest'
import { ask, asker, begin, net, range, ready, sorted, TOPIC, work } from './workers.ts'

afterEach(async () => {
  await net.close()
})

describe('a member that goes', () => {
  it.each([1, 2, 3, 4])(
    'by a crash has its questions answered by another, seed %i',
    async (seed) => {
      await begin(seed, 0.05)
      const workers = [
        await work({ again: true, takesMs: 200 }),
        await work({ again: true, takesMs: 200 }),
      ]
      await ready(...workers)
      const replies = Promise.all(range(10).map((value) => ask(value, 30_000)))
      await net.run(100)
      const [gone] = workers
      expect(gone!.asked.length).toBeGreaterThan(0)
      net.crash(gone!.bus)
      const from = new Set((await net.until(replies)).map((reply) => reply.from))
      expect(from).toEqual(new Set([workers[1]!.bus.id]))
    },
  )

  it('by a crash ends its questions where they may not be done twice', async () => {
    await begin()
    const workers = [await work({ takesMs: 200 }), await work({ takesMs: 200 })]
    await ready(...workers)
    const replies = Promise.allSettled(range(10).map((value) => ask(value, 30_000)))
    await net.run(100)
    const count = workers[0]!.asked.length
    net.crash(workers[0]!.bus)
    const settled = await net.until(replies)
    const failed = settled.filter(({ status }) => status === 'rejected')
    expect(failed).toHaveLength(count)
    for (const one of failed) expect(one).toMatchObject({ reason: { code: 'ABANDONED' } })
    expect(sorted(workers)).toEqual(range(10))
  })

  it.each([true, false])(
    'by closing answers what it has begun, and others the rest: again %s',
    async (again) => {
      await begin()
      const how = { again, concurrency: 1, takesMs: 300 }
      const workers = [await work(how), await work(how)]
      await ready(...workers)
      const replies = Promise.all(range(6).map((value) => ask(value, 30_000)))
      await net.run(100)
      const closing = workers[0]!.responder.close()
      const later = Promise.all([6, 7].map((value) => ask(value, 30_000)))
      const values = [...(await net.until(replies)), ...(await net.until(later))]
      await net.until(closing)
      const own = values.filter(({ from }) => from === workers[0]!.bus.id)
      expect(own).toHaveLength(1)
      expect(workers.map(({ asked }) => asked.length)).toEqual([1, 7])
    },
  )

  it('by closing its bus ends what it has begun, where it may not be done twice', async () => {
    await begin()
    const how = { concurrency: 1, takesMs: 300 }
    const workers = [await work(how), await work(how)]
    await ready(...workers)
    const replies = Promise.allSettled(range(6).map((value) => ask(value, 30_000)))
    await net.run(100)
    const closing = workers[0]!.bus.close()
    const settled = await net.until(replies)
    await net.until(closing)
    const failed = settled.filter(({ status }) => status === 'rejected')
    expect(failed).toHaveLength(1)
    expect(failed[0]).toMatchObject({ reason: { code: 'ABANDONED' } })
    expect(workers.map(({ asked }) => asked.length)).toEqual([1, 5])
  })

  it('by its signal leaves to others what may be done twice', async () => {
    await begin()
    const control = new AbortController()
    const how = { again: true, concurrency: 1, takesMs: 300 }
    const workers = [await work({ ...how, signal: control.signal }), await work(how)]
    await ready(...workers)
    const replies = Promise.all(range(4).map((value) => ask(value, 30_000)))
    await net.run(100)
    control.abort()
    expect((await net.until(replies)).map(({ from }) => from)).toEqual(
      Array(4).fill(workers[1]!.bus.id),
    )
  })

  it('is not given what has been called off', async () => {
    await begin()
    const how = { concurrency: 1, takesMs: 500 }
    const workers = [await work(how), await work(how)]
    await ready(...workers)
    const control = new AbortController()
    const { signal } = control
    const replies = range(6).map((value) => asker.request(TOPIC, value, { signal }))
    const settled = Promise.allSettled(replies)
    await net.run(100)
    control.abort(new Error('enough'))
    for (const one of await settled) expect(one).toMatchObject({ reason: { message: 'enough' } })
    await net.run(3000)
    expect(workers.map(({ asked }) => asked.length)).toEqual([1, 1])
  })
})
