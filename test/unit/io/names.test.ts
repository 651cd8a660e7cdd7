/** Names of peers: what is found is used, looked up again when it is old, and kept through failures. */
import { describe, expect, it } from 'vitest'
import { lookUp, type Resolver } from '../../../bus/io/names.ts'

interface Zone {
  addresses: Record<string, readonly { address: string; ttl?: number }[]>
  services: Record<string, readonly { name: string; port: number }[]>
}

/** A resolver that knows a zone, and a clock that the test turns. */
class Looking {
  readonly zone: Zone = { addresses: {}, services: {} }
  readonly told: string[][] = []
  readonly failures: string[] = []
  /** What waits, and for how long, ms. */
  waits: { delayMs: number; act: () => void }[] = []
  asked = 0
  stop: () => void = () => undefined

  start(...peers: readonly string[]): Promise<void> {
    const resolver: Resolver = {
      addresses: async (name) => this.#answer(this.zone.addresses[name], name),
      services: async (name) => this.#answer(this.zone.services[name], name),
    }
    this.stop = lookUp({
      peers,
      resolver,
      after: (delayMs, then) => {
        const wait = { delayMs, act: then }
        this.waits.push(wait)
        return () => void this.waits.splice(this.waits.indexOf(wait), 1)
      },
      named: (all) => this.told.push(all.map(({ address, port }) => `${address} ${port}`)),
      failed: (peer, reason) => this.failures.push(`${peer}: ${reason}`),
    })
    return settled()
  }

  /** The next wait is over; returns how long it was. */
  async pass(): Promise<number | undefined> {
    const wait = this.waits.shift()
    wait?.act()
    await settled()
    return wait?.delayMs
  }

  #answer<T>(found: T | undefined, name: string): T {
    this.asked += 1
    if (found === undefined) throw new Error(`no ${name}`)
    return found
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('names of peers', () => {
  it('need no question when they are addresses', async () => {
    const looking = new Looking()
    await looking.start('[2001:db8::1]:7', '[2001:db8::2]:8')
    expect(looking.told).toEqual([['2001:db8::1 7', '2001:db8::2 8']])
    expect([looking.asked, looking.waits.length]).toEqual([0, 0])
  })

  it('are looked up again when the answer is old, but not all the time and not too rarely', async () => {
    const looking = new Looking()
    looking.zone.addresses['a'] = [{ address: '2001:db8::1', ttl: 30 }]
    await looking.start('a:7')
    expect(looking.told).toEqual([[], ['2001:db8::1 7']])
    looking.zone.addresses['a'] = [{ address: '2001:db8::2', ttl: 0 }]
    expect(await looking.pass()).toBe(30_000)
    expect(looking.told.at(-1)).toEqual(['2001:db8::2 7'])
    looking.zone.addresses['a'] = [{ address: '2001:db8::2', ttl: 10 ** 9 }]
    expect(await looking.pass()).toBe(5000)
    looking.zone.addresses['a'] = [{ address: '2001:db8::2' }]
    expect(await looking.pass()).toBe(3_600_000)
    expect(await looking.pass()).toBe(60_000)
    // Nothing has changed since.
    expect(looking.told.length).toBe(3)
  })

  it('keep what was found while they cannot be looked up, which is told and tried again', async () => {
    const looking = new Looking()
    looking.zone.addresses['a'] = [{ address: '2001:db8::1', ttl: 30 }]
    await looking.start('a:7', 'b:8')
    expect(looking.failures).toEqual(['b:8: no b'])
    delete looking.zone.addresses['a']
    const waits = looking.waits.map(({ delayMs }) => delayMs)
    expect(waits.toSorted((a, b) => a - b)).toEqual([2000, 30_000])
    looking.waits.sort((a, b) => a.delayMs - b.delayMs)
    looking.zone.addresses['b'] = [{ address: '2001:db8::2', ttl: 40 }]
    await looking.pass()
    await looking.pass()
    expect(looking.failures).toEqual(['b:8: no b', 'a:7: no a'])
    expect(looking.told.at(-1)).toEqual(['2001:db8::1 7', '2001:db8::2 8'])
  })

  it('are tried ever more rarely while they fail', async () => {
    const looking = new Looking()
    await looking.start('a:7')
    const waits: (number | undefined)[] = []
    for (let i = 0; i < 10; i++) waits.push(await looking.pass())
    expect(waits.slice(0, 3)).toEqual([2000, 4000, 8000])
    expect(waits.at(-1)).toBe(300_000)
  })

  it('of services bring all addresses of all hosts, with their ports', async () => {
    const looking = new Looking()
    looking.zone.services['_s._udp.x'] = [
      { name: 'a', port: 1 },
      { name: 'gone', port: 2 },
      { name: 'b', port: 3 },
    ]
    looking.zone.addresses['a'] = [{ address: '2001:db8::1' }, { address: '2001:db8::2' }]
    looking.zone.addresses['b'] = [{ address: '2001:db8::3', ttl: 7 }]
    await looking.start('srv:_s._udp.x')
    expect(looking.told.at(-1)).toEqual(['2001:db8::1 1', '2001:db8::2 1', '2001:db8::3 3'])
    expect(await looking.pass()).toBe(7000)
    expect(looking.failures).toEqual([])
  })

  it('take 16 addresses of one name and 32 hosts of one service', async () => {
    const looking = new Looking()
    const many = (count: number) => Array.from({ length: count }, (_, i) => i)
    looking.zone.addresses['a'] = many(17).map((i) => ({ address: `2001:db8::${i}` }))
    looking.zone.addresses['b'] = [{ address: '2001:db8::b' }]
    looking.zone.services['s'] = many(33).map((port) => ({ name: 'b', port: port + 1 }))
    await looking.start('a:7', 'srv:s')
    expect(looking.told.at(-1)!.length).toBe(16 + 32)
  })

  it('are looked up no more after the end', async () => {
    const looking = new Looking()
    await looking.start('a:7')
    looking.stop()
    expect(looking.waits).toEqual([])
  })
})
