/**
 * Finds out which packets of a stream are its publisher's own, where signatures prove it.
 *
 * A packet that has opened comes from some member. In a reliable stream it takes its place, but is
 * not delivered before a signature vouches for it: its own, or that of a packet behind it. One
 * that a signature shows to be another member's is dropped, and the true one asked for; from then
 * on its leaf is known, so no further forgery takes its place. In the other streams each packet is
 * signed, and comes nowhere before its signature has been found good.
 */
import type { Context, Inflow, Verifying } from '../context.ts'
import { lanesOf, nextOf } from './lanes.ts'
import { PACKET_LABEL } from '../publishing/prover.ts'
import type { Arrival } from '../../stream/receiver-options.ts'
import type { ReceiverStream } from '../../stream/receiver.ts'
import { Flag } from '../../wire/packet.ts'
import {
  digestInput,
  PACKET_SIGNATURE_SIZE,
  readSigned,
  sameLeaf,
  type SignedBody,
} from '../../wire/signed.ts'

/** A packet that has opened. */
export interface Opened {
  readonly number: number
  readonly arrival: Arrival
  readonly takers: readonly ReceiverStream[]
}

/** A signed packet and what it says. */
interface Claim {
  readonly number: number
  readonly digest: Uint8Array
  readonly signed: SignedBody
}

export class Verifier {
  readonly #context: Context
  /** The verdict on a packet has come: more may be delivered, or is missing. */
  readonly #settled: (now: number, inflow: Inflow) => void

  constructor(context: Context, settled: (now: number, inflow: Inflow) => void) {
    this.#context = context
    this.#settled = settled
  }

  /** What becomes of a packet: `spare` when there is no room to verify it now. */
  take(now: number, inflow: Inflow, opened: Opened): 'taken' | 'forged' | 'spare' {
    const { binding, proofs } = inflow
    const { number, arrival, takers } = opened
    const claim = this.#claimOf(inflow, opened)
    if (!claim) return 'forged'
    const { digest, signed } = claim
    const leaf = proofs.of(number)
    if (leaf && !sameLeaf(leaf, digest)) return 'forged'
    const body = signed?.content ?? arrival.body
    if (binding.delivery !== 'reliable') {
      const { flags } = arrival
      return this.#await(inflow, { number, arrival: { flags, body }, good: undefined }, claim)
    }
    const held = takers.map((taker) => taker.holds(number, digest))
    const free = takers.filter((_, i) => held[i] === 'none')
    // A forgery that was quicker is found out by a true signature, or by what comes behind it.
    const news = signed && !leaf && !held.includes('same')
    const proven = { ...arrival, body }
    if (news && !this.#verify(inflow, { number, digest, signed }, proven)) return 'spare'
    const unproven = leaf ? undefined : digest
    for (const taker of free) taker.accept(now, number, { ...proven, unproven })
    // It has been verified before: some may have come since that it vouches for.
    if (signed && leaf) this.#believe(now, inflow, { number, digest, signed }, proven)
    return news || free.length > 0 ? 'taken' : 'spare'
  }

  /** The digest of a packet, and its signature if it has one; nothing when it must have one. */
  #claimOf(
    { binding, remote }: Inflow,
    { number, arrival }: Opened,
  ): { readonly digest: Uint8Array; readonly signed: SignedBody | undefined } | undefined {
    const { flags, body } = arrival
    const { instance } = remote
    const isSigned = (flags & Flag.signed) !== 0
    const signed = isSigned ? readSigned(body) : undefined
    if (isSigned !== (signed !== undefined)) return undefined
    if (!signed && binding.proof === 'each') return undefined
    if (signed && signed.leaves.length >= number) return undefined
    const rest = signed ? body.subarray(PACKET_SIGNATURE_SIZE) : body
    const place = { instance, stream: binding.stream, number, flags }
    return { digest: this.#context.env.crypto.hash(digestInput(place, rest)), signed }
  }

  #verify(inflow: Inflow, claim: Claim, arrival: Arrival): boolean {
    return this.#ask(inflow, claim, (now, good) => {
      if (good) this.#believe(now, inflow, claim, arrival)
      else this.#refute(now, inflow, claim)
      this.#settled(now, inflow)
    })
  }

  /** Asks for the verdict on a packet, which counts as long as the stream is received. */
  #ask(inflow: Inflow, claim: Claim, then: (now: number, good: boolean) => void): boolean {
    const { remote, binding } = inflow
    const { identity } = remote.sender
    const { signature } = claim.signed
    const proof = { identity, signature, label: PACKET_LABEL, parts: [claim.digest] }
    return this.#context.verifyPacket(proof, (now, good) => {
      if (remote.inflows.get(binding.stream) === inflow) then(now, good)
    })
  }

  #believe(now: number, inflow: Inflow, claim: Claim, arrival: Arrival): void {
    const { number, digest, signed } = claim
    const { leaves } = signed
    const first = number - leaves.length
    for (const [i, leaf] of leaves.entries()) this.#learn(now, inflow, first + i, leaf)
    // Where a forgery had its place it takes it now.
    const robbed = this.#learn(now, inflow, number, digest)
    for (const receiver of robbed) receiver.accept(now, number, arrival)
    for (const { receiver } of lanesOf(inflow)) receiver.settle(now)
    inflow.proofs.release(nextOf(inflow))
  }

  /** What packet `number` is, is known: returns the receivers that had another one in its place. */
  #learn(now: number, inflow: Inflow, number: number, leaf: Uint8Array): ReceiverStream[] {
    inflow.proofs.learn(number, leaf)
    const receivers = lanesOf(inflow).map(({ receiver }) => receiver)
    const robbed = receivers.filter((receiver) => !receiver.prove(now, number, leaf))
    if (robbed.length > 0) this.#context.reject('forged')
    return robbed
  }

  #refute(now: number, inflow: Inflow, { number, digest }: Claim): void {
    this.#context.reject('forged')
    for (const { receiver } of lanesOf(inflow)) receiver.refute(now, number, digest)
  }

  /** Delivers packets in the order in which they came, as soon as they are known to be good. */
  #await(
    inflow: Inflow,
    waiting: Verifying,
    { digest, signed }: { readonly digest: Uint8Array; readonly signed: SignedBody | undefined },
  ): 'taken' | 'forged' | 'spare' {
    if (!signed) return 'forged'
    const { receiver, verifying } = inflow
    const asked = this.#ask(inflow, { number: waiting.number, digest, signed }, (now, good) => {
      waiting.good = good
      if (!good) this.#context.reject('forged')
      for (let first = verifying[0]; first?.good !== undefined; first = verifying[0]) {
        verifying.shift()
        const { number, arrival } = first
        if (first.good && receiver.wants(number)) receiver.accept(now, number, arrival)
      }
      this.#settled(now, inflow)
    })
    if (asked) verifying.push(waiting)
    return asked ? 'taken' : 'spare'
  }
}
