/**
 * Seals the data of one own stream, and seals anew what was sealed in an epoch that is over.
 *
 * A packet keeps its number for good; its bytes are the same as long as its epoch lasts. Each
 * epoch has a key of its own, so that no nonce comes twice.
 */
import type { Context } from '../context.ts'
import type { Pool } from '../../slab.ts'
import { epochOf, Kind, readHeader } from '../../wire/packet.ts'

export class StreamKeys {
  readonly #context: Context
  readonly #stream: number
  readonly #topic: string
  readonly #pool: Pool | undefined
  /** Keys of the epochs that packets at hand are sealed in. */
  readonly #keyByEpoch = new Map<number, Uint8Array>()

  /** `isKept`: its packets go into a history, which gives their memory back. */
  constructor(
    context: Context,
    about: { readonly stream: number; readonly topic: string; readonly isKept: boolean },
  ) {
    this.#context = context
    this.#stream = about.stream
    this.#topic = about.topic
    this.#pool = about.isKept ? context.pool : undefined
  }

  seal(flags: number, number: number, body: Uint8Array): Uint8Array {
    const id = { kind: Kind.data, flags, stream: this.#stream, number, pool: this.#pool }
    return this.#context.sealer.seal(id, body, this.#key)
  }

  /** The packet as it is sent in this epoch. */
  renew(packet: Uint8Array): Uint8Array {
    const epoch = epochOf(packet)
    if (epoch === this.#context.keys.epoch) return packet
    const key = this.#keyByEpoch.get(epoch)
    const body = key && this.#context.sealer.open(packet, key)
    if (!body) throw new Error(`packet of epoch ${epoch} was not sealed here`)
    const { flags, number } = readHeader(packet)
    return this.seal(flags, number, body)
  }

  /** All packets at hand are of this epoch: those before it are of no use. */
  forget(): void {
    const { epoch } = this.#context.keys
    for (const before of this.#keyByEpoch.keys()) {
      if (before !== epoch) this.#keyByEpoch.delete(before)
    }
  }

  get #key(): Uint8Array {
    const { keys, self } = this.#context
    let key = this.#keyByEpoch.get(keys.epoch)
    if (!key) this.#keyByEpoch.set(keys.epoch, (key = keys.dataKeyOf(self, this.#topic)))
    return key
  }
}
