/**
 * How the measured process reaches the network of the crowd: each of its datagrams, joins and leaves
 * is a frame, and one write, on a TCP connection of the loopback interface, and so is each that comes
 * back. Thereby nothing is lost between two processes that one machine holds up by turns.
 *
 *     size of the rest (32)  type (8)  port (16)  length (8)  group or address  datagram
 */
import type { Socket } from 'node:net'
import type { Endpoint } from '../../../bus/core/output.ts'
import type { Transport, TransportListener } from '../../../bus/io/transport.ts'

export const Frame = { group: 0, unicast: 1, join: 2, leave: 3, from: 4 } as const

export interface Framed {
  readonly type: number
  readonly port: number
  readonly text: string
  readonly datagram: Uint8Array
}

export function framed({ type, port, text, datagram }: Framed): Buffer {
  const name = Buffer.from(text)
  const head = Buffer.from([0, 0, 0, 0, type, port >>> 8, port & 0xff, name.length])
  head.writeUInt32BE(HEAD + name.length + datagram.length)
  return Buffer.concat([head, name, datagram])
}

/** Gives each frame that comes by the connection. */
export function eachFrame(socket: Socket, take: (frame: Framed) => void): void {
  // The other process has ended, which its parent tells.
  socket.on('error', () => undefined)
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (bytes: Buffer) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    let at = 0
    while (all.length - at >= SIZE) {
      const end = at + SIZE + all.readUInt32BE(at)
      if (end > all.length) break
      take(unframed(all.subarray(at + SIZE, end)))
      at = end
    }
    rest = all.subarray(at)
  })
}

function unframed(bytes: Buffer): Framed {
  const end = HEAD + (bytes[3] ?? 0)
  return {
    type: bytes[0] ?? 0,
    port: bytes.readUInt16BE(1),
    text: bytes.toString('utf8', HEAD, end),
    datagram: new Uint8Array(bytes.subarray(end)),
  }
}

/** The end of the measured process; `own`: the port that it has on the network of the crowd. */
export function framedTransport(socket: Socket, own: number): Transport {
  let listener: TransportListener | undefined
  let pending = 0
  const tell = (
    type: number,
    text: string,
    rest: { port?: number; datagram?: Uint8Array },
  ): void => {
    const { port = 0, datagram = NOTHING } = rest
    pending += 1
    socket.write(framed({ type, port, text, datagram }), () => (pending -= 1))
  }
  eachFrame(socket, ({ text, port, datagram }) => {
    listener?.datagram(datagram, { address: text, port })
  })
  return {
    datagramSize: 1232,
    port: own,
    get pending() {
      return pending
    },
    open: async (given) => {
      listener = given
    },
    join: (group) => tell(Frame.join, group, {}),
    leave: (group) => tell(Frame.leave, group, {}),
    rejoin: () => undefined,
    send: (to: string | Endpoint, datagram) => {
      if (typeof to === 'string') tell(Frame.group, to, { datagram })
      else tell(Frame.unicast, to.address, { port: to.port, datagram })
    },
    close: async () => {
      listener = undefined
    },
  }
}

const SIZE = 4
const HEAD = 4
const NOTHING = new Uint8Array(0)
