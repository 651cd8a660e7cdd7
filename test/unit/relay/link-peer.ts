/** A link as a test has it in its hands: proves itself, honestly or not, and then does as it is told. */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { type Identity, newIdentity } from '../../../bus/index.ts'
import { SCOPES } from '../../../bus/core/path/group.ts'
import { RealmKeys, type RealmOptions } from '../../../bus/core/seal/keys.ts'
import { LinkProof } from '../../../bus/core/seal/link-proof.ts'
import {
  readLinkMessage,
  writeProof,
  writeProofClaim,
  writeRights,
} from '../../../bus/core/wire/link.ts'
import { BODY_OFFSET, Kind, VERSION_SEALED, writeHeader } from '../../../bus/core/wire/packet.ts'
import { signerOf } from '../../../bus/io/ed25519.ts'
import { counting, crypto } from '../core/crypto.ts'

interface Claims {
  readonly fault?: 'signature' | 'nonce'
  readonly port?: number
  readonly session?: { readonly id: bigint; readonly received: number }
  readonly identity?: Identity
  /** What it shows of rights, in a realm with an owner. */
  readonly rights?: Uint8Array
}

export class LinkPeer implements AsyncDisposable {
  readonly socket: WebSocket
  /** The code that it ends with. */
  readonly ended: Promise<number>
  /** Datagrams that have come. */
  datagrams = 0
  port = 0
  resumed = false
  onPing = (): void => undefined
  readonly #keys: RealmKeys

  private constructor(socket: WebSocket, keys: RealmKeys) {
    this.socket = socket
    this.#keys = keys
    this.ended = once(socket, 'close').then(([code]) => Number(code))
    socket.on('error', () => undefined)
  }

  /** Resolves when the relay has welcomed it; rejects with the code of the refusal. */
  static async open(url: string, realm: RealmOptions, claims: Claims = {}): Promise<LinkPeer> {
    const keys = new RealmKeys(crypto, realm)
    const link = new LinkPeer(new WebSocket(url, 'sixcast.1'), keys)
    const welcomed = new Promise<void>((resolve) => {
      link.socket.on('message', (data: Buffer) => {
        readLinkMessage(data, (record) => {
          if (record.type === 'challenge') link.#prove(record.nonce, claims)
          if (record.type === 'datagram') link.datagrams += 1
          if (record.type === 'ping') link.onPing()
          if (record.type !== 'welcome') return
          link.port = record.port
          link.resumed = record.resumed
          resolve()
        })
      })
    })
    const refused = link.ended.then((code) => {
      throw new Error(String(code))
    })
    await Promise.race([welcomed, refused])
    return link
  }

  /** A datagram of the realm's marks, of any size. */
  packet(size: number): Uint8Array {
    const bytes = new Uint8Array(size)
    const header = { flags: 0, epoch: 0, instance: 1n, stream: 1, number: 1 }
    const marks = { version: VERSION_SEALED, kind: Kind.data, hint: this.#keys.hint }
    writeHeader(bytes, { ...header, ...marks }, size - BODY_OFFSET)
    return bytes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate()
    await this.ended
  }

  /** Shows other rights. */
  show(rights: Uint8Array): void {
    this.socket.send(writeRights(rights))
  }

  #prove(nonce: Uint8Array, claims: Claims): void {
    const { fault, port = 0, identity = newIdentity(), rights, session } = claims
    const signer = fault === 'signature' ? newIdentity() : identity
    const answered = fault === 'nonce' ? counting(32) : nonce
    const proof = new LinkProof(crypto, this.#keys)
    const claimed = writeProofClaim({
      nonce: counting(32),
      identity: identity.publicKey,
      hint: this.#keys.hint,
      scope: SCOPES.host,
      port,
      session: session?.id ?? 0n,
      received: session?.received ?? 0,
    })
    const signature = signerOf(signer)(proof.statement(answered, claimed))
    if (rights) this.show(rights)
    this.socket.send(writeProof(claimed, proof.peerMac(answered, claimed), signature))
  }
}
