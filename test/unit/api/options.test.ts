/** Options of every call of a bus: the wrong ones are told by name, value and mend. */
import { describe, expect, it } from 'vitest'
import type { Bus, PublishOptions, SubscribeOptions } from '../../../bus/api/options.ts'
import { topic } from '../../../bus/api/topic.ts'
import { network } from './company.ts'

const code = (expected: string, text: RegExp) =>
  expect.objectContaining({ code: expected, message: expect.stringMatching(text) })

/** What a program in plain JavaScript may hand over, where the types want something else. */
const any = (value: unknown): never => value as never

describe('publish', () => {
  it.each<[string, unknown, RegExp]>([
    ['a number', 5, /publish takes its options as an object, not a number/],
    ['null', null, /publish takes its options as an object, not null: as in \{ delivery: … \}/],
    ['a function', () => undefined, /not a function/],
    [
      'an unknown name',
      { urgnet: true },
      /"urgnet" is unknown to publish: did you mean "urgent"\?/,
    ],
    ['a name far from any', { zebra: true }, /"zebra" is unknown to publish: there are delivery/],
    ['to retain not as a number', { retain: true }, /"retain" is true: a whole number from 0/],
    ['to retain too much', { retain: 65_537 }, /"retain" is 65537: a whole number from 0 to 65536/],
    [
      'to retain what is not reliable',
      { retain: 1, delivery: 'latest' },
      /"retain" is 1 with delivery "latest": only reliable topics retain/,
    ],
    ['a wrong type', { urgent: 1 }, /"urgent" is 1: true or false/],
    ['no mode', { delivery: 5 }, /"delivery" is 5: one of reliable, best-effort, latest/],
  ])('refuses %s, and nothing is sent', async (_, options, text) => {
    const bus = await network()()
    expect(() => bus.publish('a', 1, any(options))).toThrow(code('INVALID_OPTION', text))
    expect(bus.stats().messagesPublished).toBe(0)
  })

  it.each([undefined, null, 5, {}, Symbol('a')])('refuses the topic %o', async (to) => {
    const bus = await network()()
    expect(() => bus.publish(any(to), 1)).toThrow(code('INVALID_TOPIC', /topic is of type/))
  })

  it('takes options that are undefined', async () => {
    const bus = await network()()
    expect(() => bus.publish('a', 1, any({ delivery: undefined }))).not.toThrow()
    expect(() => bus.publish('a', 1, undefined)).not.toThrow()
  })
})

describe('subscribe', () => {
  it.each<[string, unknown, RegExp]>([
    ['a number', 5, /subscribe takes its options as an object, not a number/],
    ['an unknown name', { gap: true }, /"gap" is unknown to subscribe: did you mean "gaps"\?/],
    ['no history', { history: 'none' }, /"history" is "none": 'last', 'all', a whole number/],
    ['part of a message', { history: 1.5 }, /"history" is 1.5/],
    ['the future', { history: { since: -1 } }, /"history" is .*since: ms/],
    ['a time that is none', { history: { until: 5 } }, /"history" is /],
    ['no queue', { queue: 0 }, /"queue" is 0: a whole number from 1/],
    ['half a queue', { queue: 1.5 }, /"queue" is 1.5/],
    ['an endless queue', { queue: Infinity }, /"queue" is Infinity/],
    ['no number', { queue: '5' }, /"queue" is "5"/],
    ['no policy', { overflow: 'grow' }, /"overflow" is "grow": one of drop-oldest, drop-newest/],
    ['no answer', { gaps: 'yes' }, /"gaps" is "yes": true or false/],
    ['no schema', { schema: {} }, /"schema" is an object: give a schema of zod/],
    ['no signal', { signal: 5 }, /"signal" is a number: an AbortSignal/],
  ])('refuses %s, with a handler and without', async (_, options, text) => {
    const bus = await network()()
    const refused = code('INVALID_OPTION', text)
    expect(() => bus.subscribe('a', any(options))).toThrow(refused)
    expect(() => bus.subscribe('a', () => undefined, any(options))).toThrow(refused)
  })

  it.each([undefined, null, 5, {}])('refuses the pattern %o', async (pattern) => {
    const bus = await network()()
    expect(() => bus.subscribe(any(pattern))).toThrow(code('INVALID_PATTERN', /is of type/))
    expect(() => topic(any(pattern))).toThrow(code('INVALID_PATTERN', /is of type/))
  })

  it('refuses a handler that is none', async () => {
    const bus = await network()()
    const refused = code('INVALID_OPTION', /handler of subscribe is undefined.*pattern, handler/)
    expect(() => bus.subscribe('a', any(undefined), any({}))).toThrow(refused)
  })

  it('refuses a topic whose schema is none', async () => {
    const bus = await network()()
    const refused = code('INVALID_OPTION', /"schema" is an object: give a schema of zod/)
    expect(() => bus.subscribe(any({ pattern: 'a', schema: {} }))).toThrow(refused)
  })
})

describe('the other calls', () => {
  it.each<[string, (bus: Bus, options: never) => unknown]>([
    ['flush', (bus, options) => bus.flush(options)],
    ['matched', (bus, options) => bus.matched('a', options)],
    ['close', (bus, options) => bus.close(options)],
    ['events', (bus, options) => bus.events(options)],
    ['watch', (bus, options) => bus.presence.watch(options)],
  ])('%s refuse what they do not know', async (name, call) => {
    const bus = await network()()
    const tried = async (options: unknown): Promise<unknown> => call(bus, any(options))
    await expect(tried({ signal: 5 })).rejects.toEqual(code('INVALID_OPTION', /"signal" is a n/))
    const unknown = new RegExp(`"sginal" is unknown to ${name}: did you mean "signal"`)
    await expect(tried({ sginal: 1 })).rejects.toEqual(code('INVALID_OPTION', unknown))
    await expect(tried(5)).rejects.toEqual(code('INVALID_OPTION', /as an object, not a number/))
  })

  it('matched waits for no more than could ever be counted', async () => {
    const bus = await network()({ limits: { receivers: 2 } })
    const wait = (options: object) => bus.matched('a', options)
    const tooMany = code('INVALID_OPTION', /"count" is 3: at most 2, or raise limits\.receivers/)
    await expect(wait({ count: 3 })).rejects.toEqual(tooMany)
    await expect(wait({ count: -1 })).rejects.toEqual(code('INVALID_OPTION', /"count" is -1/))
    await expect(wait({ timeout: '5' })).rejects.toEqual(code('INVALID_OPTION', /"timeout" is "5"/))
    expect(await wait({ count: 0 })).toBe(0)
  })
})

describe('types', () => {
  it('refuse the same', () => {
    // @ts-expect-error -- a slip of the pen
    const publish: PublishOptions = { urgnet: true }
    // @ts-expect-error -- and another one
    const subscribe: SubscribeOptions<unknown> = { gap: true }
    expect([publish, subscribe]).toHaveLength(2)
  })
})
