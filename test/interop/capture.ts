/** Writes captures that Wireshark reads: datagrams as UDP over IPv6, without a link layer. */

/** Little-endian microseconds, version 2.4, link type 101 (raw IP). */
const HEAD = words(0xa1b2c3d4, 0x00040002, 0, 0, 65_535, 101)
const ADDRESS_SIZE = 16

/** Sent to that port, a second apart. */
export function captureOf(datagrams: readonly Uint8Array[], port: number): Buffer {
  const frames = datagrams.flatMap((datagram, second) => {
    const packet = packetOf(datagram, port)
    return [words(second, 0, packet.length, packet.length), packet]
  })
  return Buffer.concat([HEAD, ...frames])
}

function packetOf(datagram: Uint8Array, port: number): Buffer {
  const udp = Buffer.alloc(8)
  udp.writeUInt16BE(50_000, 0)
  udp.writeUInt16BE(port, 2)
  udp.writeUInt16BE(udp.length + datagram.length, 4)
  const ip = Buffer.alloc(8)
  ip.writeUInt32BE(0x6000_0000, 0)
  ip.writeUInt16BE(udp.length + datagram.length, 4)
  ip.set([17, 1], 6) // UDP, one hop
  const [from, to] = [Buffer.alloc(ADDRESS_SIZE), Buffer.alloc(ADDRESS_SIZE)]
  from[ADDRESS_SIZE - 1] = 1
  to.set([0xff, 0x11])
  return Buffer.concat([ip, from, to, udp, datagram])
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => bytes.writeUInt32LE(value, 4 * i))
  return bytes
}
