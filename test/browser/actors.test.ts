/** Actors in pages and for pages, by a relay: told, asked, in groups, and missed when the page goes. */
import { describe, expect, it } from 'vitest'
import type { Step } from '../../bus/index.ts'
import { present, useWorld, type World } from './world.ts'

let world: World
useWorld((opened) => (world = opened))

/** Counts, and says how far it has come. */
function counting(state: number, by: number): Step<number, number, number> {
  return { state: state + by, reply: state + by }
}

describe('a page', () => {
  it('has actors that members tell, deliver to and ask, in their order', async () => {
    const member = await world.member({ name: 'outside' })
    const page = await world.tab({ options: { name: 'counter' } })
    await page.evaluate(() => {
      bus.spawn<number, number, number>(
        'count',
        (state, by) => ({ state: state + by, reply: state + by }),
        { initial: 0 },
      )
    })
    await present(member, 'counter', true)
    const count = member.actor<number, number>('count')
    await count.deliver(1, { timeout: 60_000 })
    count.tell(10)
    expect(await count.ask(100, { timeout: 60_000 })).toBe(111)
    const nobody = member.actor('nobody').ask(1, { timeout: 60_000 })
    await expect(nobody).rejects.toMatchObject({ code: 'NO_ACTOR' })
  })

  it('tells and asks actors of members, and hears what they have thrown', async () => {
    const member = await world.member({ name: 'inside' })
    const page = await world.tab({ options: { name: 'asker' } })
    const careful = (state: number, by: number): Step<number, number, number> => {
      if (by < 0) throw new Error('not below zero')
      return counting(state, by)
    }
    member.spawn('sum', careful, { initial: 0 })
    await present(member, 'asker', true)
    const told = await page.evaluate(async (id) => {
      const sum = bus.actor<number, number>(`sum@${id}`)
      sum.tell(2)
      await sum.deliver(3, { timeout: 60_000 })
      const five = await sum.ask(0, { timeout: 60_000 })
      const error = await sum.ask(-1, { timeout: 60_000 }).catch((e: unknown) => e)
      return [five, error instanceof sixcast.BusError && [error.code, error.message]]
    }, member.id)
    expect(told).toEqual([5, ['REMOTE', expect.stringContaining('not below zero')]])
  })

  it('is a member of groups, and its actors are missed when it goes', async () => {
    const member = await world.member({ name: 'bench' })
    const page = await world.tab({ options: { name: 'stage' } })
    member.spawn('left', counting, { initial: 0, groups: ['choir'] })
    const right = await page.evaluate(() => {
      const step = (state: number, by: number) => ({ state: state + by, reply: state + by })
      bus.spawn<number, number, number>('right', step, { initial: 0, groups: ['choir'] })
      return `right@${bus.id}`
    })
    await present(member, 'stage', true)
    const choir = member.group<number, number>('choir')
    choir.tell(1)
    const replies = await choir.askAll(10, { expect: 2, timeout: 60_000 }).all()
    expect(replies.map(({ value }) => value)).toEqual([11, 11])
    const gone = new Promise((resolve) => {
      member.spawn<string, null>(
        'usher',
        (_, message, context) => {
          if (message === 'watch') context.watch(member.actor(right), ({ reason }) => reason)
          else resolve(message)
          return { state: null }
        },
        { initial: null },
      )
    })
    await member.actor('usher').deliver('watch')
    expect(
      await page.evaluate(async (id) => {
        return await bus.actor<number, number>(`left@${id}`).ask(0, { timeout: 60_000 })
      }, member.id),
    ).toBe(11)
    await page.close({ runBeforeUnload: true })
    expect(await gone).toBe('gone')
  })
})
