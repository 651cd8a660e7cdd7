/** What a call of `publish` says, as the peer takes it: checked, or refused. */
import type { Offer, Publication } from '../core/publication.ts'
import type { Encoded } from './codec.ts'
import { BusError } from './errors.ts'
import type { Delivery, MatchedOptions, Proof, PublishOptions } from './options.ts'

interface To {
  readonly topic: string
  readonly segments: readonly string[]
}

/** `byDefault`: the proof of the bus. */
export function publicationOf(
  { topic, segments }: To,
  { codec, payload }: Encoded,
  { options, byDefault }: { readonly options: PublishOptions; readonly byDefault: Proof },
): Publication {
  assertReliable(options)
  const { delivery = 'reliable', urgent = false, expires: expiresMs, retain, flow } = options
  const { proof = proofFor(delivery, byDefault) } = options
  // Field by field: a copy by `...` costs ten times what all the rest of a publish does.
  return { topic, segments, codec, payload, retain, delivery, urgent, flow, proof, expiresMs }
}

/** What `publish` is going to say, before it does. */
export function offerOf(to: To, { flow, proof }: MatchedOptions, byDefault: Proof): Offer {
  return { ...to, delivery: 'reliable', flow, proof: proof ?? byDefault }
}

/** Where nothing is sent again, a checkpoint may never come: each packet proves itself. */
function proofFor(delivery: Delivery, byDefault: Proof): Proof {
  return byDefault === 'checkpoint' && delivery !== 'reliable' ? 'each' : byDefault
}

/** What only reliable topics can do is not promised of others. */
function assertReliable({ retain, flow, proof, delivery = 'reliable' }: PublishOptions): void {
  if (delivery === 'reliable') return
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
