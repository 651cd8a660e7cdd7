/** The bounds of actors, each with its default and its reason. */

export interface ActorLimits {
  /** Actors of one bus. */
  readonly actors: number
  /** Bytes of messages that wait in all mailboxes, per bus. */
  readonly mailboxSize: number
  /** Timers of all actors of a bus, until their messages are taken. */
  readonly actorTimers: number
  /** Watches of others on actors of this bus, and of its actors on those of others. */
  readonly watches: number
  /** Deliveries that are remembered, so that none of them is done twice. */
  readonly deliveries: number
}

export const defaultActorLimits: ActorLimits = {
  // Each takes about a kilobyte when it is idle.
  actors: 65_536,
  // A hundred thousand small messages, or a few of the largest.
  mailboxSize: 64 * 1024 * 1024,
  // One for each actor.
  actorTimers: 65_536,
  watches: 65_536,
  // As many as a busy bus takes in the time that their senders try again.
  deliveries: 16_384,
}
