/** Looks up IPv6 addresses and services by DNS, and hosts that it does not know by the system. */
import { lookup, Resolver as Dns } from 'node:dns/promises'
import type { Resolver } from './names.ts'
import { systemCode } from './udp-socket.ts'

export function dnsResolver(): Resolver {
  const dns = new Dns({ timeout: TIMEOUT_MS, tries: TRIES })
  return {
    addresses: async (name) => {
      try {
        return await dns.resolve6(name, { ttl: true })
      } catch (failure) {
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
        throw new Error(`no service ${name} (${systemCode(failure)})`)
      }
    },
  }
}

const TIMEOUT_MS = 3000
const TRIES = 2
