/** Typed services: the fault of a bad one, and the types that questions and answers have. */
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import type { Bus } from '../../../bus/api/options.ts'
import type { Gathering, Question, Reply } from '../../../bus/api/request-options.ts'
import { service, type Service } from '../../../bus/api/service.ts'

const fault = (code: string, text: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(text) })

describe('service', () => {
  it('keeps the pattern and the schemas', () => {
    const [request, reply] = [z.string(), z.number()]
    expect(service('len/{of}', { request, reply })).toEqual({ pattern: 'len/{of}', request, reply })
    expect(Object.keys(service('len'))).toEqual(['pattern'])
  })

  it('refuses a bad pattern, and a schema that is none', () => {
    expect(() => service('a//b')).toThrow(fault('INVALID_PATTERN', /a\/\/b/))
    const reply = 7 as unknown as z.ZodNumber
    expect(() => service('len', { reply })).toThrow(
      fault('INVALID_OPTION', /^the schema "reply" of service "len" is none/),
    )
  })
})

describe('the types of a service', () => {
  const schemas = { request: z.string(), reply: z.number() }
  const len = service('len/{of}', schemas)
  // Nothing is called: the compiler looks at it.
  const use = (bus: Bus): void => {
    bus.respond(len, (question) => {
      expectTypeOf(question).toEqualTypeOf<Question<string, 'len/{of}'>>()
      expectTypeOf(question.params.of).toEqualTypeOf<string>()
      return question.value.length
    })
    bus.respond(len, async () => 1)
    bus.respond(len, async function* () {
      yield 1
    })
    // @ts-expect-error -- the answer is a number
    bus.respond(len, () => 'one')
    // @ts-expect-error -- the question is text
    void bus.request(len, 5)
    expectTypeOf(bus.request(len, 'text')).toEqualTypeOf<Promise<Reply<number>>>()
    expectTypeOf(bus.gather(len, 'text')).toEqualTypeOf<Gathering<number>>()
    expectTypeOf(bus.request('any', { a: 1 })).toEqualTypeOf<Promise<Reply<unknown>>>()
    expectTypeOf(bus.request<boolean>('any', 1)).toEqualTypeOf<Promise<Reply<boolean>>>()
    const checked = bus.request('any', 1, { schema: z.boolean() })
    expectTypeOf(checked).toEqualTypeOf<Promise<Reply<boolean>>>()
  }

  it('are those of its schemas, or those that it claims', () => {
    expect(use).toBeTypeOf('function')
    expectTypeOf(len).toEqualTypeOf<Service<string, number, 'len/{of}'>>()
    expectTypeOf(service<Date, boolean>('when')).toEqualTypeOf<Service<Date, boolean>>()
  })
})
