/**
 * The key hierarchy of a realm.
 *
 *     root ── realm ─┬─ name     places topics: tag = HMAC(name, topic)       live as long as
 *                    ├─ address  groups: HMAC(address, tag)                   the realm
 *                    ├─ names    seals topic names in announcements
 *                    └─ epoch e ─┬─ control ── sender key of each instance: control packets
 *                                └─ topic ── HMAC(K(a), b) = K(a/b) ── sender key: data packets
 *                                                                      └─ direct key: answers
 *
 * The epoch's key is random where the realm's owner has drawn it; else it follows from the root.
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

/** Keys of one realm and epoch: a member's, or the part of them that a guest is given. */
export interface KeyRing extends ControlParts {
  /** Gives topics their tags, and seals their names. */
  readonly tags: Uint8Array
  readonly names: Uint8Array
  /** Topic keys by the topic that they open, with all below it; that of '' opens every topic. */
  readonly topics: readonly { readonly prefix: string; readonly key: Uint8Array }[]
}

export interface RealmOptions {
  readonly name: string
  /** The root key, or `undefined` for an open realm. */
  readonly root: Uint8Array | undefined
  /** The public key whose grants count, in a realm with an owner. */
  readonly owner?: Uint8Array | undefined
  readonly epoch?: number
  /** The random key of that epoch; absent: it follows from the root, as that of epoch 0 does. */
  readonly epochKey?: Uint8Array | undefined
  /** What a guest has in place of the root. */
  readonly ring?: KeyRing | undefined
}

/** What opens an epoch: its key, or the part of what follows from it that a guest is given. */
export type EpochSecret =
  | { readonly key: Uint8Array }
  | { readonly control: Uint8Array; readonly topics: KeyRing['topics'] }

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
    control: derive(crypto, epochKey(crypto, key, options), utf8('control')),
  }
}

/** All keys that follow from the root; those of '' open every topic. */
export function ringOf(crypto: Crypto, options: RealmOptions): KeyRing {
  const parts = controlParts(crypto, options)
  const key = realmKey(crypto, options)
  return {
    ...parts,
    tags: derive(crypto, key, utf8('name')),
    names: derive(crypto, key, utf8('names')),
    topics: [{ prefix: '', key: derive(crypto, epochKey(crypto, key, options), utf8('topic')) }],
  }
}

/** The ring of another epoch of the same realm. */
export function ringIn(
  crypto: Crypto,
  ring: KeyRing,
  { epoch, secret }: { readonly epoch: number; readonly secret: EpochSecret },
): KeyRing {
  if (!('key' in secret)) return { ...ring, epoch, ...secret }
  const control = derive(crypto, secret.key, utf8('control'))
  const topics = [{ prefix: '', key: derive(crypto, secret.key, utf8('topic')) }]
  return { ...ring, epoch, control, topics }
}

/** The part of a ring that opens these topics and all below them, and no others. */
export function guestRing(crypto: Crypto, ring: KeyRing, prefixes: readonly string[]): KeyRing {
  const keys = new RealmKeys(crypto, { name: ring.name, root: undefined, ring })
  const topics = prefixes.map((prefix) => ({ prefix, key: keys.topicKey(prefix) }))
  return { ...ring, topics }
}

/** The keys of a member, or of a guest. */
export class RealmKeys extends ControlKeys {
  readonly #crypto: Crypto
  readonly ring: KeyRing
  readonly #prefixes: ReadonlyMap<string, Uint8Array>
  #pages: Uint8Array | undefined
  readonly #topicKeys = new Map<string, Uint8Array>()

  constructor(crypto: Crypto, options: RealmOptions) {
    const ring = options.ring ?? ringOf(crypto, options)
    super(crypto, ring)
    this.#crypto = crypto
    this.ring = ring
    this.#prefixes = new Map(ring.topics.map(({ prefix, key }) => [prefix, key]))
  }

