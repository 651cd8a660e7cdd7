/** Counters of what actors do, and of what was dropped on the way to them. */

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

export class ActorMetrics {
  readonly #counts = zeros()

  count(name: ActorCounterName, by = 1): void {
    this.#counts[name] += by
  }

  /** Every counter, zeros included. */
  snapshot(): Readonly<Record<ActorCounterName, number>> {
    return { ...this.#counts }
  }
}

function zeros(): Record<ActorCounterName, number> {
  const all = {} as Record<ActorCounterName, number> // filled completely by the loop
  for (const name of ACTOR_COUNTER_NAMES) all[name] = 0
  return all
}
