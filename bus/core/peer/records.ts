/** Hands each control record to the part of the peer that it is for. */
import type { Acquaintance } from './subscribing/acquaintance.ts'
import type { Context, Remote } from './context.ts'
import type { Direct } from './asking/direct.ts'
import type { Learner } from './subscribing/learner.ts'
import type { Meeting } from './publishing/meeting.ts'
import type { Publisher } from './publishing/publisher.ts'
import type { Silence } from './presence/silence.ts'
import type { Subscriber } from './subscribing/subscriber.ts'
import type { Unicast } from './presence/unicast.ts'
import type { ControlRecord } from '../wire/control.ts'

interface Parts {
  readonly silence: Silence
  readonly learner: Learner
  readonly publisher: Publisher
  readonly subscriber: Subscriber
  readonly meeting: Meeting
  readonly acquaintance: Acquaintance
  readonly direct: Direct
  readonly unicast: Unicast
}

export class Records {
  readonly #context: Context
  readonly #parts: Parts

  constructor(context: Context, parts: Parts) {
    this.#context = context
    this.#parts = parts
  }

  /** A record of a known instance, from a packet that has opened. */
  on(now: number, remote: Remote, record: ControlRecord): void {
    const { silence, learner, publisher, subscriber, meeting, acquaintance } = this.#parts
    const toSelf = 'target' in record && record.target === this.#context.self.instance
    if (toSelf) remote.knows = true
    switch (record.type) {
      case 'beacon':
        silence.heard(now)
        remote.intervalMs = record.intervalMs
        return learner.hear(now, remote, record.streamCount)
      case 'bindings':
        silence.heard(now)
        return learner.onBindings(remote, record)
      case 'meet':
        learner.hear(now, remote, record.streams)
        return acquaintance.onMeet(now, remote, record)
      case 'met':
        return toSelf ? meeting.onMet(remote, record) : undefined
      case 'started':
        return subscriber.onStarted(now, remote, record)
      case 'heartbeat':
        return subscriber.onHeartbeat(now, remote, record)
      case 'oldest':
        return subscriber.onOldest(now, remote, record)
      case 'expired':
        return subscriber.onExpired(now, remote, record)
      case 'nak':
        if (toSelf) return publisher.responder.onNak(now, remote, record)
        return subscriber.onNak(now, record)
      case 'want':
        return toSelf ? publisher.announcer.onWant(now, record) : undefined
      case 'attach':
        return toSelf ? publisher.responder.onAttach(now, remote, record) : undefined
      case 'cursor':
        return toSelf ? publisher.responder.onCursor(now, remote, record) : undefined
      case 'share':
        return toSelf ? publisher.seating.onShare(now, remote, record) : undefined
      case 'seat':
        return subscriber.seats.onSeat(now, remote, record)
      case 'answered':
        return this.#parts.direct.onAnswered(now, remote, record)
      case 'reach':
        return this.#parts.unicast.onReach(now, remote, record)
      case 'places':
        return this.#parts.unicast.onPlaces(now, remote, record)
      case 'interest':
        return this.#parts.unicast.onInterest(now, remote, record) // and for relays
    }
  }
}
