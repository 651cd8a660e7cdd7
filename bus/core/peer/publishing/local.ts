/** Gives the own subscriptions of a peer what it publishes. */
import type { Notice } from '../../output.ts'
import type { Context } from '../context.ts'
import type { SenderStream, Settled } from '../../stream/sender.ts'

/** A message, and which subscriptions take it. */
interface Handed {
  readonly stream: SenderStream
  readonly message: Settled
  readonly subscriptions: readonly number[]
  /** What those who share it are told. */
  readonly about?: Pick<Extract<Notice, { type: 'deliver' }>, 'place' | 'again' | 'members'>
  /** The program is told also when it is for none of them. */
  readonly heard?: boolean
}

export function deliverLocally(
  now: number,
  context: Context,
  { stream, message, subscriptions, about, heard = false }: Handed,
): void {
  if (subscriptions.length === 0 && !heard) return
  const { metrics, self, config } = context
  const { topic, stream: number, delivery } = stream.options
  metrics.count('messagesDelivered', subscriptions.length)
  context.emit({
    type: 'deliver',
    subscriptions,
    stream: { topic, from: self.instance, stream: number, delivery },
    index: message.index,
    sentAt: now + config.wallOffset,
    codec: message.codec,
    payload: new Uint8Array(message.payload), // `slice` of a Buffer would be no copy
    expiresAt: message.expiresAt,
    ...(message.question && { question: message.question }),
    ...about,
  })
}
