/** Watches on actors of other peers: whose end each of them is told of. */
import { describe, expect, it } from 'vitest'
import type { ActorContext, ActorGone } from '../../../bus/api/actor-options.ts'
import type { Bus } from '../../../bus/api/options.ts'
import { readSaid } from '../../../bus/actors/wire.ts'
import { three } from '../api/asking.ts'
import { pair } from '../api/company.ts'
import { counter, until } from './stage.ts'

type Order = { readonly watch: string } | ActorGone

/** An actor that watches whom it is told to, and keeps what it is told of their ends. */
function watching(bus: Bus, ends: ActorGone[]): (target: string) => Promise<void> {
  const watcher = (state: null, message: Order, context: ActorContext<Order>) => {
    if ('watch' in message) context.watch(context.actor(message.watch), (end) => end)
    else ends.push(message)
    return { state }
  }
  const actor = bus.spawn('watcher', watcher, { initial: null })
  return (watch) => actor.deliver({ watch })
}

describe('a watch on an actor of another peer', () => {
  it('does not take what is said again of an earlier one for its end', async () => {
    const [here, there, witness] = await three()
    const address = `worker@${there.id}`
    const ends: ActorGone[] = []
    const said: Uint8Array[] = []
    witness.subscribe('sixcast/actors', ({ value }) => {
      const bytes = value as Uint8Array
      if (readSaid(bytes)?.kind === 'ended') said.push(bytes.slice())
    })
    const watch = watching(here, ends)
    /** It is watched by then: questions of one sender are taken in their order. */
    const spawned = async () => {
      const actor = there.spawn('worker', counter, { initial: 0 })
      await watch(address)
      await here.actor(address).ask('get')
      return actor
    }
    const first = await spawned()
    await there.matched('sixcast/actors', { count: 2 })
    await first.close()
    await until(() => ends.length === 1 && said.length === 1)
    const second = await spawned()
    await there.request('sixcast/actors', said[0], { to: here.id })
    expect(ends).toHaveLength(1)
    second.tell('stop')
    await until(() => ends.length === 2)
    expect(ends).toEqual([
      { address, reason: 'closed' },
      { address, reason: 'stopped' },
    ])
  })

  it('is of none where its peer is here and has never had one', async () => {
    const [here, there] = await pair()
    const ends: ActorGone[] = []
    const watch = watching(here, ends)
    await watch(`none@${there.id}`)
    await watch('none@00000000000000ff')
    await until(() => ends.length === 2)
    const reasons = new Map(ends.map(({ address, reason }) => [address, reason]))
    expect(reasons).toEqual(
      new Map([
        [`none@${there.id}`, 'unknown'],
        ['none@00000000000000ff', 'gone'],
      ]),
    )
  })
})
