/** The cable between a host and a switch: its names, its addresses, and how it is laid. */

/** A network interface of a host, and the switch port at the other end of its cable. */
export interface Interface {
  readonly name: string
  readonly host: string
  readonly segment: string
  /** The unique local address, which other hosts can be given. */
  readonly address: string
  readonly linkLocal: string
  readonly mac: string
  readonly mtu: number
  /** The switch's end, in the namespace of the switch. */
  readonly port: string
}

export interface Place {
  readonly host: string
  readonly hostNumber: number
  /** The how-many-eth interface of its host this is. */
  readonly index: number
  /** The how-many of its host's interfaces on this segment this is. */
  readonly twin: number
  readonly segment: string
  readonly segmentNumber: number
  readonly mtu: number
}

/** Addresses follow from the numbers alone, so that an interface made again has the same ones. */
export function cable(place: Place): Interface {
  const { host, segment, mtu, hostNumber, segmentNumber, twin } = place
  const name = `eth${place.index}`
  const hostDigits = (hostNumber + firstHost).toString(16)
  const macEnd = hostDigits.padStart(4, '0').replace(/(..)(..)/, '$1:$2')
  const subnet = (segmentNumber + 1).toString(16)
  const segmentDigits = subnet.padStart(2, '0')
  const twinDigits = twin.toString(16)
  return {
    name,
    host,
    segment,
    mtu,
    address: `fd5c:6c61:62:${subnet}::${twin > 0 ? `${twinDigits}:` : ''}${hostDigits}`,
    // What the kernel makes of the MAC.
    linkLocal: `fe80::5c:${twin > 0 ? twinDigits : ''}ff:fe${segmentDigits}:${hostDigits}`,
    mac: `02:5c:${twinDigits.padStart(2, '0')}:${segmentDigits}:${macEnd}`,
    port: `${host}.${name}`,
  }
}

export function bridgeName(segment: string): string {
  return `br-${segment}`
}

/** Lines for `ip` in the switch: the cable and its port, up before the host's end is. */
export function cableLines(end: Interface, hostNamespace: string): string[] {
  const { port, mtu, name, mac } = end
  const far = `peer name ${name} address ${mac} mtu ${mtu} netns ${hostNamespace}`
  return [
    `link add ${port} mtu ${mtu} type veth ${far}`,
    `link set ${port} master ${bridgeName(end.segment)} up`,
  ]
}

/**
 * A shell script for a host: turns off what would delay it or speak by itself (address probing,
 * router solicitation), brings the interfaces up, and waits until multicast has its route. An
 * interface without carrier has none to wait for.
 */
export function interfaceScript(interfaces: readonly Interface[]): string {
  const names = interfaces.map((end) => end.name)
  const lines = interfaces.flatMap((end) => [
    `link set ${end.name} up`,
    `address replace ${end.address}/64 dev ${end.name} nodad`,
    `address replace ${end.linkLocal}/64 dev ${end.name} nodad`,
  ])
  return `${quietScript(['all', 'default', ...names])}
ip -batch - <<'END'
link set lo up
${lines.join('\n')}
END
for name in ${names.join(' ')}; do
  turns=0
  until grep -q "^ff0*  *08 .* $name\\$" /proc/net/ipv6_route; do
    [ "$(cat "/sys/class/net/$name/carrier")" = 1 ] || break
    turns=$((turns + 1))
    [ $turns -lt 300 ] || { echo "$name has no multicast route" >&2; exit 1; }
    sleep 0.01
  done
done
`
}

export function quietScript(names: readonly string[]): string {
  return `set -e
for conf in ${names.join(' ')}; do
  cd "/proc/sys/net/ipv6/conf/$conf"
  echo 0 >accept_dad
  echo 0 >accept_ra
  echo 0 >router_solicitations
done`
}

/** Low numbers are left to routers, as on real networks. */
const firstHost = 0x10
