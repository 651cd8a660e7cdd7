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
import {
  ControlKeys,
  type ControlParts,
  derive,
  SEAL_OVERHEAD,
  type Sender,
} from './control-keys.ts'

const NONCE_SIZE = 24
/** Derived topic keys kept; beyond it the cache starts anew. */
const TOPIC_KEYS_MAX = 65_536

export interface RealmOptions {
  readonly name: string
  /** The root key, or `undefined` for an open realm. */
  readonly root: Uint8Array | undefined
  /** The public key whose grants count, in a realm with an owner. */
  readonly owner?: Uint8Array | undefined
  readonly epoch?: number
}

/** What a relay of the realm is given. */
export function controlParts(crypto: Crypto, options: RealmOptions): ControlParts {
  const { name, root, epoch = 0 } = options
  const key = realmKey(crypto, options)
  return {
    name,
    open: root === undefined,
    epoch,
    id: derive(crypto, key, utf8('id')),
    address: derive(crypto, key, utf8('address')),
    control: derive(crypto, epochKey(crypto, key, epoch), utf8('control')),
  }
}

/** The keys of a member. */
export class RealmKeys extends ControlKeys {
  readonly #crypto: Crypto
  readonly #name: Uint8Array
  readonly #names: Uint8Array
  readonly #topic: Uint8Array
  readonly #topicKeys = new Map<string, Uint8Array>()

  constructor(crypto: Crypto, options: RealmOptions) {
    super(crypto, controlParts(crypto, options))
    this.#crypto = crypto
    const key = realmKey(crypto, options)
    this.#name = derive(crypto, key, utf8('name'))
    this.#names = derive(crypto, key, utf8('names'))
    this.#topic = derive(crypto, epochKey(crypto, key, this.epoch), utf8('topic'))
  }

  /** The 64-bit tag that stands for a topic on the wire. */
  tagOf(topic: string): bigint {
    return uint64Of(this.#crypto.hmac(this.#name, utf8(topic)))
  }

  /** The key under which `sender` seals data on `topic`. */
  dataKeyOf(sender: Sender, topic: string): Uint8Array {
    return this.senderKey(this.#topicKey(topic), sender)
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
    const key = derive(this.#crypto, parent, utf8(topic.slice(slash + 1)))
    if (this.#topicKeys.size >= TOPIC_KEYS_MAX) this.#topicKeys.clear()
    this.#topicKeys.set(topic, key)
    return key
  }
}

/**
 * The name is in every key: one root used for two realms keeps them apart all the same. So is the
 * owner: whoever leaves it out, or puts in another, is in a realm of their own.
 */
function realmKey(crypto: Crypto, { name, root, owner }: RealmOptions): Uint8Array {
  const label = owner ? concat(utf8(`realm:${name}\0`), owner) : utf8(`realm:${name}`)
  return derive(crypto, root ?? utf8('sixcast/1/open'), label)
}

function epochKey(crypto: Crypto, key: Uint8Array, epoch: number): Uint8Array {
  return derive(crypto, key, concat(utf8('epoch'), bytesOf64(BigInt(epoch))))
}

function nameNonce(tag: bigint): Uint8Array {
  const nonce = new Uint8Array(NONCE_SIZE)
  nonce.set(bytesOf64(tag))
  return nonce
}
