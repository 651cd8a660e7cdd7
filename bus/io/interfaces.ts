/** Which network interfaces carry the bus: names and globs, and the same default for everybody. */
import { readFileSync } from 'node:fs'
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'
import { BusError } from '../api/errors.ts'
import type { Scope } from '../api/options.ts'

/** An interface that is up and has an IPv6 address. */
export interface NetworkInterface {
  readonly name: string
  /** The kernel's number; another number under the same name is another interface. */
  readonly index: number
  /** As sockets want it: `eth0` on Unix, the number on Windows. */
  readonly zone: string
  /** The IPv6 addresses as datagrams show them: `fe80::1%eth0`, `fd00::2`. */
  readonly addresses: readonly string[]
  readonly linkLocal: boolean
  readonly loopback: boolean
  readonly multicast: boolean
}

/** What the system tells; tests put their own in its place. */
export interface InterfaceSource {
  addresses(): Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>
  /** One line of what the kernel says of the interface, where it says so (Linux). */
  attribute(name: string, attribute: 'flags' | 'ifindex'): number | undefined
}

export interface InterfaceWish {
  readonly scope: Scope
  /** Names or globs (`eth*`); absent: the default choice. */
  readonly names?: readonly string[] | undefined
  /** Whether multicast has a route on this loopback interface. */
  readonly carries: (loopback: NetworkInterface) => boolean
}

/**
 * Every interface that is up and has an IPv6 address, by ascending number. Throws when the system
 * does not tell, which it does not to a process without free file descriptors.
 */
export function listInterfaces(source: InterfaceSource = system): NetworkInterface[] {
  const found: NetworkInterface[] = []
  for (const [name, infos] of Object.entries(source.addresses())) {
    const addresses = (infos ?? []).filter((info) => info.family === 'IPv6')
    if (addresses.length > 0) found.push(describe(name, addresses, source))
  }
  return found.sort((a, b) => a.index - b.index || (a.name < b.name ? -1 : 1))
}

/**
 * The interfaces in use, of those that exist now.
 *
 * At scope `host` it is exactly one, because a second would bring every datagram twice, and every
 * process of every user must come to the same one, because groups are joined by interface: a
 * loopback interface when multicast has a route on it (it has the largest datagrams), else the
 * lowest-numbered other one. Nothing but the state of the host decides, so processes that look
 * at different times agree as soon as both have looked again.
 */
export function chooseInterfaces(
  all: readonly NetworkInterface[],
  wish: InterfaceWish,
): NetworkInterface[] {
  const { names } = wish
  const usable = all.filter((one) =>
    names === undefined ? isDefault(one, wish) : names.some((name) => matches(name, one.name)),
  )
  const able = usable.filter((one) => one.multicast || one.loopback)
  if (wish.scope !== 'host') return able
  const best = able.find((one) => one.loopback && wish.carries(one)) ?? able.find(isOutward)
  return best === undefined ? able.slice(0, 1) : [best]
}

/**
 * As `chooseInterfaces`, but every name must stand for an interface that can be used. A glob may
 * stand for none, as where one file serves many hosts, as long as something is left to use.
 */
export function requireInterfaces(
  all: readonly NetworkInterface[],
  wish: InterfaceWish,
): NetworkInterface[] {
  const { names = [] } = wish
  const useless = names.filter((name) => {
    return !all.some((one) => matches(name, one.name) && (one.multicast || one.loopback))
  })
  const name = useless.find((one) => !isGlob(one)) ?? useless[0]
  if (name === undefined || (isGlob(name) && useless.length < names.length)) {
    return chooseInterfaces(all, wish)
  }
  const exists = all.some((one) => matches(name, one.name))
  const fault = exists ? 'has no multicast' : 'does not exist, is down or has no IPv6'
  throw new BusError('NO_INTERFACE', `interface '${name}' ${fault}: there is ${listed(all)}`)
}

