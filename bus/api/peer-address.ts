/** The address of a named peer, as people write it. */

export type PeerAddress =
  | { readonly type: 'literal'; readonly address: string; readonly port: number }
  /** All IPv6 addresses of a name. */
  | { readonly type: 'host'; readonly name: string; readonly port: number }
  /** What DNS lists as a service. */
  | { readonly type: 'service'; readonly name: string }

/** Addresses that one list names. */
export const PEER_ADDRESSES_MAX = 256
export const PEER_ADDRESS_MEND: string =
  "'[2001:db8::1]:18666', 'host.example.org:18666' or 'srv:_sixcast._udp.example.org', " +
  `or a list of at most ${PEER_ADDRESSES_MAX} of them`

/** Undefined: it is none. */
export function parsePeerAddress(text: string): PeerAddress | undefined {
  const service = /^srv:(.+)$/.exec(text)?.[1]
  if (service !== undefined) return isName(service) ? { type: 'service', name: service } : undefined
  const [, place = '', digits = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (port < 1 || port > 65_535) return undefined
  const [, literal, zone = ''] = /^\[([0-9a-fA-F:.]+)(%[\w.-]+)?\]$/.exec(place) ?? []
  if (literal === undefined) {
    const numeric = /^[\d.]+$/.test(place)
    return isName(place) && !numeric ? { type: 'host', name: place, port } : undefined
  }
  const address = canonical(literal)
  return address === undefined ? undefined : { type: 'literal', address: address + zone, port }
}

/** As systems write it; undefined when nobody has it: a group, or all zeros. */
function canonical(literal: string): string | undefined {
  const url = `udp://[${literal}]`
  if (!URL.canParse(url)) return undefined
  const address = new URL(url).hostname.slice(1, -1)
  return address === '::' || /^ff..:/.test(address) ? undefined : address
}

function isName(text: string): boolean {
  return text.length <= NAME_SIZE_MAX && /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(text)
}

/** Of a domain name. */
const NAME_SIZE_MAX = 253
