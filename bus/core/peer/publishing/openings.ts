/** The streams of a publisher: opens one for each topic, and finds it again. */
import type { Context } from '../context.ts'
import { flowOf, sameFlow } from './flow.ts'
import type { Prover } from './prover.ts'
import type { Offer, OfferFault } from '../../publication.ts'
import { StreamKeys } from './stream-keys.ts'
import type { SealBody } from '../../stream/proof-out.ts'
import { SenderStream } from '../../stream/sender.ts'
import type { Shares } from '../../stream/shares.ts'
import { BODY_OFFSET, isSealed, NUMBER_MAX } from '../../wire/packet.ts'
import { PARITY_SIZE_MAX, SYMBOL_PREFIX } from '../../wire/parity.ts'
import { SIGNED_ROOM } from '../../wire/signed.ts'

interface OpeningParts {
  /** Before then nothing is sent. */
  readonly gate: number
  /** Finds the local subscriptions of a topic. */
  readonly matching: (segments: readonly string[]) => readonly number[]
  readonly prover: Prover
  /** The groups of a new stream that has some. */
  readonly sharesOf: (topic: string, forQuestions: boolean) => Shares
  readonly opened: (stream: SenderStream, sealing: StreamKeys) => void
}

export class Openings {
  readonly streams: SenderStream[] = []
  readonly #context: Context
  readonly #parts: OpeningParts
  readonly #streamsByTopic = new Map<string, SenderStream>()
  /** The stream that was asked for last: the next message is mostly for it, too. */
  #last: SenderStream | undefined
  readonly #streamsByGroup = new Map<string, SenderStream[]>()

  constructor(context: Context, parts: OpeningParts) {
    this.#context = context
    this.#parts = parts
    context.attached = (instance, group) => this.#isAttached(instance, group)
  }

  of(topic: string): SenderStream | undefined {
    const last = this.#last
    if (last?.options.topic === topic) return last
    const found = this.#streamsByTopic.get(topic)
    this.#last = found ?? last
    return found
  }

  /** The stream of a topic, opened if need be, or why it cannot be as the offer says. */
  open(now: number, offer: Offer): SenderStream | OfferFault {
    const known = this.of(offer.topic)
    if (!known && !this.#mayOpen(offer)) return 'rights'
    const stream = known ?? this.#openStream(now, offer)
    if (!stream) return 'streams'
    const { delivery, flowRule, proofRule = 'group', shares } = stream.options
    if (delivery !== offer.delivery) return 'delivery'
    if (!sameFlow(offer.flow, flowRule)) return 'flow'
    if ((offer.proof ?? proofRule) !== proofRule) return 'proof'
    const isShared = shares !== undefined
    if (offer.shared !== undefined && Boolean(offer.shared) !== isShared) return 'shared'
    stream.retain = offer.retain ?? stream.retain
    return stream
  }

  #mayOpen({ topic, segments }: Offer): boolean {
    const { keys, rights } = this.#context
    return keys.opens(topic) && rights?.allows('publish', segments) !== false
  }

  #openStream(now: number, offer: Offer): SenderStream | undefined {
    const { limits, keys, groups, config, metrics } = this.#context
    if (this.streams.length >= limits.streams) {
      metrics.count('streamsFull')
      return undefined
    }
    const { prover, gate, matching, opened, sharesOf } = this.#parts
    const { topic, segments, delivery, flow = 'max', proof: proofRule = 'group' } = offer
    const paced = flow !== 'max'
    const packetSize = paced ? Math.min(config.packetSize, PACED_SIZE) : config.packetSize
    const number = this.streams.length + 1
    const tag = keys.tagOf(topic)
    const sealing = new StreamKeys(this.#context, {
      stream: number,
      topic,
      isKept: delivery === 'reliable',
    })
    const seal: SealBody = (flags, packetNumber, body) => sealing.seal(flags, packetNumber, body)
    const signed = proofRule !== 'group'
    const room = this.#roomForParity(delivery, packetSize) + (signed ? SIGNED_ROOM : 0)
    const stream = new SenderStream(now, Math.max(now, gate), {
      stream: number,
      topic,
      segments,
      tag,
      group: groups.of(tag),
      delivery,
      packetSize,
      bodySize: packetSize - BODY_OFFSET - keys.overhead - room,
      flowRule: flow,
      flow: paced ? flowOf(this.#context) : undefined,
      proofRule,
      proof: signed ? prover.proofOf(number, { rule: proofRule, paced, seal }) : undefined,
      shares: offer.shared ? sharesOf(topic, offer.shared === 'questions') : undefined,
      seal,
      renew: (packet) => (isSealed(packet) ? sealing.renew(packet) : packet),
    })
    stream.local = matching(segments)
    this.streams.push(stream)
    this.#streamsByTopic.set(topic, stream)
    const { group } = stream.options
    const others = this.#streamsByGroup.get(group)
    if (others) others.push(stream)
    else this.#streamsByGroup.set(group, [stream])
    opened(stream, sealing)
    return stream
  }

  #isAttached(instance: bigint, group: string): boolean {
    for (const { attached } of this.#streamsByGroup.get(group) ?? []) {
      const next = attached.get(instance)?.next
      if (next !== undefined && next < NUMBER_MAX) return true
    }
    return false
  }

  /** Parity holds the largest packet of its stream, and is no larger than a packet may be. */
  #roomForParity(delivery: Offer['delivery'], packetSize: number): number {
    if (delivery !== 'reliable' || packetSize > PARITY_SIZE_MAX) return 0
    return SYMBOL_PREFIX + this.#context.keys.overhead
  }
}

/** Packets of paced streams: a window holds many of them. */
const PACED_SIZE = 1232
