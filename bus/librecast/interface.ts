/** Finds the network interface of a channel, and refuses a name that does not exist. */
import { networkInterfaces } from 'node:os'
import { BusError } from '../api/errors.ts'

export interface ChannelInterface {
  readonly name: string
  /** Names the interface to a socket: `::%eth0`, and by number on Windows. */
  readonly zone: string
}

/** What `os.networkInterfaces()` tells, as far as it is needed here. */
export type InterfaceTable = Readonly<Record<string, readonly InterfaceAddress[] | undefined>>

export interface InterfaceAddress {
  readonly family: string
  readonly internal: boolean
  readonly scopeid?: number
}

/**
 * Sockets take an unknown name without complaint and use the default interface, so every name is
 * looked up first. Without a name there must be exactly one interface to choose.
 */
export function findInterface(
  name?: string,
  table: InterfaceTable = networkInterfaces(),
): ChannelInterface {
  const usable = Object.keys(table).filter((key) => addressOf(table, key) !== undefined)
  if (name !== undefined) return namedInterface(name, { table, usable })
  const outward = usable.filter((key) => addressOf(table, key)?.internal === false)
  const [only] = outward
  if (only === undefined) {
    throw new BusError('NO_INTERFACE', 'no interface has an IPv6 address: bring one up')
  }
  if (outward.length > 1) {
    const names = outward.join(', ')
    throw new BusError('NO_INTERFACE', `several interfaces (${names}): choose one by 'interface'`)
  }
  return namedInterface(only, { table, usable })
}

function namedInterface(name: string, known: Known): ChannelInterface {
  const address = known.usable.includes(name) ? addressOf(known.table, name) : undefined
  if (address === undefined) {
    const names = known.usable.join(', ') || 'none'
    throw new BusError(
      'NO_INTERFACE',
      `interface '${name}' does not exist, is down or has no IPv6 address: use one of ${names}`,
    )
  }
  const zone = process.platform === 'win32' ? String(address.scopeid) : name
  return { name, zone: `::%${zone}` }
}

/** The link-local address if there is one: it alone carries the interface's number. */
function addressOf(table: InterfaceTable, name: string): InterfaceAddress | undefined {
  const addresses = table[name]?.filter((address) => address.family === 'IPv6') ?? []
  return addresses.find((address) => address.scopeid) ?? addresses[0]
}

interface Known {
  readonly table: InterfaceTable
  readonly usable: readonly string[]
}
