/** Where a channel is: its group, and the one interface by which it is reached. */
import { BusError } from '../api/errors.ts'
import {
  listed,
  listInterfaces,
  requireInterfaces,
  type NetworkInterface,
} from '../io/interfaces.ts'

export interface Place {
  readonly group: string
  readonly port: number
  readonly hops: number
  readonly loopback: boolean
  readonly interface: NetworkInterface
}

/** Without a name, or by a glob, there must be exactly one interface to choose. */
export function findInterface(
  name?: string,
  all: readonly NetworkInterface[] = listInterfaces(),
): NetworkInterface {
  const names = name === undefined ? undefined : [name]
  const found = requireInterfaces(all, { scope: 'global', names, carries: () => false })
  const [only] = found
  if (only === undefined) {
    const mend = `bring one up, or name one by 'interface' (there is ${listed(all)})`
    throw new BusError('NO_INTERFACE', `no interface has multicast and link-local IPv6: ${mend}`)
  }
  if (found.length > 1) {
    throw new BusError('NO_INTERFACE', `several interfaces (${listed(found)}): name one of them`)
  }
  return only
}
