/** What questions and answers go by: the peer, as the asking and the answering half of a bus see it. */
import type {
  Answer,
  AnswerFault,
  Audience,
  Publication,
  PublishFault,
} from '../core/publication.ts'
import type { Sharing } from '../core/peer/publishing/seating-parts.ts'
import type { Given } from '../core/peer/subscribing/held-seat.ts'
import type { Pattern } from '../core/topic/pattern.ts'
import type { BusParts } from './bus-parts.ts'
import type { After } from './matching.ts'

export interface QuestionLine {
  /** This bus itself. */
  readonly instance: bigint
  readonly after: After
  /** The driver's clock, ms. */
  now(): number
  publish(publication: Publication): PublishFault
  audience(topic: string): Audience
  /** Whether the question with this index waits for a member of some group. */
  awaits(topic: string, index: number): boolean
  /** True: `met` is to be told when everybody who is here knows all topics of this bus. */
  seek(wanted: boolean): void
  answer(answer: Answer): AnswerFault
  subscribe(id: number, pattern: Pattern, sharing?: Sharing): void
  unsubscribe(id: number): void
  /** A question has come to a member of a group. */
  finish(given: Given): void
  /** A member of a group is to be asked nothing more. */
  retire(id: number): void
  /** A question of this bus has been answered by this instance, or is over for all. */
  answered(topic: string, which: { readonly index: number; readonly instance?: bigint }): void
  /** This instance will not answer: who of its group has the question now. */
  refused(
    topic: string,
    which: { readonly index: number; readonly instance: bigint },
  ): readonly bigint[]
}

/** The peer of a bus. */
export function questionLine({ link, after, proof }: BusParts, instance: bigint): QuestionLine {
  return {
    instance,
    after,
    now: () => link.command((_peer, now) => now),
    publish: (publication) => {
      const fault = link.command((peer, now) => peer.publish(now, publication))
      link.endTurn()
      return fault
    },
    audience: (topic) => link.command((peer) => peer.seeking.audience(topic)),
    awaits: (topic, index) => link.command((peer) => peer.seeking.seating.awaits(topic, index)),
    seek: (wanted) => link.command((peer, now) => peer.seeking.seek(now, wanted)),
    answer: (answer) => link.command((peer, now) => peer.answer(now, answer)),
    subscribe: (id, pattern, sharing) => {
      link.command((peer, now) => peer.subscribe(now, id, pattern, { proof, sharing }))
    },
    unsubscribe: (id) => link.command((peer, now) => peer.unsubscribe(now, id)),
    finish: (given) => link.command((peer, now) => peer.sharing.finish(now, given)),
    retire: (id) => link.command((peer, now) => peer.sharing.retire(now, id)),
    answered: (topic, which) => {
      link.command((peer, now) => peer.seeking.seating.answered(now, topic, which))
    },
    refused: (topic, which) => {
      return link.command((peer, now) => peer.seeking.seating.refused(now, topic, which))
    },
  }
}
