/** Responders of one group: one of them answers each question, and the others are not asked. */
import { afterEach, describe, expect, it } from 'vitest'
import { ask, asker, begin, met, net, range, ready, sorted, TOPIC, work } from './workers.ts'

afterEach(async () => {
  await net.close()
})

describe('a group of responders', () => {
  it.each([1, 2, 3, 4].flatMap((seed) => [0, 0.05, 0.2].map((loss) => [seed, loss] as const)))(
    'shares the questions: each is answered once, with seed %i and a loss of %d',
    async (seed, loss) => {
      await begin(seed, loss)
      const workers = [await work(), await work(), await work()]
      await ready(...workers)
      const replies = await net.until(Promise.all(range(60).map((value) => ask(value, 20_000))))
      expect(replies.map(({ value }) => value.split(' did ')[1])).toEqual(range(60).map(String))
      for (const { value, from } of replies) expect(value.startsWith(from)).toBe(true)
      expect(sorted(workers)).toEqual(range(60))
      for (const { asked } of workers) expect(asked.length).toBeGreaterThan(5)
    },
  )

  it('answers the first question of an asker that has only just come', async () => {
    await begin()
    const workers = [await work(), await work()]
    await met(...workers.map(({ bus }) => bus))
    const young = await net.connect()
    const { value } = await net.until(young.request<string>(TOPIC, 7))
    expect(value).toMatch(/did 7$/)
    expect(sorted(workers)).toEqual([7])
  })

  it('has one outcome in a gathering, beside each responder of its own and each other group', async () => {
    await begin()
    const workers = [await work(), await work(), await work({ share: 'others' })]
    const plain = await net.connect()
    plain.respond(TOPIC, () => 'plain')
    const watcher = await net.connect()
    watcher.subscribe(TOPIC, () => undefined)
    await met(asker, plain, watcher, ...workers.map(({ bus }) => bus))
    for (let round = 0; round < 5; round++) {
      const gathering = asker.gather<string>(TOPIC, round)
      const values: string[] = []
      const taking = (async () => {
        for await (const { value } of gathering) values.push(value)
      })()
      await net.until(taking)
      const { end, outcomes } = await gathering.report
      expect(end).toBe('complete')
      expect(outcomes.map(({ type }) => type).toSorted()).toEqual([
        'answered',
        'answered',
        'answered',
        'none',
      ])
      expect(outcomes.find(({ type }) => type === 'none')?.from).toBe(watcher.id)
      expect(values.filter((value) => value === 'plain')).toHaveLength(1)
    }
    expect(workers[2]!.asked).toEqual(range(5))
    expect(sorted(workers.slice(0, 2))).toEqual(range(5))
  })

  it('costs no answer of those who are not chosen', async () => {
    await begin()
    const workers = await Promise.all(range(8).map(() => work()))
    await met(asker, ...workers.map(({ bus }) => bus))
    await net.until(ask(0))
    await net.run(1000)
    const sent = workers.map(({ bus }) => bus.stats().answersSent).toSorted((a, b) => a - b)
    expect(sent).toEqual([0, 0, 0, 0, 0, 0, 0, 1])
  })

  it('lets what it has no room for wait, and gives it to others first', async () => {
    await begin()
    const workers = [
      await work({ concurrency: 1, takesMs: 100 }),
      await work({ concurrency: 1, takesMs: 100 }),
    ]
    await ready(...workers)
    const replies = range(10).map((value) => ask(value))
    await net.run(250)
    for (const { responder } of workers) expect(responder.working).toBe(1)
    await net.until(Promise.all(replies))
    expect(workers.map(({ asked }) => asked.length)).toEqual([5, 5])
  })

  it('has one that is asked while another takes its time, and one that stands still for ever', async () => {
    await begin()
    const slow = await work({ takesMs: 60_000 })
    await met(asker, slow.bus)
    const first = ask(0, 100_000)
    await net.run(1000)
    for (let round = 0; round < 20; round++) {
      slow.asked.length = 0
      const other = ask(1, 500).catch((error: unknown) => error)
      await net.until(other)
      expect(slow.asked).toEqual([1])
    }
    await net.until(first)
  })

  it('takes no messages, which plain subscriptions and groups of them do', async () => {
    await begin()
    const worker = await work()
    const heard: unknown[] = []
    const group: unknown[] = []
    const other = await net.connect()
    other.subscribe(TOPIC, ({ value }) => void heard.push(value))
    const sharer = await net.connect()
    sharer.subscribe(TOPIC, ({ value }) => void group.push(value), { share: 'workers' })
    await met(asker, worker.bus, other, sharer)
    await net.until(ask(1))
    await net.run(1000)
    for (let n = 0; n < 600; n++) asker.publish(TOPIC, n)
    await net.run(20_000)
    expect((await net.until(ask(2))).value).toMatch(/did 2$/)
    expect(worker.asked).toEqual([1, 2])
    expect([heard.length, group.filter((one) => typeof one === 'number').length]).toEqual([
      602, 602,
    ])
  })

  it('lets one that is full go before another in its process that has room', async () => {
    await begin()
    const bus = await net.connect()
    const plain = bus.respond(TOPIC, () => net.sleep(1000).then(() => 'plain'), { concurrency: 1 })
    await met(asker, bus)
    await net.until(ask(0))
    const worker = await work({ on: bus })
    await net.run(500)
    const replies = net.until(Promise.all([ask(1), ask(2), ask(3)]))
    const values = (await replies).map(({ value }) => value)
    expect(values.filter((value) => value === 'plain')).toHaveLength(1)
    expect(worker.asked).toHaveLength(2)
    await plain.close()
  })

  it('may be said in two places of one process, of which one ends', async () => {
    await begin()
    const first = await work({ concurrency: 1, takesMs: 100 })
    await ready(first)
    const second = await work({ on: first.bus })
    await net.run(500)
    const replies = Promise.all(range(6).map((value) => ask(value, 20_000)))
    await net.run(20)
    const closing = first.responder.close()
    await net.until(Promise.all([replies, closing]))
    expect(sorted([first, second])).toEqual(range(6))
  })

  it('is not asked any more what has been answered, or called off, when a member comes', async () => {
    await begin()
    const plain = await net.connect()
    plain.respond(TOPIC, () => 'plain')
    await met(asker, plain)
    expect((await net.until(ask(1))).value).toBe('plain')
    const late = await work()
    await met(asker, plain, late.bus)
    await net.run(3000)
    expect(late.asked).toEqual([])
    expect((await net.until(ask(2))).value).toBeDefined()
  })

  it('answers by whom it is asked by name', async () => {
    await begin()
    const workers = [await work(), await work(), await work()]
    await met(asker, ...workers.map(({ bus }) => bus))
    for (const { bus } of workers) {
      const reply = await net.until(asker.request<string>(TOPIC, 1, { to: bus.id }))
      expect(reply.from).toBe(bus.id)
    }
    expect(workers.map(({ asked }) => asked)).toEqual([[1], [1], [1]])
  })

  it('has nobody left when the last one closes: that is said at once', async () => {
    await begin()
    const one = await work()
    await met(asker, one.bus)
    await net.until(ask(1))
    await one.responder.close()
    await net.run(100)
    await expect(net.until(ask(2))).rejects.toMatchObject({ code: 'NO_RESPONDER' })
  })

  it('is refused where the topic began otherwise, with an event', async () => {
    await begin()
    const { bus } = await work()
    await met(asker, bus)
    const reasons: string[] = []
    void (async () => {
      for await (const event of bus.events()) {
        if (event.type === 'withheld') reasons.push(event.reason)
      }
    })()
    asker.publish(TOPIC, 'no question')
    await net.run(500)
    await expect(net.until(ask(2))).rejects.toMatchObject({ code: 'NO_RESPONDER' })
    expect(reasons).toEqual(['share'])
  })

  it('may have the asker itself as a member', async () => {
    await begin()
    const own = await work({ on: asker, takesMs: 50 })
    const other = await work({ takesMs: 50 })
    await ready(own, other)
    const replies = await net.until(Promise.all(range(20).map((value) => ask(value))))
    expect(new Set(replies.map(({ from }) => from))).toEqual(new Set([asker.id, other.bus.id]))
    expect(sorted([own, other])).toEqual(range(20))
  })
})
