/** Typed topics: the fault of a bad one, and the types that patterns and schemas give. */
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { BusError } from '../../../bus/api/errors.ts'
import type { Bus, Message, Params, Subscription } from '../../../bus/api/options.ts'
import { topic, type Topic } from '../../../bus/api/topic.ts'

describe('topic', () => {
  it('keeps the pattern and the schema', () => {
    const schema = z.number()
    expect(topic('home/{room}/temperature', schema)).toEqual({
      pattern: 'home/{room}/temperature',
      schema,
    })
    expect(Object.keys(topic('home'))).toEqual(['pattern'])
  })

  it('refuses a bad pattern at once, with the code and the mend', () => {
    expect(() => topic('home//light')).toThrow(BusError)
    expect(() => topic('home/li*')).toThrow(
      expect.objectContaining({
        code: 'INVALID_PATTERN',
        message: expect.stringMatching(/"home\/li\*".*whole segments/),
      }),
    )
  })

  it('refuses a schema that is none', () => {
    const schemas = [7, null, {}, { '~standard': { version: 2 } }]
    for (const schema of schemas) {
      expect(() => topic('home', schema as unknown as z.ZodNumber)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      )
    }
  })

  it('takes schemas that are functions, as those of arktype are', () => {
    const schema = Object.assign(() => 0, { '~standard': z.number()['~standard'] })
    expect(topic('home', schema).schema).toBe(schema)
  })
})

describe('types', () => {
  it('reads the parameters out of the pattern', () => {
    expectTypeOf<Params<'home/{room}/temperature'>>().toExtend<{ readonly room: string }>()
    expectTypeOf<keyof Params<'home/{room}/temperature'>>().toEqualTypeOf<'room'>()
    expectTypeOf<keyof Params<'{a}/x/{b}/**/{c}'>>().toEqualTypeOf<'a' | 'b' | 'c'>()
    expectTypeOf<Params<'{a}'>>().toEqualTypeOf<{ readonly a: string }>()
    expectTypeOf<keyof Params<'home/*/**'>>().toEqualTypeOf<never>()
    expectTypeOf<Params<string>>().toEqualTypeOf<{ readonly [name: string]: string }>()
  })

  it('takes the value from the schema, the pattern from the text', () => {
    const temperature = topic('home/{room}/temperature', z.number())
    expectTypeOf(temperature).toEqualTypeOf<Topic<number, 'home/{room}/temperature'>>()
    expectTypeOf(topic('home/x')).toEqualTypeOf<Topic<unknown, 'home/x'>>()
    expectTypeOf(topic<boolean>('home/x')).toEqualTypeOf<Topic<boolean>>()
    // What comes out of a schema counts, not what goes in.
    const length = z.string().transform((text) => text.length)
    expectTypeOf(topic('home/x', length)).toEqualTypeOf<Topic<number, 'home/x'>>()
  })

  it('gives the subscriber both', () => {
    type Received = Subscription<Message<number, 'home/{room}/temperature'>>
    const subscribe = (bus: Bus): Received =>
      bus.subscribe(topic('home/{room}/temperature', z.number()))
    expectTypeOf(subscribe).returns.toEqualTypeOf<Received>()
    expectTypeOf<Message<number, 'home/{room}/t'>['params']['room']>().toEqualTypeOf<string>()
    const wrong = (bus: Bus): void => {
      // @ts-expect-error -- the topic's values are numbers
      bus.publish(topic('home/kitchen/temperature', z.number()), 'warm')
    }
    expectTypeOf(wrong).returns.toBeVoid()
  })

  it('takes a handler of any message, whatever the pattern', () => {
    const handler = (message: Message): void => void message.params['room']
    const subscribe = (bus: Bus): Subscription<never>[] => [
      bus.subscribe('home/light', handler),
      bus.subscribe('home/{room}/light', handler),
      bus.subscribe('home/{room}/light/{lamp}', handler, { gaps: false }),
      bus.subscribe('**', handler),
      bus.subscribe(topic('home/{room}/light', z.number()), handler),
      bus.subscribe('home/x' as string, handler),
      bus.subscribe('home/light', (message: Message<number>) => void message.value),
    ]
    expectTypeOf(subscribe).returns.toEqualTypeOf<Subscription<never>[]>()
    const wrong = (bus: Bus): void => {
      // @ts-expect-error -- nothing captures a room
      bus.subscribe('home/light', ({ params }) => params.room)
    }
    expectTypeOf(wrong).returns.toBeVoid()
  })

  it('gives no gaps to a handler', () => {
    const wrong = (bus: Bus): void => {
      // @ts-expect-error -- they come to who iterates, and as events
      bus.subscribe('home/light', () => undefined, { gaps: true })
    }
    expectTypeOf(wrong).returns.toBeVoid()
  })
})
