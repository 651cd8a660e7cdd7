/**
 * A link without the weight of a WebSocket library, for tests with thousands of them: it proves
 * itself, says what it is told to, and counts what comes.
 */
import { connect, type Socket } from 'node:net'
import { type Identity, newIdentity } from '../../../bus/index.ts'
import { SCOPES } from '../../../bus/core/path/group.ts'
import { RealmKeys, type RealmOptions } from '../../../bus/core/seal/keys.ts'
import { LinkProof } from '../../../bus/core/seal/link-proof.ts'
import { readLinkMessage, writeProof, writeProofClaim } from '../../../bus/core/wire/link.ts'
import { signerOf } from '../../../bus/io/ed25519.ts'
import { counting, crypto } from '../core/crypto.ts'

/** Who all the links of a test are. */
export class ThinPeer {
  readonly keys: RealmKeys
  readonly proof: LinkProof
  readonly identity: Identity = newIdentity()
  readonly sign: (message: Uint8Array) => Uint8Array = signerOf(this.identity)

  constructor(realm: RealmOptions) {
    this.keys = new RealmKeys(crypto, realm)
    this.proof = new LinkProof(crypto, this.keys)
  }

  /** What answers a challenge. */
  answer(nonce: Uint8Array): Uint8Array {
    const { keys, proof, identity, sign } = this
    const claimed = writeProofClaim({
      nonce: counting(32),
      identity: identity.publicKey,
      hint: keys.hint,
      scope: SCOPES.host,
      port: 0,
      session: 0n,
      received: 0,
    })
    return writeProof(claimed, proof.peerMac(nonce, claimed), sign(proof.statement(nonce, claimed)))
  }
}

export class ThinLink {
  /** Bytes of messages that have come since the welcome. */
  received = 0
  readonly #socket: Socket
  readonly #peer: ThinPeer
  /** What has come and is not understood yet. */
  #rest: Buffer = Buffer.alloc(0)
  #state: 'http' | 'opening' | 'open' = 'http'
  /** Bytes of the message in hand that are still to come. */
  #left = 0
  #welcomed: () => void = () => undefined

  private constructor(socket: Socket, peer: ThinPeer) {
    this.#socket = socket
    this.#peer = peer
    socket.on('data', (bytes) => this.#hear(bytes))
    socket.on('error', () => undefined)
  }

  /** Resolves when the relay has welcomed it; rejects when it was turned away. */
  static open(port: number, peer: ThinPeer): Promise<ThinLink> {
    const link = new ThinLink(connect(port, '::1'), peer)
    link.#socket.write(REQUEST)
    return new Promise((resolve, reject) => {
      link.#welcomed = () => resolve(link)
      link.#socket.once('close', () => reject(new Error('the relay has turned the link away')))
    })
  }

  /** One message: as a client's frame, its mask all zeros. */
  send(message: Uint8Array): void {
    this.#socket.write(maskedFrame(message))
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  end(): void {
    this.#socket.destroy()
  }

  #hear(bytes: Buffer): void {
    if (this.#state === 'open') return this.#count(bytes)
    this.#rest = Buffer.concat([this.#rest, bytes])
    if (this.#state === 'http') {
      const end = this.#rest.indexOf('\r\n\r\n')
      if (end < 0) return
      if (!this.#rest.toString('latin1').startsWith('HTTP/1.1 101')) return this.end()
      this.#rest = this.#rest.subarray(end + 4)
      this.#state = 'opening'
    }
    this.#open()
  }

  #open(): void {
    for (;;) {
      const size = this.#rest[1] ?? Infinity // challenge and welcome are short
      if (this.#rest.length < 2 + size) return
      const message = this.#rest.subarray(2, 2 + size)
      this.#rest = this.#rest.subarray(2 + size)
      readLinkMessage(message, (record) => {
        if (record.type === 'challenge') this.send(this.#peer.answer(record.nonce))
        if (record.type === 'welcome') this.#state = 'open'
      })
      if (this.#state !== 'open') continue
      this.#welcomed()
      const after = this.#rest
      this.#rest = Buffer.alloc(0)
      return this.#count(after)
    }
  }

  /** Passes over the heads of frames, which may be cut anywhere. */
  #count(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#left === 0) {
        this.#rest = Buffer.concat([this.#rest, bytes.subarray(at, at + 1)])
        at += 1
        this.#left = sizeIn(this.#rest)
        if (this.#left >= 0) this.#rest = Buffer.alloc(0)
        else this.#left = 0
        continue
      }
      const part = Math.min(this.#left, bytes.length - at)
      this.received += part
      this.#left -= part
      at += part
    }
  }
}

/** The size that the head of a server's frame tells; -1: not all of the head is there. */
function sizeIn(head: Buffer): number {
  const short = head[1]
  if (short === undefined) return -1
  if (short < 126) return short
  if (short === 126) return head.length < 4 ? -1 : head.readUInt16BE(2)
  return head.length < 10 ? -1 : Number(head.readBigUInt64BE(2))
}

function maskedFrame(message: Uint8Array): Buffer {
  const long = message.length > 125
  const head = Buffer.alloc(long ? 8 : 6)
  head[0] = 0x82
  head[1] = 0x80 | (long ? 126 : message.length)
  if (long) head.writeUInt16BE(message.length, 2)
  return Buffer.concat([head, message])
}

/** Of a call, without the subprotocol that is wanted and the end. */
export const HEAD: readonly string[] = [
  'GET / HTTP/1.1',
  'Host: relay',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: c2l4Y2FzdHNpeGNhc3Q2Ng==',
]
const REQUEST = [...HEAD, 'Sec-WebSocket-Protocol: sixcast.1', '', ''].join('\r\n')
