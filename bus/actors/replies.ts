/** What the members of a group at this bus reply to one question, each as it is done. */
import { faultOf } from '../api/answer-error.ts'
import type { Snapshot } from '../api/codec.ts'
import { BusError } from '../api/errors.ts'
import { Pull } from '../api/pull.ts'
import { Ring } from '../core/ring.ts'
import { textOf } from '../core/text.ts'
import type { Answer } from './answer.ts'
import type { ActorsHost } from './host.ts'
import { writeReplied } from './wire.ts'

export interface Asking {
  readonly name: string
  readonly answer: Answer<Snapshot>
}

/** One part for each of them, in the order in which they reply. */
export function repliesOf(host: ActorsHost, members: readonly Asking[]): AsyncIterable<Uint8Array> {
  const waiting = new Ring<Uint8Array>()
  const abandon = (): void => {
    waiting.clear()
    for (const { answer } of members) answer.abandon()
  }
  const pull = new Pull<Uint8Array>({ take: () => waiting.shift(), drop: abandon })
  let left = members.length
  const give = (part: Uint8Array): void => {
    if (!pull.offer(part)) waiting.push(part)
    left -= 1
    if (left === 0) pull.end()
  }
  if (left === 0) pull.end()
  for (const { name, answer } of members) {
    answer.promise.then(
      (reply) => give(replied(host, name, reply)),
      (error: unknown) => give(refused(name, error)),
    )
  }
  return pull
}

function replied({ limits }: ActorsHost, name: string, reply: Snapshot): Uint8Array {
  const { codec, payload } = reply
  const part = writeReplied({ name, codec, payload })
  if (part.length + ANSWER_HEAD <= limits.answerSize) return part
  const mend = 'give less, or raise limits.answerSize'
  return refused(name, new BusError('TOO_LARGE', `a reply of ${payload.length} bytes: ${mend}`))
}

function refused(name: string, error: unknown): Uint8Array {
  const { code, message } = faultOf(error)
  return writeReplied({ name, code: textOf(code) ?? '', message: textOf(message) ?? '' })
}

/** What an answer takes besides its payload, at most. */
const ANSWER_HEAD = 64
