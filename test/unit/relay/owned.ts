/** A realm with an owner before a relay's bridge: who shows which rights, and what is carried. */
import { grant, type Identity, newIdentity, newRealm } from '../../../bus/index.ts'
import { concat } from '../../../bus/core/bytes.ts'
import { Groups } from '../../../bus/core/path/group.ts'
import { instanceOf } from '../../../bus/core/seal/control-keys.ts'
import { RealmKeys } from '../../../bus/core/seal/keys.ts'
import { Sealer } from '../../../bus/core/seal/sealer.ts'
import { utf8 } from '../../../bus/core/text.ts'
import { writeHello } from '../../../bus/core/wire/hello.ts'
import { Kind } from '../../../bus/core/wire/packet.ts'
import { readRelayBeacon } from '../../../bus/core/wire/relay.ts'
import { signerOf, strictVerifier } from '../../../bus/io/ed25519.ts'
import { parseKey, type RealmKey } from '../../../bus/io/key-text.ts'
import { parseRights } from '../../../bus/io/rights-text.ts'
import { realmOptions } from '../../../bus/io/realm-keys.ts'
import { Bridge } from '../../../relay/bridge.ts'
import { Counters } from '../../../relay/counters.ts'
import { Judge } from '../../../relay/judge.ts'
import { RelayKeys } from '../../../relay/keys.ts'
import { defaultRelayLimits } from '../../../relay/limits.ts'
import { counting, crypto } from '../core/crypto.ts'
import { at, group } from './carrying.ts'

export const name = 'owned'
export const HOUR = 3_600_000

export interface Allowed {
  readonly publish?: readonly string[]
  readonly subscribe?: readonly string[]
  readonly from?: Date
  readonly until?: Date
}

/** What the owner has. */
export class Estate {
  readonly owner: Identity = newIdentity()
  readonly text: string
  readonly key: RealmKey
  readonly keys: RealmKeys

  private constructor(owner: Identity, text: string) {
    this.owner = owner
    this.text = text
    this.key = parseKey(text, 'the key')
    this.keys = new RealmKeys(crypto, realmOptions(name, this.key))
  }

  static found(): Estate {
    const { owner, key } = newRealm(name)
    return new Estate(owner, key)
  }

  /** The keys of the next epoch. */
  rotated(): RealmKeys {
    const epoch = { epoch: this.key.epoch! + 1, epochKey: counting(32, 9) }
    return new RealmKeys(crypto, realmOptions(name, { ...this.key, ...epoch }))
  }

  /** The text of rights that the owner, or who pretends to be it, grants. */
  async grants(
    to: Uint8Array,
    { publish = ['**'], subscribe = ['**'], from, until }: Allowed = {},
  ): Promise<string> {
    return grant({
      realm: name,
      key: this.text,
      issuer: this.owner,
      to: Buffer.from(to).toString('hex'),
      publish,
      subscribe,
      ...(from && { from }),
      until: until ?? new Date(Date.now() + HOUR),
    })
  }

  async chain(to: Uint8Array, allowed: Allowed = {}): Promise<Uint8Array> {
    return parseRights(await this.grants(to, allowed), 'the rights').bytes
  }
}

/** A relay of that realm between two segments, told the time. */
export class Toll {
  readonly counters: Counters = new Counters()
  readonly judge: Judge
  readonly bridge: Bridge
  now = LATER
  /** Milliseconds since 1970, beyond those of the machine. */
  ahead = 0
  verified = 0
  readonly keys: RelayKeys
  readonly #control: string

  constructor(estate: Estate, peers: number = defaultRelayLimits.peers) {
    const keys = new RelayKeys(crypto, estate.keys.parts)
    this.keys = keys
    const truly = strictVerifier()
    const verify: typeof truly = (...claim) => {
      this.verified += 1
      return truly(...claim)
    }
    const rights = {
      owner: estate.owner.publicKey,
      verify,
      wall: () => Date.now() + this.ahead,
    }
    const limits = { ...defaultRelayLimits, peers }
    const { counters } = this
    this.judge = new Judge({ crypto, keys, rights }, limits)
    const { judge } = this
    const options = { crypto, keys, verify, limits, counters, judge }
    this.bridge = new Bridge({ ...options, scope: 'link', id: 77n })
    this.#control = new Groups('link', 0, (label) => keys.groupBytes(label)).control
    for (const face of ['a', 'b']) this.bridge.faceOpened(0, face)
    this.bridge.tick(this.now)
    this.#outputs()
  }

