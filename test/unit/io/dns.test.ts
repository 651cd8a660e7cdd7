/** Names by DNS: by the nameservers of today, not by those of the start. */
import { describe, expect, it } from 'vitest'
import { dnsResolver } from '../../../bus/io/dns.ts'

describe('a resolver', () => {
  it('is made anew after a failure, and only then', async () => {
    const [made, asked] = [[] as number[], [] as number[]]
    const resolver = dnsResolver(() => {
      const id = made.push(made.length)
      const answer = async <T>(found: T): Promise<T> => {
        asked.push(id)
        if (id % 2 === 1) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
        return found
      }
      return {
        // What the types have besides is not asked for.
        resolve6: (() => answer([{ address: '2001:db8::1', ttl: 60 }])) as never,
        resolveSrv: () => answer([{ name: 'a.example', port: 1, priority: 0, weight: 0 }]),
      }
    })
    await expect(resolver.services('x.invalid')).rejects.toThrow('ECONNREFUSED')
    expect(await resolver.services('x.invalid')).toEqual([{ name: 'a.example', port: 1 }])
    expect(await resolver.addresses('x.invalid')).toEqual([{ address: '2001:db8::1', ttl: 60 }])
    expect([made.length, asked]).toEqual([2, [1, 2, 2]])
  })
})
