/** Counters of what actors do, and of what was dropped on the way to them. */
import { Tally } from '../core/tally.ts'

export const ACTOR_COUNTER_NAMES = [
  'actorsFailed',
  'actorsRestarted',
  'mailDone',
  'mailLost',
  'mailInvalid',
  // bounds that were hit
  'actorsFull',
  'mailboxFull',
  'actorTimersFull',
  'watchesFull',
  'routesFull',
] as const

export type ActorCounterName = (typeof ACTOR_COUNTER_NAMES)[number]

export class ActorMetrics extends Tally<ActorCounterName> {
  constructor() {
    super(ACTOR_COUNTER_NAMES)
  }
}
