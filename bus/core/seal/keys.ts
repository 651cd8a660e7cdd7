/**
 * The key hierarchy of a realm.
 *
 *     root ── realm ─┬─ name     places topics: tag = HMAC(name, topic)       live as long as
 *                    ├─ address  groups: HMAC(address, tag)                   the realm
 *                    ├─ names    seals topic names in announcements
 *                    └─ epoch e ─┬─ control ── sender key of each instance: control packets
 *                                └─ topic ── HMAC(K(a), b) = K(a/b) ── sender key: data packets
 *
 * Every derivation is HMAC-SHA-512 cut to 32 bytes. A sender key is bound to the realm, the
 * instance, its boot salt and its identity, so the nonce (the header) has to be unique only within
 * one process life, where numbers count up. An open realm derives the same tags and groups from
 * its name alone, and seals nothing.
 */
import { bytesOf64, concat, uint64Of } from '../bytes.ts'
import type { Crypto } from '../env.ts'
import { utf8 } from '../text.ts'

const KEY_SIZE = 32
const SEAL_OVERHEAD = 16
const NONCE_SIZE = 24
/** Derived topic keys kept; beyond it the cache starts anew. */
const TOPIC_KEYS_MAX = 65_536

/** What distinguishes one life of one peer. */
export interface Sender {
  readonly instance: bigint
  readonly salt: Uint8Array
  readonly identity: Uint8Array
}

export interface RealmOptions {
  readonly name: string
  /** The root key, or `undefined` for an open realm. */
  readonly root: Uint8Array | undefined
  /** The public key whose grants count, in a realm with an owner. */
  readonly owner?: Uint8Array | undefined
  readonly epoch?: number
}

/** Instance = the first 8 bytes of H(identity || boot salt): nobody can claim another's. */
export function instanceOf(crypto: Crypto, identity: Uint8Array, salt: Uint8Array): bigint {
  return uint64Of(crypto.hash(concat(identity, salt)))
}

export class RealmKeys {
  readonly open: boolean
  readonly epoch: number
  /** Goes into every signature, so that nothing signed for one realm counts in another. */
  readonly id: Uint8Array
  /** Sixteen public bits of the realm's name: turns other realms away before any cryptography. */
  readonly hint: number
  /** Bytes that sealing adds to a body. */
  readonly overhead: number
  /** Seals hellos. */
  readonly control: Uint8Array
  readonly #crypto: Crypto
  readonly #name: Uint8Array
  readonly #address: Uint8Array
  readonly #names: Uint8Array
  readonly #topic: Uint8Array
  readonly #topicKeys = new Map<string, Uint8Array>()

  constructor(crypto: Crypto, options: RealmOptions) {
    const { name, root, owner } = options
    this.#crypto = crypto
    this.open = root === undefined
    this.epoch = options.epoch ?? 0
    // The name is in every key: one root used for two realms keeps them apart all the same.
    // So is the owner: whoever leaves it out, or puts in another, is in a realm of their own.
    const label = owner ? concat(utf8(`realm:${name}\0`), owner) : utf8(`realm:${name}`)
    const key = this.#derive(root ?? utf8('sixcast/1/open'), label)
    this.id = this.#derive(key, utf8('id'))
    const hint = crypto.hash(utf8(`sixcast/1/hint/${name}`))
    this.hint = hint[0]! * 0x100 + hint[1]!
    this.overhead = this.open ? 0 : SEAL_OVERHEAD
    this.#name = this.#derive(key, utf8('name'))
    this.#address = this.#derive(key, utf8('address'))
    this.#names = this.#derive(key, utf8('names'))
    const epoch = this.#derive(key, concat(utf8('epoch'), bytesOf64(BigInt(this.epoch))))
    this.control = this.#derive(epoch, utf8('control'))
    this.#topic = this.#derive(epoch, utf8('topic'))
  }

  /** The 64-bit tag that stands for a topic on the wire. */
  tagOf(topic: string): bigint {
    return uint64Of(this.#crypto.hmac(this.#name, utf8(topic)))
  }

  /** 14 bytes that place a label (a topic's tag, or the control plane) in a multicast group. */
  groupBytes(label: Uint8Array): Uint8Array {
    return this.#crypto.hmac(this.#address, label).subarray(0, 14)
  }

  /** The key under which `sender` seals control packets. */
  controlKeyOf(sender: Sender): Uint8Array {
    return this.#senderKey(this.control, sender)
  }

  /** The key under which `sender` seals data on `topic`. */
  dataKeyOf(sender: Sender, topic: string): Uint8Array {
    return this.#senderKey(this.#topicKey(topic), sender)
  }

  /** Seals a topic's name; the tag is the nonce, so equal names give equal bytes. */
  sealName(tag: bigint, name: Uint8Array): Uint8Array {
    if (this.open) return name
    const out = new Uint8Array(name.length + SEAL_OVERHEAD)
    this.#crypto.seal(out, name, nameNonce(tag), this.#names)
    return out
  }

  openName(tag: bigint, sealed: Uint8Array): Uint8Array | undefined {
    if (this.open) return sealed
    if (sealed.length < SEAL_OVERHEAD) return undefined
    const out = new Uint8Array(sealed.length - SEAL_OVERHEAD)
    return this.#crypto.open(out, sealed, nameNonce(tag), this.#names) ? out : undefined
  }

  #topicKey(topic: string): Uint8Array {
    const known = this.#topicKeys.get(topic)
    if (known) return known
    const slash = topic.lastIndexOf('/')
    const parent = slash < 0 ? this.#topic : this.#topicKey(topic.slice(0, slash))
    const key = this.#derive(parent, utf8(topic.slice(slash + 1)))
    if (this.#topicKeys.size >= TOPIC_KEYS_MAX) this.#topicKeys.clear()
    this.#topicKeys.set(topic, key)
    return key
  }

  #senderKey(base: Uint8Array, sender: Sender): Uint8Array {
    const label = utf8('sixcast/1/sender')
    const instance = bytesOf64(sender.instance)
    return this.#derive(base, concat(label, this.id, instance, sender.salt, sender.identity))
  }

  #derive(key: Uint8Array, label: Uint8Array): Uint8Array {
    return this.#crypto.hmac(key, label).slice(0, KEY_SIZE)
  }
}

function nameNonce(tag: bigint): Uint8Array {
  const nonce = new Uint8Array(NONCE_SIZE)
  nonce.set(bytesOf64(tag))
  return nonce
}
