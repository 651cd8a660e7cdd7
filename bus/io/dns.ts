/** Looks up IPv6 addresses and services by DNS, and hosts that it does not know by the system. */
import { lookup, Resolver as Dns } from 'node:dns/promises'
import type { Resolver } from './names.ts'
import { systemCode } from './udp-socket.ts'

export function dnsResolver(make: () => Pick<Dns, 'resolve6' | 'resolveSrv'> = asker): Resolver {
  let dns = make()
  return {
    addresses: async (name) => {
      try {
        return await dns.resolve6(name, { ttl: true })
      } catch (failure) {
        dns = make()
        // The file of hosts, search domains and mDNS are the system's matter.
        const found = await lookup(name, { family: 6, all: true }).catch(() => [])
        if (found.length > 0) return found.map(({ address }) => ({ address }))
        throw new Error(`no IPv6 address of ${name} (${systemCode(failure)})`)
      }
    },
    services: async (name) => {
      try {
        const found = await dns.resolveSrv(name)
        return found
          .toSorted((a, b) => a.priority - b.priority || b.weight - a.weight)
          .map(({ name: host, port }) => ({ name: host, port }))
      } catch (failure) {
        dns = make()
        throw new Error(`no service ${name} (${systemCode(failure)})`)
      }
    },
  }
}

/** It knows the nameservers that there are when it is made; after a failure there may be others. */
function asker(): Dns {
  return new Dns({ timeout: TIMEOUT_MS, tries: TRIES })
}

const TIMEOUT_MS = 3000
const TRIES = 2
