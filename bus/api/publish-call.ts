/** What a call of `publish` says, as the peer takes it: checked, or refused. */
import type { Offer, Publication } from '../core/publication.ts'
import type { BusParts } from './bus-parts.ts'
import { type Encoded, encodeValue } from './codec.ts'
import { BusError } from './errors.ts'
import { faultError } from './faults.ts'
import { PUBLISH } from './option-rules.ts'
import type { Delivery, MatchedOptions, Proof, PublishOptions } from './options.ts'
import { checkOptions, isObject } from './rules.ts'
import type { Segments } from './segments.ts'
import { textOf, type Topic } from './topic.ts'

interface To {
  readonly topic: string
  readonly segments: readonly string[]
}

/** Hands a message to the peer. */
export function publishCall(
  { link, codec, limits, proof, segments }: PublishingParts,
  { to, value, options }: PublishCall,
): void {
  if (!isUsual(options)) checkOptions('publish', options, PUBLISH)
  const topic = textOf(to)
  const place = { topic, segments: segments.of(topic) }
  const encoded = encodeValue(value, codec)
  const { payload } = encoded
  const { messageSize } = limits
  if (payload.length > messageSize) {
    const mend = `the limit is ${messageSize} (option limits.messageSize)`
    throw new BusError('TOO_LARGE', `a message of ${payload.length} bytes on "${topic}": ${mend}`)
  }
  const publication = publicationOf(place, encoded, { options, byDefault: proof })
  const fault = link.command((peer, now) => peer.publish(now, publication))
  if (fault) throw faultError(fault, topic, limits)
  link.endTurn()
}

/**
 * Whether these are good, and none but what is given for each message: compared one by one, since
 * looking names up in the table takes long where it is done for each message.
 */
function isUsual(options: PublishOptions): boolean {
  const given: unknown = options
  if (!isObject(given)) return false
  const { delivery, urgent } = options
  for (const name in given) {
    if (name === 'delivery') {
      if (delivery !== 'reliable' && delivery !== 'best-effort' && delivery !== 'latest')
        return false
    } else if (name !== 'urgent' || typeof urgent !== 'boolean') return false
  }
  return true
}

interface PublishCall {
  readonly to: string | Topic<unknown>
  readonly value: unknown
  readonly options: PublishOptions
}

export interface PublishingParts extends Pick<BusParts, 'link' | 'codec' | 'limits' | 'proof'> {
  readonly segments: Segments
}

/** `byDefault`: the proof of the bus. */
function publicationOf(
  { topic, segments }: To,
  { codec, payload }: Encoded,
  { options, byDefault }: { readonly options: PublishOptions; readonly byDefault: Proof },
): Publication {
  assertReliable(options)
  const { delivery = 'reliable', urgent = false, expires: expiresMs, retain, flow } = options
  const { proof = proofFor(delivery, byDefault), shared } = options
  // Field by field: a copy by `...` costs ten times what all the rest of a publish does.
  return {
    topic,
    segments,
    codec,
    payload,
    retain,
    delivery,
    urgent,
    flow,
    proof,
    shared,
    expiresMs,
  }
}

/** What `publish` is going to say, before it does. */
export function offerOf(to: To, options: MatchedOptions, byDefault: Proof): Offer {
  const { flow, proof = byDefault, shared } = options
  return { ...to, delivery: 'reliable', flow, proof, shared }
}

/** Where nothing is sent again, a checkpoint may never come: each packet proves itself. */
function proofFor(delivery: Delivery, byDefault: Proof): Proof {
  return byDefault === 'checkpoint' && delivery !== 'reliable' ? 'each' : byDefault
}

/** What only reliable topics can do is not promised of others. */
function assertReliable(options: PublishOptions): void {
  const { retain, flow, proof, shared, delivery = 'reliable' } = options
  if (delivery === 'reliable') return
  if (shared) {
    const mend = 'members must know what is theirs; leave "delivery" or "shared" out'
    throw new BusError('INVALID_OPTION', `"shared" is given with delivery "${delivery}": ${mend}`)
  }
  if (proof === 'checkpoint') {
    const mend = 'a checkpoint that is lost must be sent again; use "each", or a reliable topic'
    throw new BusError(
      'INVALID_OPTION',
      `"proof" is "${proof}" with delivery "${delivery}": ${mend}`,
    )
  }
  if (flow !== undefined && flow !== 'max') {
    const mend = 'only reliable topics follow their receivers; leave "delivery" or "flow" out'
    throw new BusError('INVALID_OPTION', `"flow" is given with delivery "${delivery}": ${mend}`)
  }
  if (!retain) return
  const mend = 'only reliable topics retain messages; leave "delivery" or "retain" out'
  throw new BusError('INVALID_OPTION', `"retain" is ${retain} with delivery "${delivery}": ${mend}`)
}