  /** Whether a packet that comes by one segment goes on to the other. */
  carries(packet: Uint8Array, from = 1): boolean {
    this.bridge.fromGroup(this.now, this.#control, { bytes: packet, from: at(from), face: 'a' })
    return this.#outputs()
  }

  /** The same of a packet that a link sends to a topic's group, for another link. */
  carriesUp(packet: Uint8Array): boolean {
    for (const port of [1, 2]) {
      this.bridge.opened(port)
      this.bridge.fromLink(this.now, port, { type: 'join', groups: [group(1)] })
    }
    const record = { type: 'multicast' as const, group: group(1), datagram: packet }
    this.bridge.fromLink(this.now, 1, record)
    return this.#outputs()
  }

  /** Whom the relay asks for hellos in its next beacon. */
  asked(): readonly bigint[] {
    this.now += 500
    this.bridge.tick(this.now)
    const beacons: Uint8Array[] = []
    for (let one = this.bridge.poll(); one; one = this.bridge.poll()) {
      if (one.type === 'multicast' && one.face === 'a') beacons.push(one.datagram)
    }
    const { sealing } = this.keys
    const body = new Sealer(crypto, sealing, 0n).open(beacons[0]!, sealing.control)
    return readRelayBeacon(body!)!.asked
  }

  /** What a relay does when the epochs of before are over. */
  settle(): void {
    if (this.keys.step(this.now)) this.judge.settle()
  }

  counted(): Record<'denied' | 'helloBudget' | 'peersFull', number> {
    const { denied, helloBudget, peersFull } = this.counters.snapshot()
    return { denied, helloBudget, peersFull }
  }

  #outputs(): boolean {
    let carried = false
    for (let one = this.bridge.poll(); one; one = this.bridge.poll()) {
      carried ||= one.type === 'down' || (one.type === 'multicast' && one.face === 'b')
    }
    return carried
  }
}

/** What somebody with the realm's key can say: honestly, or as somebody else. */
export class Speaker {
  readonly identity: Identity
  readonly salt: Uint8Array
  readonly instance: bigint
  #keys: RealmKeys
  readonly #sealer: Sealer
  #number = 0

  constructor(estate: Estate, seed: number, identity: Identity = newIdentity()) {
    this.identity = identity
    this.salt = counting(16, seed)
    this.instance = instanceOf(crypto, identity.publicKey, this.salt)
    this.#keys = estate.keys
    this.#sealer = new Sealer(crypto, this.#keys, this.instance)
  }

  /** `signer`: whose signature it bears; null: nobody's. */
  hello(rights: Uint8Array, signer: Identity | null = this.identity): Uint8Array {
    const id = this.#id(Kind.hello)
    const body = writeHello({
      flags: 0,
      identity: this.identity.publicKey,
      salt: this.salt,
      challenge: 1n,
      controlNumber: 0,
      intervalMs: 500,
      port: 40_000,
      streamCount: 0,
      name: utf8('peer'),
      tags: [],
      asked: [],
      echoes: [],
      rights,
    })
    const header = this.#sealer.headerBytes(id)
    const message = concat(utf8('sixcast/1/hello'), this.#keys.id, header, body)
    const signature = signer ? signerOf(signer)(message) : counting(64)
    return this.#sealer.seal(id, concat(body, signature), this.#keys.control)
  }

  /** Seals with the keys of another epoch. */
  turn(keys: RealmKeys): void {
    this.#keys = keys
    this.#sealer.use(keys)
  }

  control(): Uint8Array {
    const key = this.#keys.controlKeyOf(this.#sender)
    return this.#sealer.seal(this.#id(Kind.control), utf8('record'), key)
  }

  data(): Uint8Array {
    const key = this.#keys.dataKeyOf(this.#sender, 'a/b')
    return this.#sealer.seal(this.#id(Kind.data), utf8('value'), key)
  }

  /** An answer to what somebody has asked by its stream 1. */
  direct(): Uint8Array {
    const key = this.#keys.directKeyOf(this.#sender, 'a/b', this.#sender)
    return this.#sealer.seal(this.#id(Kind.direct), utf8('answer'), key)
  }

  page(): Uint8Array {
    return this.#sealer.seal(this.#id(Kind.page), utf8('page'), this.#keys.pages)
  }

  get #sender(): { instance: bigint; salt: Uint8Array; identity: Uint8Array } {
    return { instance: this.instance, salt: this.salt, identity: this.identity.publicKey }
  }

  #id(kind: number): { kind: number; flags: number; stream: number; number: number } {
    this.#number += 1
    return { kind, flags: 0, stream: kind === Kind.control ? 0 : 1, number: this.#number }
  }
}

/** The first seconds of a face are over. */
const LATER = 10_000
