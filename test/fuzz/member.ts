/** A member with the realm's key and an identity of its own, who keeps to no rule. */
import { bytesOf64, concat } from '../../bus/core/bytes.ts'
import { instanceOf, type Sender } from '../../bus/core/seal/control-keys.ts'
import type { RealmKeys } from '../../bus/core/seal/keys.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { utf8 } from '../../bus/core/text.ts'
import { type BindingEntry, ControlType, writeBinding } from '../../bus/core/wire/control.ts'
import { Writer } from '../../bus/core/wire/cursor.ts'
import { type Hello, writeHello } from '../../bus/core/wire/hello.ts'
import { Flag, Kind } from '../../bus/core/wire/packet.ts'
import { digestInput, LEAF_SIZE, writeSigned } from '../../bus/core/wire/signed.ts'
import type { Random } from '../../bus/testing/random.ts'
import { crypto } from '../unit/core/crypto.ts'
import { rawControl } from '../unit/core/wire/any.ts'
import { signatureOf } from './target.ts'

export interface HelloWish extends Partial<Hello> {
  readonly badSignature?: boolean
  /** Claims an instance that is not this identity's. */
  readonly stolen?: bigint
}

export interface Signed {
  readonly flags?: number
  readonly content?: Uint8Array
  readonly leaves?: readonly Uint8Array[]
  /** Default: the member itself. */
  readonly signer?: Uint8Array
}

const EMPTY = new Uint8Array(0)

/** A stream that the member has announced. */
export interface Announced {
  readonly topic: string
  readonly mode: number
  number: number
  index: number
}

export class Member {
  readonly sender: Sender
  readonly streams = new Map<number, Announced>()
  /** The last control number used, and the last one of a direct packet. */
  number = 0
  answers = 0
  /** What its hellos show. */
  rights: Uint8Array = new Uint8Array(0)
  readonly #random: Random
  readonly #keys: RealmKeys
  readonly #sealer: Sealer
  readonly #controlKey: Uint8Array
  readonly #dataKeys = new Map<string, Uint8Array>()

  constructor(random: Random, keys: RealmKeys, identity: Uint8Array = random.bytes(32)) {
    this.#random = random
    this.#keys = keys
    const salt = random.bytes(16)
    this.sender = { instance: instanceOf(crypto, identity, salt), identity, salt }
    this.#sealer = new Sealer(crypto, keys, this.sender.instance)
    this.#controlKey = keys.controlKeyOf(this.sender)
  }

  hello(wish: HelloWish = {}): Uint8Array {
    const { instance, identity, salt } = this.sender
    const random = this.#random
    const id = { kind: Kind.hello, flags: 0, stream: random.word(), number: random.word() }
    const sealer = wish.stolen ? new Sealer(crypto, this.#keys, wish.stolen) : this.#sealer
    const body = writeHello({
      flags: 0,
      identity,
      salt,
      challenge: instance,
      controlNumber: this.number,
      intervalMs: 500,
      port: 2000,
      streamCount: this.streams.size,
      name: utf8('member'),
      tags: [],
      asked: [],
      echoes: [],
      rights: this.rights,
      ...wish,
    })
    const parts = [utf8('sixcast/1/hello'), this.#keys.id, sealer.headerBytes(id), body]
    const signature = signatureOf(identity, concat(...parts))
    if (wish.badSignature) signature[3]! ^= 1
    return sealer.seal(id, concat(body, signature), this.#keys.control)
  }

  /** Anything under the key of hellos. */
  oddHello(body: Uint8Array): Uint8Array {
    const id = { kind: Kind.hello, flags: 0, stream: this.#random.word(), number: 1 }
    return this.#sealer.seal(id, body, this.#keys.control)
  }

  control(body: Uint8Array, number: number = ++this.number): Uint8Array {
    const id = { kind: Kind.control, flags: 0, stream: 0, number }
    return this.#sealer.seal(id, body, this.#controlKey)
  }

  /** A row, or what claims to be one. */
  parity(
    stream: number,
    { row, last }: { row: number; last: number },
    sum: Uint8Array,
  ): Uint8Array {
    const id = { kind: Kind.parity, flags: row, stream, number: last }
    return this.#sealer.seal(id, sum, this.#controlKey)
  }

  data(stream: number, number: number, packet: { flags: number; body: Uint8Array }): Uint8Array {
    const topic = this.streams.get(stream)?.topic ?? 'plant/unknown'
    let key = this.#dataKeys.get(topic)
    if (!key) this.#dataKeys.set(topic, (key = this.#keys.dataKeyOf(this.sender, topic)))
    const id = { kind: Kind.data, flags: packet.flags, stream, number }
    return this.#sealer.seal(id, packet.body, key)
  }

  /** A piece of an answer to what somebody has asked on a topic by that stream. */
  direct(
    to: { readonly asker: Sender; readonly topic: string; readonly stream: number },
    { number, flags = 0, body }: { number: number; flags?: number; body: Uint8Array },
  ): Uint8Array {
    const key = this.#keys.directKeyOf(to.asker, to.topic, this.sender)
    const id = { kind: Kind.direct, flags, stream: to.stream, number }
    return this.#sealer.seal(id, body, key)
  }

  /** A signed packet, which vouches for those before it with these leaves. */
  signed(stream: number, number: number, packet: Signed): Uint8Array {
    const { flags = 0, content = EMPTY, leaves = [], signer = this.sender.identity } = packet
    const all = flags | Flag.signed
    const rest = writeSigned(leaves, content)
    const digest = this.digest(stream, number, { flags: all, body: rest })
    const statement = concat(utf8('sixcast/1/packet'), this.#keys.id, digest)
    const signature = signatureOf(signer, statement)
    return this.data(stream, number, { flags: all, body: concat(signature, rest) })
  }

  digest(
    stream: number,
    number: number,
    { flags, body }: { readonly flags: number; readonly body: Uint8Array },
  ): Uint8Array {
    const { instance } = this.sender
    return crypto.hash(digestInput({ instance, stream, number, flags }, body))
  }

  leaf(stream: number, number: number, body: Uint8Array): Uint8Array {
    return this.digest(stream, number, { flags: 0, body }).slice(0, LEAF_SIZE)
  }

  /** A signed page; `count` lies about how many entries there are. */
  bindings(entries: readonly BindingEntry[], lie: { count?: number; bad?: boolean } = {}) {
    const writer = new Writer(60_000).varint(lie.count ?? entries.length)
    for (const entry of entries) writeBinding(writer, entry)
    const instance = bytesOf64(this.sender.instance)
    const parts = [utf8('sixcast/1/bindings'), this.#keys.id, instance, writer.written]
    const signature = signatureOf(this.sender.identity, concat(...parts))
    if (lie.bad) signature[9]! ^= 1
    return rawControl(ControlType.bindings, concat(writer.written, signature))
  }

  entry(stream: number, topic: string, mode: number): BindingEntry {
    const tag = this.#keys.tagOf(topic)
    const sealedName = this.#keys.sealName(tag, utf8(topic))
    return { stream, tag, mode, packetSize: 1232, ageMs: this.#random.integer(0, 5000), sealedName }
  }
}
