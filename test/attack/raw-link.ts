/** A WebSocket client that keeps to the rules only where it is told to: heads and frames of its own making. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { LINK_PROTOCOL, readLinkMessage } from '../../bus/core/wire/link.ts'
import { HEAD, type ThinPeer } from '../unit/relay/thin-link.ts'

export const Op = { cont: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** What of a frame is not as it should be. */
export interface FrameFaults {
  /** More is to come. */
  readonly more?: boolean
  /** RSV1 to RSV3. */
  readonly reserved?: number
  readonly unmasked?: boolean
  /** What the head says, whatever follows. */
  readonly claims?: bigint
}

export interface RawOptions {
  /** Lines of the head besides those that must be there. */
  readonly headers?: readonly string[]
  /** Proves itself by this one; else it says nothing. */
  readonly peer?: ThinPeer
  /** Another subprotocol than that of links. */
  readonly protocol?: string
  /** The address that it calls from. */
  readonly from?: string
  /** Keeps its half of the connection open when the relay has ended its own. */
  readonly clings?: boolean
}

export class RawLink implements AsyncDisposable {
  /** The head of the answer. */
  head = ''
  pongs = 0
  /** The nonce of the relay's challenge. */
  nonce: Uint8Array | undefined
  /** The code of the relay's closing frame; 0: it has sent none. */
  code = 0
  readonly socket: Socket
  readonly #peer: ThinPeer | undefined
  readonly #clings: boolean
  #rest: Buffer = Buffer.alloc(0)
  #settled: () => void = () => undefined

  private constructor(socket: Socket, { peer, clings = false }: RawOptions) {
    this.socket = socket
    this.#peer = peer
    this.#clings = clings
    socket.on('data', (bytes) => this.#hear(bytes))
    socket.on('error', () => undefined)
  }

  /** Resolves when it has been refused, challenged, or, with a peer, welcomed. */
  static async open(url: string, options: RawOptions = {}): Promise<RawLink> {
    const { headers = [], protocol = LINK_PROTOCOL } = options
    const link = new RawLink(dial(url, options), options)
    const settled = new Promise<void>((resolve) => (link.#settled = resolve))
    const asked = `Sec-WebSocket-Protocol: ${protocol}`
    link.socket.write([...HEAD, asked, ...headers, '', ''].join('\r\n'))
    await Promise.race([settled, once(link.socket, 'close')])
    return link
  }

  /** The code that the relay ends it with, once it has let go of the connection. */
  async ended(): Promise<number> {
    if (!this.socket.closed) await new Promise((resolve) => this.socket.once('close', resolve))
    return this.code
  }

  frame(op: number, payload: Uint8Array = NONE, faults: FrameFaults = {}): this {
    return this.raw(frameOf(op, payload, faults))
  }

  raw(bytes: Uint8Array): this {
    this.socket.write(bytes)
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
    await this.ended()
  }

  #hear(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes])
    if (this.head === '') {
      const end = this.#rest.indexOf('\r\n\r\n')
      if (end < 0) return
      this.head = this.#rest.toString('latin1', 0, end)
      this.#rest = this.#rest.subarray(end + 4)
      if (!this.head.startsWith('HTTP/1.1 101')) return this.#settled()
    }
    while (this.#frame());
  }

  /** Takes one frame; false: not all of it is there. */
  #frame(): boolean {
    const long = this.#rest[1] === 126
    const size = long && this.#rest.length >= 4 ? this.#rest.readUInt16BE(2) : this.#rest[1]
    const start = long ? 4 : 2
    if (size === undefined || this.#rest.length < start + size) return false
    const [op, payload] = [this.#rest[0]! & 15, this.#rest.subarray(start, start + size)]
    this.#rest = this.#rest.subarray(start + size)
    if (op === Op.pong) this.pongs += 1
    if (op === Op.close) this.#onClose(payload.readUInt16BE(0))
    if (op === Op.binary) this.#message(payload)
    return true
  }

  #onClose(code: number): void {
    this.code = code
    if (!this.#clings) this.socket.end()
  }

  #message(message: Uint8Array): void {
    readLinkMessage(message, (record) => {
      if (record.type === 'challenge') {
        this.nonce = record.nonce.slice()
        if (this.#peer) this.frame(Op.binary, this.#peer.answer(this.nonce))
        else this.#settled()
      }
      if (record.type === 'welcome') this.#settled()
    })
  }
}

export function dial(url: string, { from, clings = false }: RawOptions = {}): Socket {
  const { hostname, port } = new URL(url)
  const to = { host: hostname.replace(/[[\]]/g, ''), port: Number(port) }
  return connect({
    ...to,
    allowHalfOpen: clings,
    ...(from !== undefined && { localAddress: from }),
  })
}

export function frameOf(op: number, payload: Uint8Array, faults: FrameFaults = {}): Buffer {
  const { more = false, reserved = 0, unmasked = false, claims } = faults
  const size = claims ?? BigInt(payload.length)
  const wide = size > 65_535n ? 8 : size > 125n ? 2 : 0
  const head = Buffer.alloc(2 + wide)
  head[0] = (more ? 0 : 0x80) | (reserved << 4) | op
  head[1] = (unmasked ? 0 : 0x80) | (wide === 8 ? 127 : wide === 2 ? 126 : Number(size))
  if (wide === 2) head.writeUInt16BE(Number(size), 2)
  if (wide === 8) head.writeBigUInt64BE(size, 2)
  if (unmasked) return Buffer.concat([head, payload])
  return Buffer.concat([head, MASK, payload.map((byte, at) => byte ^ MASK[at & 3]!)])
}

const NONE = new Uint8Array(0)
const MASK = Uint8Array.of(0x5a, 0x01, 0xff, 0x80)
