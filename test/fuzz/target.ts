/** The peer under attack: a real one with small limits, its world counted instead of real. */
import { concat } from '../../bus/core/bytes.ts'
import type { Crypto, Env } from '../../bus/core/env.ts'
import { defaultLimits, type Limits } from '../../bus/core/limits.ts'
import type { Endpoint, Output } from '../../bus/core/output.ts'
import type { Past } from '../../bus/core/peer/subscribing/attacher.ts'
import { Peer } from '../../bus/core/peer.ts'
import type { ProofRule } from '../../bus/core/publication.ts'
import type { Rights } from '../../bus/core/rights.ts'
import type { Sender } from '../../bus/core/seal/control-keys.ts'
import type { RealmKeys } from '../../bus/core/seal/keys.ts'
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { readHello } from '../../bus/core/wire/hello.ts'
import { bodyOf, Kind, nonceOf, readHeader } from '../../bus/core/wire/packet.ts'
import type { Random } from '../../bus/testing/random.ts'
import { crypto, hex } from '../unit/core/crypto.ts'

export const realm = { name: 'plant', root: new Uint8Array(32).fill(7) }

/** Small, so that each of them is hit. */
export const tightLimits: Limits = {
  ...defaultLimits,
  messageSize: 16 * 1024,
  sendMark: 16 * 1024,
  sendSize: 32 * 1024,
  historySize: 64 * 1024,
  retainSize: 32 * 1024,
  streams: 24,
  bindings: 300,
  peers: 42,
  receivers: 4,
  replays: 8,
  reorderPackets: 64,
  reorderSize: 128 * 1024,
  blocksSize: 128 * 1024,
  assemblySize: 16 * 1024,
  quarantinePackets: 64,
  quarantineSize: 32 * 1024,
  failedHellos: 500,
  signatures: 8,
  controlSize: 1500,
  answerSize: 4000,
  answersSize: 8000,
  answersHeldSize: 32 * 1024,
  namedPeers: 4,
  unicastPeers: 4,
}

/** Bytes a second: one member's share of it is less than the history holds. */
export const tightRate = 60_000

/** Stands for Ed25519, a hundred times as fast; that one has tests of its own. */
export function signatureOf(identity: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(crypto.hash(concat(identity, message)))
}

export interface TargetOptions {
  readonly limits: Limits
  /** Bytes a second. */
  readonly rate?: number
  /** What its subscriptions want of the time before them. */
  readonly past?: Past
  /** One more subscription demands so much. */
  readonly proof?: ProofRule
  readonly crypto?: Crypto
  readonly identity?: Uint8Array
  /** In a realm with an owner: what this peer shows. */
  readonly owner?: Uint8Array
  readonly rightsOf?: (realmId: Uint8Array, self: Uint8Array) => Rights
}

export class Target {
  readonly peer: Peer
  readonly limits: Limits
  /** The challenge of its last hello. */
  challenge = 0n
  /** What its keys are made of, as its hellos say. */
  sender: Sender | undefined
  sentBytes = 0
  sentPackets = 0
  delivered = 0
  /** Instances it believes in. */
  readonly present = new Set<bigint>()
  /** Groups it is a member of. */
  readonly groups = new Set<string>()
  groupsMax = 0
  /** What it sent last, for those who record. */
  sent: Uint8Array = new Uint8Array(0)
  /** Told of everything that its program is told. */
  notice: ((output: Output) => void) | undefined
  /** Told of everything that it sends. */
  watch: ((to: string | Endpoint, datagram: Uint8Array) => void) | undefined
  readonly #identity: Uint8Array
  readonly #keys: RealmKeys

  constructor(random: Random, keys: RealmKeys, options: TargetOptions) {
    const { limits, rate = 1_000_000, past, proof, owner, rightsOf } = options
    this.#keys = keys
    this.#identity = options.identity ?? random.bytes(32)
    this.limits = limits
    const env: Env = {
      crypto: options.crypto ?? crypto,
      random: (size) => random.bytes(size),
    }
    this.peer = new Peer(0, env, {
      realm: { name: realm.name, root: keys.open ? undefined : realm.root, owner },
      scope: 'link',
      fold: 0,
      identity: this.#identity,
      rights: rightsOf?.(keys.id, this.#identity),
      name: 'target',
      tags: { role: 'target' },
      packetSize: 1232,
      port: 1000,
      rate,
      minRate: rate / 20,
      wallOffset: 1_700_000_000_000,
      limits,
    })
    this.peer.start(0)
    for (const [id, text] of ['plant/**', 'exact/topic', '*/{room}/x'].entries()) {
      const parsed = parsePattern(text)
      if (parsed.ok) this.peer.subscribe(0, id + 1, parsed.pattern, { history: past, live: true })
    }
    const demanding = parsePattern('plant/**')
    if (proof && demanding.ok) this.peer.subscribe(0, 9, demanding.pattern, { proof })
    this.drain(0)
  }

  hear(now: number, datagram: Uint8Array, from: Endpoint): void {
    this.peer.handleDatagram(now, datagram, from)
    this.drain(now)
  }

  /** Lets every deadline pass that has come. */
  advance(now: number): void {
    for (let i = 0; this.peer.deadline <= now; i++) {
      if (i > 10_000) throw new Error(`the timers never rest at ${now}`)
      this.peer.handleTimeout(Math.max(this.peer.deadline, now - 20))
      this.drain(now)
    }
  }

  drain(now: number): void {
    for (let output = this.peer.poll(); output; output = this.peer.poll()) {
      this.notice?.(output)
      switch (output.type) {
        case 'transmit':
          this.#transmitted(output.datagram)
          this.watch?.(output.to, output.datagram)
          break
        case 'sign':
          this.peer.handleAnswer(now, output.id, signatureOf(this.#identity, output.message))
          break
        case 'verify': {
          const good = hex(signatureOf(output.identity, output.message)) === hex(output.signature)
          this.peer.handleAnswer(now, output.id, good)
          break
        }
        case 'join':
          this.groups.add(output.group)
          this.groupsMax = Math.max(this.groupsMax, this.groups.size)
          break
        case 'leave':
          this.groups.delete(output.group)
          break
        case 'deliver':
          this.delivered += 1
          break
        case 'peer':
          if (output.change === 'leave') this.present.delete(output.peer.instance)
          else this.present.add(output.peer.instance)
          break
        default:
          break
      }
    }
  }

  #transmitted(datagram: Uint8Array): void {
    this.sentBytes += datagram.length
    this.sentPackets += 1
    this.sent = datagram
    if (readHeader(datagram).kind !== Kind.hello) return
    const box = bodyOf(datagram)
    const body = this.#keys.open ? box : new Uint8Array(box.length - 16)
    if (!this.#keys.open) crypto.open(body, box, nonceOf(datagram), this.#keys.control)
    const hello = readHello(body)?.hello
    if (!hello) return
    this.challenge = hello.challenge
    const { identity, salt } = hello
    this.sender = { instance: this.peer.instance, identity: identity.slice(), salt: salt.slice() }
  }
}