/** NO_PATH: what was looked for, what there is, and the mend. */
export function noPathError(
  { scope, names }: InterfaceWish,
  tried: readonly string[],
  all: readonly NetworkInterface[],
): BusError {
  const usual =
    scope === 'host'
      ? 'the loopback interface with a route for ff00::/8, then for any other with one'
      : 'interfaces that are up, can multicast and have a link-local IPv6 address'
  const sought = names ? `interfaces named ${names.join(' or ')} with a route for ff00::/8` : usual
  const found = `tried ${tried.join(', ') || 'none'}, there is ${listed(all)}`
  const fault = `no interface carries IPv6 multicast at scope ${scope}: looked for ${sought}; ${found}`
  return new BusError('NO_PATH', `${fault}: ${mendOf(scope, tried, all)}`)
}

function mendOf(scope: Scope, tried: readonly string[], all: readonly NetworkInterface[]): string {
  if (all.length === 0) {
    return 'turn IPv6 on; on Linux, as root: sysctl -w net.ipv6.conf.all.disable_ipv6=0'
  }
  if (scope === 'host') {
    return 'as root, run: ip -6 route add local ff00::/8 dev lo table local'
  }
  const mend =
    tried.length > 0 ? 'give it an address and a route' : 'bring one up (ip link set DEV up)'
  return `${mend}, or stay on this host with scope host`
}

/** False when the name now belongs to nobody or to a newer interface; may throw, see above. */
export function isCurrent(one: NetworkInterface, source: InterfaceSource = system): boolean {
  const index = source.attribute(one.name, 'ifindex')
  if (index !== undefined) return index === one.index
  const infos = source.addresses()[one.name]
  return infos !== undefined && infos.every((info) => [0, one.index].includes(scopeOf(info)))
}

/** For messages: the names, or that there are none. */
export function listed(all: readonly NetworkInterface[]): string {
  return all.length === 0 ? 'none with an IPv6 address' : all.map((one) => one.name).join(', ')
}

function describe(
  name: string,
  infos: readonly NetworkInterfaceInfo[],
  source: InterfaceSource,
): NetworkInterface {
  // Only link-local entries carry the number, and a loopback interface may have none.
  const scoped = infos.find((info) => info.family === 'IPv6' && info.scopeid !== 0)
  const index = scopeOf(scoped) || (source.attribute(name, 'ifindex') ?? 0)
  const flags = source.attribute(name, 'flags')
  // A number is not understood on Unix: the socket would silently take the default interface.
  const zone = process.platform === 'win32' ? String(index) : name
  return {
    name,
    index,
    zone,
    addresses: infos.map(({ address }) => (isLinkLocal(address) ? `${address}%${zone}` : address)),
    linkLocal: infos.some(({ address }) => isLinkLocal(address)),
    loopback: infos.some((info) => info.internal),
    multicast: flags === undefined || (flags & flagMulticast) !== 0,
  }
}

function isDefault(one: NetworkInterface, { scope }: InterfaceWish): boolean {
  return one.loopback ? scope === 'host' : one.linkLocal
}

function isOutward(one: NetworkInterface): boolean {
  return !one.loopback
}

function isGlob(name: string): boolean {
  return /[*?]/.test(name)
}

function matches(pattern: string, name: string): boolean {
  if (!isGlob(pattern)) return pattern === name
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name)
}

function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address)
}

function scopeOf(info: NetworkInterfaceInfo | undefined): number {
  return info?.family === 'IPv6' ? info.scopeid : 0
}

const system: InterfaceSource = {
  addresses: () => networkInterfaces(),
  attribute(name, attribute) {
    try {
      const value = Number(readFileSync(`/sys/class/net/${name}/${attribute}`, 'utf8'))
      return Number.isInteger(value) ? value : undefined
    } catch {
      return undefined // Not Linux, hidden from a sandbox, or gone this very moment.
    }
  },
}

/** IFF_MULTICAST of linux/if.h. */
const flagMulticast = 0x1000
