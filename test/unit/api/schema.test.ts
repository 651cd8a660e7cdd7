/** Checking values: results, sentences for issues, async schemas and schemas that fail. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { validate, type Validation } from '../../../bus/api/schema.ts'

describe('validate', () => {
  it('gives the value that the schema made, without a promise', () => {
    const schema = z.object({ on: z.boolean(), level: z.number().default(1) })
    expect(validate(schema, { on: true, extra: 1 })).toEqual({ value: { on: true, level: 1 } })
    expectTypeOf(validate<number>).returns.toEqualTypeOf<
      Validation<number> | Promise<Validation<number>>
    >()
  })

  it('says where and what does not fit', () => {
    const schema = z.object({ rooms: z.array(z.object({ name: z.string('no text') })) })
    const value = { rooms: [{ name: 'a' }, { name: 1 }] }
    expect(validate(schema, value)).toEqual({ issues: ['rooms[1].name: no text'] })
    expect(validate(z.string('no text'), 1)).toEqual({ issues: ['no text'] })
  })

  it('reads paths made of objects and symbols', () => {
    const schema = standard(() => ({
      issues: [{ message: 'bad', path: [{ key: 'a' }, Symbol('s'), { key: 0 }] }],
    }))
    expect(validate(schema, 1)).toEqual({ issues: ['a.Symbol(s)[0]: bad'] })
  })

  it('keeps sixteen issues and counts the rest', () => {
    const issues = (count: number): unknown =>
      validate(z.array(z.string('no text')), Array(count).fill(0))
    expect(issues(16)).toHaveProperty('issues.length', 16)
    expect(issues(100)).toHaveProperty('issues.length', 17)
    expect(issues(100)).toHaveProperty(['issues', 16], 'and 84 more')
  })

  it('waits for a schema that is async', async () => {
    const even = z.number().refine(async (n) => (await Promise.resolve(n)) % 2 === 0, 'odd')
    expect(validate(even, 2)).toBeInstanceOf(Promise)
    expect(await validate(even, 2)).toEqual({ value: 2 })
    expect(await validate(even, 3)).toEqual({ issues: ['odd'] })
  })

  it('makes a real promise of a thenable', async () => {
    const result = Promise.resolve({ value: 1 })
    // oxlint-disable-next-line no-thenable -- a thenable is what is tested
    const thenable = { then: result.then.bind(result) } as typeof result
    const checked = validate(
      standard(() => thenable),
      1,
    )
    expect(checked).toBeInstanceOf(Promise)
    expect(await checked).toEqual({ value: 1 })
  })

  it('turns a schema that throws or rejects into an issue', async () => {
    const throwing = standard(() => {
      throw new Error('broken')
    })
    const rejecting = standard(() => Promise.reject(new Error('later')))
    expect(validate(throwing, 1)).toEqual({ issues: ['the schema failed: broken'] })
    expect(await validate(rejecting, 1)).toEqual({ issues: ['the schema failed: later'] })
  })
})

function standard(
  check: StandardSchemaV1.Props<unknown, unknown>['validate'],
): StandardSchemaV1<unknown, unknown> {
  return { '~standard': { version: 1, vendor: 'test', validate: check } }
}
