/** What questions and answers go by: the peer, as the asking and the answering half of a bus see it. */
import type {
  Answer,
  AnswerFault,
  Audience,
  Publication,
  PublishFault,
} from '../core/publication.ts'
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
  /** True: `met` is to be told when everybody who is here knows all topics of this bus. */
  seek(wanted: boolean): void
  answer(answer: Answer): AnswerFault
  subscribe(id: number, pattern: Pattern): void
  unsubscribe(id: number): void
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
    seek: (wanted) => link.command((peer, now) => peer.seeking.seek(now, wanted)),
    answer: (answer) => link.command((peer, now) => peer.answer(now, answer)),
    subscribe: (id, pattern) => {
      link.command((peer, now) => peer.subscribe(now, id, pattern, { proof }))
    },
    unsubscribe: (id) => link.command((peer, now) => peer.unsubscribe(now, id)),
  }
}
