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
