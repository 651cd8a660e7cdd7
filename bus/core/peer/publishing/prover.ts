/** Has the packets of this peer's streams signed, those that vouch for others in time. */
import type { Context } from '../context.ts'
import { WINDOW_MESSAGES } from './flow.ts'
import type { Pacer } from './pacer.ts'
import { ProofOut, type SealBody } from '../../stream/proof-out.ts'
import type { SenderStream } from '../../stream/sender.ts'
import type { ProofRule } from '../../publication.ts'
import { utf8 } from '../../text.ts'
import { digestInput, LEAVES_MAX } from '../../wire/signed.ts'

/** Opens what is signed for a packet. */
export const PACKET_LABEL: Uint8Array = utf8('sixcast/1/packet')

interface ProofTerms {
  readonly rule: Exclude<ProofRule, 'group'>
  readonly paced: boolean
  readonly seal: SealBody
}

export class Prover {
  readonly #context: Context
  readonly #pacer: Pacer
  /** Streams of which something is not signed for. */
  readonly #open = new Set<SenderStream>()

  constructor(context: Context, pacer: Pacer) {
    this.#context = context
    this.#pacer = pacer
  }

  /** Whether nothing waits for the signature that vouches for it. */
  get idle(): boolean {
    return this.#open.size === 0
  }

  proofOf(stream: number, { rule, paced, seal }: ProofTerms): ProofOut {
    const { env, keys, limits, self } = this.#context
    const { instance } = self
    return new ProofOut({
      rule,
      leavesMax: paced ? PACED_LEAVES_MAX : LEAVES_MAX,
      sizeMax: paced ? limits.flowWindow * WINDOW_SHARE : Infinity,
      messagesMax: paced ? WINDOW_MESSAGES * WINDOW_SHARE : Infinity,
      overhead: keys.overhead,
      seal,
      digest: (flags, number, rest) => {
        return env.crypto.hash(digestInput({ instance, stream, number, flags }, rest))
      },
      sign: (digest, then) => {
        this.#context.metrics.count('packetsSigned')
        this.#context.signPacket(PACKET_LABEL, [digest], then)
      },
      signed: (now) => this.#pacer.pump(now),
    })
  }

  /** Packets of the stream may have been sealed. */
  watch(stream: SenderStream): void {
    const { proof } = stream.options
    if (!proof) return
    if (proof.open === 0) return void this.#open.delete(stream)
    this.#open.add(stream)
    this.#context.timers.setBefore('proof', proof.dueAt)
  }

  /** The `proof` timer. */
  onTimer(now: number): void {
    for (const stream of this.#open) this.#prove(stream, () => stream.proveSealed(now))
    this.#pacer.pump(now)
  }

  /** Signs at once for all that has been published. */
  hurry(now: number, streams: readonly SenderStream[]): void {
    for (const stream of streams) {
      if (stream.options.proof) this.#prove(stream, () => stream.prove(now))
    }
  }

  #prove(stream: SenderStream, prove: () => void): void {
    const before = stream.waiting
    prove()
    this.#pacer.add(stream, stream.waiting - before)
    this.watch(stream)
  }
}

/**
 * Receivers take what is proven. So a window of a paced stream holds all that a checkpoint vouches
 * for, else the checkpoint would be behind what waits for it; and twice, so that they need not stop.
 */
const PACED_LEAVES_MAX = 16
const WINDOW_SHARE = 0.5
