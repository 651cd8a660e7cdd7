/** Questions of a page and to a page, by a relay: who is behind it answers, and is told what was called off. */
import { describe, expect, it } from 'vitest'
import { present, useWorld, type World } from './world.ts'

let world: World
useWorld((opened) => (world = opened))

describe('a page', () => {
  it('asks members that have multicast, one and all, and gets their errors', async () => {
    const [one, other] = [await world.member({ name: 'one' }), await world.member({ name: 'two' })]
    const page = await world.tab({ options: { name: 'page' } })
    one.respond('load/{host}', ({ params, value }) => ({ one: params.host, value }))
    other.respond('load/{host}', async function* () {
      yield 1
      yield 2
      throw new Error('no more')
    })
    await present(one, 'page', true)
    await present(other, 'page', true)
    const answers = await page.evaluate(async () => {
      const replies = []
      const gathering = bus.gather('load/a', { x: 1 }, { timeout: 30_000 })
      for await (const { value, sequence } of gathering) replies.push([value, sequence])
      const { end, outcomes } = await gathering.report
      const types = outcomes.map((outcome) => {
        return outcome.type === 'error' ? outcome.error.code : outcome.type
      })
      return { replies, end, types }
    })
    expect(answers.end).toBe('complete')
    expect(new Set(answers.types)).toEqual(new Set(['answered', 'REMOTE']))
    expect(answers.replies).toHaveLength(3)
    expect(answers.replies).toEqual(
      expect.arrayContaining([
        [{ one: 'a', value: { x: 1 } }, 0],
        [1, 0],
        [2, 1],
      ]),
    )
    const id = one.id
    const only = await page.evaluate(async (to) => {
      return (await bus.request('load/b', 'x', { to, timeout: 30_000 })).from
    }, id)
    expect(only).toBe(id)
  })

  it('is told at once that nobody answers', async () => {
    const page = await world.tab()
    const code = await page.evaluate(async () => {
      const error = await bus.request('nobody', null, { timeout: 60_000 }).catch((e: unknown) => e)
      return (error as { readonly code: string }).code
    })
    expect(code).toBe('NO_RESPONDER')
  })

  it('answers members, and hears that a question was called off', async () => {
    const member = await world.member({ name: 'asker' })
    const page = await world.tab({ options: { name: 'answerer' } })
    await page.evaluate(() => {
      bus.respond('page/title', () => 'a page')
      bus.respond('page/wait', ({ signal }) => {
        globalThis.got = ['asked']
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            got.push('aborted')
            reject(signal.reason as Error)
          })
        })
      })
    })
    await present(member, 'answerer', true)
    expect((await member.request('page/title', null, { timeout: 30_000 })).value).toBe('a page')
    const stop = new AbortController()
    const asked = member.request('page/wait', null, { timeout: 60_000, signal: stop.signal })
    asked.catch(() => undefined)
    await page.waitForFunction(() => globalThis.got?.[0] === 'asked')
    stop.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
    await page.waitForFunction(() => got[1] === 'aborted')
  })
})
