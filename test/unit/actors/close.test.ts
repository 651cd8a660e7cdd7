/** What a closing bus does with messages to actors that are still looked for. */
import { describe, expect, it } from 'vitest'
import { code } from '../api/asking.ts'
import { network, pair } from '../api/company.ts'
import { counter, keeper, refusal, until } from './stage.ts'

describe('a bus that closes', () => {
  it('sends what it has told by name before, when it has found the actor', async () => {
    const join = network()
    const there = await join()
    const heard: unknown[] = []
    there.spawn('keeper', keeper(heard), { initial: null })
    const here = await join()
    for (let i = 0; i < 3; i++) here.actor('keeper').tell(i)
    expect(await here.close()).toEqual({ unconfirmed: [], incomplete: [] })
    await until(() => heard.length === 3)
    expect(heard).toEqual([0, 1, 2])
    expect(here.stats().mailLost).toBe(0)
  })

  it('takes nothing new meanwhile, and gives up what waits for replies', async () => {
    const [here, there] = await pair()
    there.spawn('counter', counter, { initial: 0 })
    const far = here.actor<unknown, number>('counter')
    far.tell({ add: 1 })
    const asked = refusal(far.ask('get'))
    const closing = here.close()
    expect(() => far.tell('get')).toThrow(code('CLOSED'))
    expect(() => here.publish('topic', 1)).toThrow(code('CLOSED'))
    expect(await asked).toEqual(code('CLOSED'))
    await closing
    expect(await there.actor<unknown, number>('counter').ask('get')).toBe(1)
  })

  it('says how many messages it has lost, as nobody has their actors', async () => {
    const [here] = await pair()
    here.actor('nobody').tell(1)
    here.actor('nobody').tell(2)
    here.actor('none').tell(3)
    expect(await here.close()).toEqual({ unconfirmed: [], incomplete: [], mailLost: 3 })
    expect(here.stats().mailLost).toBe(3)
  })

  it('waits no longer for them than it lingers', async () => {
    let deaf = false
    const join = network({ lose: () => deaf })
    const [here, there] = [await join({ linger: 300 }), await join()]
    there.spawn('counter', counter, { initial: 0 })
    expect(await here.actor('counter').ask('get')).toBe(0)
    deaf = true
    here.actor('other').tell(1)
    const began = performance.now()
    expect(await here.close()).toMatchObject({ mailLost: 1 })
    expect(performance.now() - began).toBeLessThan(2000)
  })
})
