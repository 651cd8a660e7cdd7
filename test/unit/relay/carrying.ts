/** A bridge in a test: a realm, packets of its peers, and what the bridge wants done. */
import type { Crypto } from '../../../bus/core/env.ts'
import type { Endpoint } from '../../../bus/core/output.ts'
import { instanceOf, type Sender } from '../../../bus/core/seal/control-keys.ts'
import { controlParts, RealmKeys } from '../../../bus/core/seal/keys.ts'
import { Sealer } from '../../../bus/core/seal/sealer.ts'
import { concat } from '../../../bus/core/bytes.ts'
import { utf8 } from '../../../bus/core/text.ts'
import { writeHello } from '../../../bus/core/wire/hello.ts'
import { Kind } from '../../../bus/core/wire/packet.ts'
import { Bridge } from '../../../relay/bridge.ts'
import type { BridgeOutput } from '../../../relay/bridge-output.ts'
import { Counters } from '../../../relay/counters.ts'
import { RelayKeys } from '../../../relay/keys.ts'
import { defaultRelayLimits, type RelayLimits } from '../../../relay/limits.ts'
import { signatureOf } from '../../fuzz/target.ts'
import { counting, crypto, hex } from '../core/crypto.ts'
import { question } from '../core/stream/asking.ts'
import { controlBytes } from '../core/wire/any.ts'

/** The segment of a bridge that has one. */
export const FACE = 'eth0'
const realm = { name: 'home', root: counting(32) }
export const keys: RealmKeys = new RealmKeys(crypto, realm)

/** A bridge and everything it has wanted. */
export class Carrier {
  readonly bridge: Bridge
  readonly counters: Counters = new Counters()
  /** Signatures that it has looked at, and packets that it has tried to open. */
  verified = 0
  opened = 0
  /** What it wanted before anything had happened. */
  readonly first: readonly BridgeOutput[]

  constructor(limits: Partial<RelayLimits> = {}, faces: readonly string[] = [FACE]) {
    const counted: Crypto = {
      ...crypto,
      open: (...box) => {
        this.opened += 1
        return crypto.open(...box)
      },
    }
    this.bridge = new Bridge({
      crypto: counted,
      keys: new RelayKeys(crypto, controlParts(crypto, realm)),
      verify: (message, signature, identity) => {
        this.verified += 1
        return hex(signature) === hex(signatureOf(identity, message))
      },
      scope: 'link',
      id: 77n,
      limits: { ...defaultRelayLimits, ...limits },
      counters: this.counters,
    })
    for (const face of faces) this.bridge.faceOpened(0, face)
    this.first = this.wants()
  }

  /** What it has wanted since the last time. */
  wants(): BridgeOutput[] {
    const outputs: BridgeOutput[] = []
    for (let one = this.bridge.poll(); one; one = this.bridge.poll()) outputs.push(one)
    return outputs
  }

  join(port: number, ...groups: readonly string[]): BridgeOutput[] {
    this.bridge.fromLink(0, port, { type: 'join', groups })
    return this.wants()
  }

  counted(): Record<string, number> {
    const counts = Object.entries(this.counters.snapshot()).filter(([, count]) => count > 0)
    return Object.fromEntries(counts)
  }
}

/** One peer's packets. */
export class Member {
  readonly sender: Sender
  readonly port: number
  readonly #sealer: Sealer
  #number = 0

  constructor(seed: number, port = 40_000 + seed) {
    const identity = counting(32, seed)
    const salt = counting(16, seed)
    this.sender = { instance: instanceOf(crypto, identity, salt), identity, salt }
    this.port = port
    this.#sealer = new Sealer(crypto, keys, this.sender.instance)
  }

  hello(port = this.port, flags = 0, isSigned = true): Uint8Array {
    const { identity, salt } = this.sender
    const body = writeHello({
      flags,
      identity,
      salt,
      challenge: 1n,
      controlNumber: this.#number,
      intervalMs: 500,
      port,
      streamCount: 0,
      name: utf8('peer'),
      tags: [],
      asked: [],
      echoes: [],
      rights: new Uint8Array(0),
    })
    this.#number += 1
    const id = { kind: Kind.hello, flags: 0, stream: 1, number: this.#number }
    const header = this.#sealer.headerBytes(id)
    const message = concat(utf8('sixcast/1/hello'), keys.id, header, body)
    const signature = isSigned ? signatureOf(identity, message) : counting(64)
    return this.#sealer.seal(id, concat(body, signature), keys.control)
  }

  control(
    key: Uint8Array = keys.controlKeyOf(this.sender),
    body: Uint8Array = utf8('record'),
  ): Uint8Array {
    this.#number += 1
    const id = { kind: Kind.control, flags: 0, stream: 0, number: this.#number }
    return this.#sealer.seal(id, body, key)
  }

  /** Asks another for packets of its stream 1. */
  nak(of: Member, numbers: readonly number[], flags = 0): Uint8Array {
    return this.says(this.question(of, numbers, flags))
  }

  /** The record by which it asks. */
  question(of: Member, numbers: readonly number[], flags = 0): Uint8Array {
    const about = { target: of.sender.instance, flags, rttUs: 0, missed: 0, all: 0, stream: 1 }
    return controlBytes({ type: 'nak', ...about, ...question(...numbers) })
  }

  /** These records, as a control packet of its own. */
  says(records: Uint8Array): Uint8Array {
    return this.control(keys.controlKeyOf(this.sender), records)
  }

  /** Says what it wants, for a minute or, by 0, no more. */
  interest(groups: readonly string[], validMs = 60_000): Uint8Array {
    return this.says(controlBytes({ type: 'interest', validMs, groups }))
  }

  /** Of its stream 1. */
  data(number: number = (this.#number += 1)): Uint8Array {
    const id = { kind: Kind.data, flags: 0, stream: 1, number }
    return this.#sealer.seal(id, utf8('value'), keys.dataKeyOf(this.sender, 'a/b'))
  }
}

/** An address as the segment gives it. */
export function at(last: number, port = 5000): Endpoint {
  return { address: `fe80:0:0:0:0:0:0:${last.toString(16)}%2`, port }
}

/** Groups of the scope `link`. */
export function group(last: number): string {
  return `ff12:1:2:3:4:5:8000:${last.toString(16)}`
}
