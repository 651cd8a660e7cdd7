/**
 * The sending half of proof: which packets of a stream are signed, and for which others they vouch.
 *
 *     each         every packet is signed
 *     checkpoint   a packet that comes 20 ms after the last signature, or later, is signed itself;
 *                  of those after it the leaves are kept, and a packet that holds nothing else
 *                  brings them, signed, when they are many or 20 ms have passed
 *
 * So who publishes rarely waits for nothing, and who publishes much signs fifty times a second and
 * once for so many packets. A signature takes its time: the packet has its place and its size at
 * once, and may leave when it has been filled in.
 */
import { concat } from '../bytes.ts'
import type { ProofRule } from '../publication.ts'
import { BODY_OFFSET, Flag } from '../wire/packet.ts'
import { LEAF_SIZE, SIGNED_ROOM, writeSigned } from '../wire/signed.ts'

/** Seals a body under the stream's key. */
export type SealBody = (flags: number, number: number, body: Uint8Array) => Uint8Array

export interface ProofOutOptions {
  readonly rule: Exclude<ProofRule, 'group'>
  /** Packets that one signature vouches for at most. */
  readonly leavesMax: number
  /** Bytes, and messages, of these packets, unless it is one alone: `Infinity`: any number. */
  readonly sizeMax: number
  readonly messagesMax: number
  /** What sealing adds to a body. */
  readonly overhead: number
  readonly seal: SealBody
  readonly digest: (flags: number, number: number, rest: Uint8Array) => Uint8Array
  /** `then` runs when the signature is there. */
  readonly sign: (digest: Uint8Array, then: (now: number, signature: Uint8Array) => void) => void
  /** A packet that waited for its signature may leave. */
  readonly signed: (now: number) => void
}

export interface Unsigned {
  readonly flags: number
  readonly number: number
  readonly body: Uint8Array
}

export class ProofOut {
  readonly #options: ProofOutOptions
  #leaves: Uint8Array[] = []
  /** Bytes and messages that they stand for. */
  #size = 0
  #messages = 0
  #signedAt = -Infinity
  /** By number: packets whose signatures have not come. */
  readonly #awaited = new Map<number, Unsigned>()

  constructor(options: ProofOutOptions) {
    this.#options = options
  }

  /** Packets that no signature vouches for yet. */
  get open(): number {
    return this.#leaves.length
  }

  get full(): boolean {
    return this.#leaves.length >= this.#options.leavesMax
  }

  /** When what is open should be signed, or `Infinity`. */
  get dueAt(): number {
    return this.#leaves.length > 0 ? this.#signedAt + PROVE_MS : Infinity
  }

  /** Whether the next checkpoint may vouch for such a packet, too. */
  fits(size: number, messages: number): boolean {
    const { sizeMax, messagesMax } = this.#options
    if (this.#leaves.length === 0) return true
    return this.#size + size <= sizeMax && this.#messages + messages <= messagesMax
  }

  /** Checkpoints to come for what is open and so many packets more, at most: one for each. */
  ahead(packets: number): number {
    if (this.#options.rule === 'each') return 0
    return packets + (this.#leaves.length > 0 ? 1 : 0)
  }

  /** One packet, signed or to be vouched for, and how many messages are in it. */
  seal(now: number, packet: Unsigned, messages: number): Uint8Array {
    const { rule, seal, digest } = this.#options
    const rested = this.#leaves.length === 0 && now >= this.#signedAt + PROVE_MS
    if (rule === 'each' || rested) return this.#sign(now, packet, [])
    const { flags, number, body } = packet
    this.#leaves.push(digest(flags, number, body).slice(0, LEAF_SIZE))
    this.#size += body.length
    this.#messages += messages
    return seal(flags, number, body)
  }

  /** A packet that vouches for all that is open. */
  checkpoint(now: number, number: number): Uint8Array {
    const leaves = this.#leaves
    this.#leaves = []
    this.#size = this.#messages = 0
    return this.#sign(now, { flags: 0, number, body: new Uint8Array(0) }, leaves)
  }

  /** The packet with this number, if it has no signature yet. */
  awaited(number: number): Unsigned | undefined {
    return this.#awaited.get(number)
  }

  #sign(now: number, packet: Unsigned, leaves: readonly Uint8Array[]): Uint8Array {
    const { overhead, seal, digest, sign, signed } = this.#options
    this.#signedAt = now
    const { number } = packet
    const flags = packet.flags | Flag.signed
    const rest = writeSigned(leaves, packet.body)
    // Its size is known, its bytes are not: they come when there is a signature to seal.
    const blank = new Uint8Array(BODY_OFFSET + overhead + SIGNED_ROOM - 1 + rest.length)
    // The body may be a view of a batch that goes on.
    this.#awaited.set(number, { ...packet, body: packet.body.slice() })
    sign(digest(flags, number, rest), (then, signature) => {
      blank.set(seal(flags, number, concat(signature, rest)))
      this.#awaited.delete(number)
      signed(then)
    })
    return blank
  }
}

/** What has left waits no longer than this for the signature that vouches for it. */
const PROVE_MS = 20
