/** Reads the IPv6 frames out of the bytes of a pcap file. */

export interface Frame {
  /** Milliseconds since 1970, with the fraction the capture had. */
  readonly time: number
  /** The length of the whole Ethernet frame. */
  readonly size: number
  readonly source: string
  readonly destination: string
  readonly hopLimit: number
  /** The protocol after the extension headers: 17 is UDP, 58 is ICMPv6. */
  readonly protocol: number
  /** The ports are there when the frame starts a UDP datagram. */
  readonly udpSource?: number
  readonly udpDestination?: number
  /** There when the packet is a fragment of a larger one; `offset` counts bytes. */
  readonly fragment?: Fragment
  /** What follows the UDP header, or the last known header. */
  readonly payload: Uint8Array
}

interface Fragment {
  readonly id: number
  readonly offset: number
  readonly more: boolean
}

/**
 * ```text
 * file    magic 4 | version 2+2 | zone 4 | figures 4 | snap length 4 | link type 4
 * record  seconds 4 | fraction 4 | captured 4 | original 4 | frame
 * ```
 * A last record that is not whole yet is left out: the capture may still be writing it.
 */
export function parsePcap(bytes: Uint8Array): Frame[] {
  if (bytes.length < fileHeader) return []
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = file.getUint32(0, true)
  const little = magic === microseconds || magic === nanoseconds
  const fraction = file.getUint32(0, little) === nanoseconds ? 1e6 : 1e3
  const linkType = file.getUint32(20, little)
  if (linkType !== ethernet) throw new Error(`pcap link type ${linkType} is not Ethernet`)
  const frames: Frame[] = []
  for (let at = fileHeader; at + recordHeader <= bytes.length;) {
    const start = at + recordHeader
    const end = start + file.getUint32(at + 8, little)
    if (end > bytes.length) break
    const time = file.getUint32(at, little) * 1e3 + file.getUint32(at + 4, little) / fraction
    const size = file.getUint32(at + 12, little)
    const packet = parseEthernet(bytes.subarray(start, end))
    if (packet !== undefined) frames.push({ time, size, ...packet })
    at = end
  }
  return frames
}

type Packet = Omit<Frame, 'time' | 'size'>

function parseEthernet(frame: Uint8Array): Packet | undefined {
  if (frame.length < ethernetHeader + ipv6Header) return undefined
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (view.getUint16(12) !== 0x86dd) return undefined
  const end = ethernetHeader + ipv6Header + view.getUint16(ethernetHeader + 4)
  return parseIpv6(frame.subarray(ethernetHeader, end)) // Ethernet may pad a short packet.
}

function parseIpv6(packet: Uint8Array): Packet {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  const { protocol, at, fragment } = skipExtensions(view)
  const head = {
    source: addressText(packet.subarray(8, 24)),
    destination: addressText(packet.subarray(24, 40)),
    hopLimit: view.getUint8(7),
    protocol,
    ...(fragment !== undefined && { fragment }),
  }
  const startsUdp = protocol === udp && (fragment?.offset ?? 0) === 0
  if (!startsUdp || at + udpHeader > packet.length) return { ...head, payload: packet.slice(at) }
  return {
    ...head,
    udpSource: view.getUint16(at),
    udpDestination: view.getUint16(at + 2),
    payload: packet.slice(at + udpHeader),
  }
}

interface UpperLayer {
  readonly protocol: number
  readonly at: number
  readonly fragment?: Fragment
}

function skipExtensions(packet: DataView): UpperLayer {
  let protocol = packet.getUint8(6)
  let at = ipv6Header
  while (extensions.has(protocol) && at + 8 <= packet.byteLength) {
    const next = packet.getUint8(at)
    if (protocol === fragmentHeader) {
      return { protocol: next, at: at + 8, fragment: parseFragment(packet, at) }
    }
    at += (packet.getUint8(at + 1) + 1) * 8
    protocol = next
  }
  return { protocol, at }
}

function parseFragment(packet: DataView, at: number): Fragment {
  const field = packet.getUint16(at + 2)
  return { id: packet.getUint32(at + 4), offset: field & ~7, more: (field & 1) === 1 }
}

/** The shortest spelling (RFC 5952), which is also what a URL makes of an address. */
function addressText(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  )
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

const microseconds = 0xa1b2c3d4
const nanoseconds = 0xa1b23c4d
const ethernet = 1
const udp = 17
const fragmentHeader = 44
/** Hop-by-hop options, routing, fragment and destination options. */
const extensions = new Set([0, 43, fragmentHeader, 60])
const fileHeader = 24
const recordHeader = 16
const ethernetHeader = 14
const ipv6Header = 40
const udpHeader = 8
