/** The far end of a trunk as a test has it in its hands: proves itself, honestly or not. */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { SCOPES } from '../../../bus/core/path/group.ts'
import { ControlKeys } from '../../../bus/core/seal/control-keys.ts'
import { controlParts, type RealmOptions } from '../../../bus/core/seal/keys.ts'
import { TrunkProof } from '../../../relay/trunk-proof.ts'
import {
  readTrunkMessage,
  type TrunkRecord,
  writeHail,
  writeHailClaim,
  writeTrunkRecord,
} from '../../../relay/trunk-wire.ts'
import { counting, crypto } from '../core/crypto.ts'

export interface HailOptions {
  /** Its id; by default one that is higher than most. */
  readonly relay?: bigint
  /** The challenge that it answers, if not the one that it was given. */
  readonly nonce?: Uint8Array
  readonly scope?: number
  readonly hint?: number
  /** It promises to speak so often, and does not. */
  readonly intervalMs?: number
}

export class TrunkPeer implements AsyncDisposable {
  readonly socket: WebSocket
  /** The code that it ends with. */
  readonly ended: Promise<number>
  readonly records: TrunkRecord[] = []
  /** The relay that it has called. */
  relay = 0n

  private constructor(socket: WebSocket) {
    this.socket = socket
    this.ended = once(socket, 'close').then(([code]) => Number(code))
    socket.on('error', () => undefined)
  }

  /** Resolves when the relay has accepted it; rejects with the code of the refusal. */
  static async open(
    url: string,
    realm: RealmOptions,
    options: HailOptions = {},
  ): Promise<TrunkPeer> {
    const trunk = new TrunkPeer(new WebSocket(url, 'sixcast-relay.1'))
    const keys = new ControlKeys(crypto, controlParts(crypto, realm))
    const accepted = new Promise<void>((resolve) => {
      trunk.socket.on('message', (data: Buffer) => {
        readTrunkMessage(data, (record) => {
          if (record.type === 'challenge') {
            trunk.relay = record.relay
            trunk.#hail(keys, record.nonce, options)
          } else if (record.type === 'accept') resolve()
          else if (record.type !== 'hail' && record.type !== 'ping') trunk.records.push(record)
        })
      })
    })
    const refused = trunk.ended.then((code) => {
      throw new Error(String(code))
    })
    await Promise.race([accepted, refused])
    return trunk
  }

  send(record: TrunkRecord): void {
    this.socket.send(writeTrunkRecord(record))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate()
    await this.ended
  }

  #hail(keys: ControlKeys, given: Uint8Array, options: HailOptions): void {
    const {
      relay = 2n ** 64n - 1n,
      nonce = given,
      scope = SCOPES.host,
      hint = keys.hint,
      intervalMs = 2500,
    } = options
    const claim = { nonce: counting(32), relay, hint, scope, intervalMs }
    const claimed = writeHailClaim(claim)
    const mac = new TrunkProof(crypto, keys).callerMac({ nonce, relay: this.relay }, claimed)
    this.socket.send(writeHail(claimed, mac))
  }
}
