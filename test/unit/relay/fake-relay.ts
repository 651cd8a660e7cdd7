/** Something that listens like a relay: it welcomes everybody by the key it has, and then says nothing. */
import { once } from 'node:events'
import { type WebSocket, WebSocketServer } from 'ws'
import { RealmKeys, type RealmOptions } from '../../../bus/core/seal/keys.ts'
import { LinkProof } from '../../../bus/core/seal/link-proof.ts'
import {
  readLinkMessage,
  writeChallenge,
  writeWelcome,
  writeWelcomeTerms,
} from '../../../bus/core/wire/link.ts'
import { counting, crypto } from '../core/crypto.ts'

export class FakeRelay implements AsyncDisposable {
  readonly url: string
  readonly #server: WebSocketServer
  /** Lets one in; whoever comes back is not answered. */
  #welcomes = 1

  private constructor(server: WebSocketServer, url: string) {
    this.#server = server
    this.url = url
  }

  /** `first` is what it says first instead of a challenge. */
  static async open(realm: RealmOptions, first?: Uint8Array): Promise<FakeRelay> {
    const server = new WebSocketServer({ host: '::1', port: 0, handleProtocols: () => 'sixcast.1' })
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const fake = new FakeRelay(server, `ws://[::1]:${port}`)
    const proof = new LinkProof(crypto, new RealmKeys(crypto, realm))
    server.on('connection', (socket) => fake.#talk(socket, proof, first))
    return fake
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #talk(socket: WebSocket, proof: LinkProof, first: Uint8Array | undefined): void {
    const nonce = counting(32)
    socket.send(first ?? writeChallenge(nonce))
    socket.on('message', (data: Buffer) => {
      readLinkMessage(data, (record) => {
        if (record.type !== 'proof' || this.#welcomes === 0) return
        this.#welcomes -= 1
        const terms = {
          port: 40_000,
          intervalMs: 100,
          groups: 10,
          datagramSize: 1232,
          resumed: false,
        }
        const claimed = writeWelcomeTerms(terms)
        socket.send(writeWelcome(claimed, proof.relayMac(nonce, record.mac, claimed)))
      })
    })
  }
}
