/** What a lingering close says of the receivers. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { acquainted, network, values } from './company.ts'

describe('a closing bus', () => {
  it('names the receivers that have not confirmed', async () => {
    let deaf = false
    const join = network({ lose: ({ to }) => deaf && to.port === 2 })
    const [a, b] = [await join({ linger: 500 }), await join({ name: 'deaf' })]
    await acquainted(a, b)
    const got = values(1, b.subscribe('last'))
    a.publish('last', 1)
    await got
    deaf = true
    a.publish('last', 2)
    const { unconfirmed } = await a.close()
    expect(unconfirmed.map(({ id, name }) => [id, name])).toEqual([[b.id, 'deaf']])
  })

  it('tells how many messages a receiver has lost that confirms the rest', async () => {
    let deaf = false
    const join = network({ lose: ({ to }) => deaf && to.port === 2 })
    const [a, b] = [await join({ limits: { historySize: 2000 } }), await join({ name: 'unlucky' })]
    await acquainted(a, b)
    const got = b.subscribe('lossy')[Symbol.asyncIterator]()
    a.publish('lossy', 1)
    await got.next()
    deaf = true
    for (let i = 0; i < 9; i++) a.publish('lossy', new Uint8Array(1000))
    await a.flush()
    await turn() // what has left is on its way until then
    deaf = false
    a.publish('lossy', 'end')
    const { unconfirmed, incomplete } = await a.close()
    expect(unconfirmed).toEqual([])
    expect(incomplete.map(({ peer, lost }) => [peer.id, peer.name, lost])).toEqual([
      [b.id, 'unlucky', 8],
    ])
    expect((await got.next()).value.sequence).toBe(9)
    expect((await got.next()).value.value).toBe('end')
  })
})
