/**
 * A peer that is there and does nothing else: it says hello when it is asked to, and beacons as
 * often as a peer does who knows as many as there are (docs/protocol.md).
 */
import { randomBytes, randomInt } from 'node:crypto'
import { newIdentity } from '../../../bus/index.ts'
import { concat } from '../../../bus/core/bytes.ts'
import type { Crypto } from '../../../bus/core/env.ts'
import { instanceOf, type Sender } from '../../../bus/core/seal/control-keys.ts'
import type { RealmKeys } from '../../../bus/core/seal/keys.ts'
import { Sealer } from '../../../bus/core/seal/sealer.ts'
import {
  answerDelay,
  jitteredInterval,
  statedInterval,
} from '../../../bus/core/service/presence.ts'
import { utf8 } from '../../../bus/core/text.ts'
import { writeControlBody } from '../../../bus/core/wire/control.ts'
import { readHello, writeHello } from '../../../bus/core/wire/hello.ts'
import { Kind, readHeader, splitDatagram } from '../../../bus/core/wire/packet.ts'
import { signerOf } from '../../../bus/io/ed25519.ts'

export interface Realm {
  readonly crypto: Crypto
  readonly keys: RealmKeys
  /** That are there. */
  readonly peers: number
}

/** Where it is on the network. */
export interface Place {
  readonly name: string
  /** Where unicast for it arrives. */
  readonly port: number
  /** To the group that all of the realm hear. */
  readonly send: (datagram: Uint8Array) => void
}

export class Bystander {
  readonly #realm: Realm
  readonly #sender: Sender
  readonly #sign: (message: Uint8Array) => Uint8Array
  readonly #sealer: Sealer
  readonly #name: string
  readonly #port: number
  readonly #send: (datagram: Uint8Array) => void
  #number = 0
  /** It has answered, or is about to. */
  #answered = false

  constructor(realm: Realm, { name, port, send }: Place) {
    const identity = newIdentity()
    const salt = new Uint8Array(randomBytes(16))
    const { crypto, keys } = realm
    const instance = instanceOf(crypto, identity.publicKey, salt)
    this.#realm = realm
    this.#name = name
    this.#port = port
    this.#send = send
    this.#sender = { instance, identity: identity.publicKey, salt }
    this.#sign = signerOf(identity)
    this.#sealer = new Sealer(crypto, keys, instance)
    this.#beaconLater()
  }

  /** Hellos are all that it listens to. */
  readonly hear = (datagram: Uint8Array): void => {
    splitDatagram(datagram, (packet) => {
      if (readHeader(packet).kind !== Kind.hello) return
      const body = this.#sealer.open(packet, this.#realm.keys.control)
      const hello = body && readHello(body)?.hello
      if (!hello) return
      if (this.#answered && !hello.asked.includes(this.#sender.instance)) return
      this.#answered = true
      const { challenge } = hello
      const delayMs = answerDelay(this.#realm.peers, Math.random())
      setTimeout(() => this.#send(this.#hello(challenge)), delayMs)
    })
  }

  #hello(challenge: bigint): Uint8Array {
    const { keys, peers } = this.#realm
    const { instance, identity, salt } = this.#sender
    const id = { kind: Kind.hello, flags: 0, stream: word(), number: word() }
    const body = writeHello({
      flags: 0,
      identity,
      salt,
      challenge: instance,
      controlNumber: this.#number,
      intervalMs: statedInterval(peers),
      port: this.#port,
      streamCount: 0,
      name: utf8(this.#name),
      tags: [],
      asked: [],
      echoes: [challenge],
      rights: new Uint8Array(0),
    })
    const said = concat(utf8('sixcast/1/hello'), keys.id, this.#sealer.headerBytes(id), body)
    return this.#sealer.seal(id, concat(body, this.#sign(said)), keys.control)
  }

  #beaconLater(): void {
    const { keys, peers } = this.#realm
    setTimeout(
      () => {
        const id = { kind: Kind.control, flags: 0, stream: 0, number: ++this.#number }
        const beacon = {
          type: 'beacon',
          intervalMs: statedInterval(peers),
          streamCount: 0,
        } as const
        this.#send(this.#sealer.seal(id, writeControlBody(beacon), keys.controlKeyOf(this.#sender)))
        this.#beaconLater()
      },
      jitteredInterval(peers, Math.random()),
    )
  }
}

function word(): number {
  return randomInt(2 ** 32)
}