  /** Seals what is said about pages: everybody has it who was ever a member. */
  get pages(): Uint8Array {
    return (this.#pages ??= derive(this.#crypto, this.ring.names, utf8('pages')))
  }

  /** The 64-bit tag that stands for a topic on the wire. */
  tagOf(topic: string): bigint {
    return uint64Of(this.#crypto.hmac(this.ring.tags, utf8(topic)))
  }

  /** What stands for the name of a group of members on the wire. */
  shareOf(group: string): bigint {
    return uint64Of(this.#crypto.hmac(this.ring.tags, utf8(`share\0${group}`)))
  }

  /** The key under which `sender` seals data on `topic`. */
  dataKeyOf(sender: Sender, topic: string): Uint8Array {
    return this.senderKey(this.topicKey(topic), sender)
  }

  /** The same for keys of another epoch, which may open fewer topics: a guest's do. */
  dataKeyIn(sender: Sender, topic: string): Uint8Array | undefined {
    return this.opens(topic) ? this.dataKeyOf(sender, topic) : undefined
  }

  /** The key under which `answerer` seals its answers to what `asker` asks on `topic`. */
  directKeyOf(asker: Sender, topic: string, answerer: Sender): Uint8Array {
    return this.senderKey(this.dataKeyOf(asker, topic), answerer, 'sixcast/1/direct')
  }

  directKeyIn(asker: Sender, topic: string, answerer: Sender): Uint8Array | undefined {
    return this.opens(topic) ? this.directKeyOf(asker, topic, answerer) : undefined
  }

  /** Seals a topic's name; the tag is the nonce, so equal names give equal bytes. */
  sealName(tag: bigint, name: Uint8Array): Uint8Array {
    if (this.open) return name
    const out = new Uint8Array(name.length + SEAL_OVERHEAD)
    this.#crypto.seal(out, name, nameNonce(tag), this.ring.names)
    return out
  }

  openName(tag: bigint, sealed: Uint8Array): Uint8Array | undefined {
    if (this.open) return sealed
    if (sealed.length < SEAL_OVERHEAD) return undefined
    const out = new Uint8Array(sealed.length - SEAL_OVERHEAD)
    return this.#crypto.open(out, sealed, nameNonce(tag), this.ring.names) ? out : undefined
  }

  /** Whether these keys open a topic: a guest's open some. */
  opens(topic: string): boolean {
    return this.#topicKey(topic) !== undefined
  }

  /** The key of a topic and, segment by segment, of all below it. Ask `opens` first. */
  topicKey(topic: string): Uint8Array {
    const key = this.#topicKey(topic)
    if (!key) throw new RangeError(`no key of this ring opens the topic "${topic}"`)
    return key
  }

  /** Overwrites what others' packets could be opened with: nothing is sealed or opened any more. */
  wipe(): void {
    const { address, control, tags, names, topics } = this.ring
    const derived = [...this.#topicKeys.values(), ...topics.map(({ key }) => key)]
    for (const key of [address, control, tags, names, ...derived]) key.fill(0)
    this.#pages?.fill(0)
  }

  #topicKey(topic: string): Uint8Array | undefined {
    const known = this.#prefixes.get(topic) ?? this.#topicKeys.get(topic)
    if (known || topic === '') return known
    const slash = topic.lastIndexOf('/')
    const parent = this.#topicKey(slash < 0 ? '' : topic.slice(0, slash))
    if (!parent) return undefined
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

function epochKey(crypto: Crypto, key: Uint8Array, options: RealmOptions): Uint8Array {
  const { epoch = 0, epochKey: random } = options
  return random ?? derive(crypto, key, concat(utf8('epoch'), bytesOf64(BigInt(epoch))))
}

function nameNonce(tag: bigint): Uint8Array {
  const nonce = new Uint8Array(NONCE_SIZE)
  nonce.set(bytesOf64(tag))
  return nonce
}
