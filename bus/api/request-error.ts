/** Why a question cannot be asked or has got no answer, as the error that its program gets. */
import type { Limits } from '../core/limits.ts'
import { BusError } from './errors.ts'
import type { AskCall } from './request-call.ts'
import type { GatherReport } from './request-options.ts'
import { peerId } from './subscription.ts'

/** Throws a BusError where no peer would take so large a question. */
export function assertQuestionSize(topic: string, size: number, { messageSize }: Limits): void {
  if (size <= messageSize) return
  const mend = `the limit is ${messageSize} (option limits.messageSize)`
  throw new BusError('TOO_LARGE', `a question of ${size} bytes on "${topic}": ${mend}`)
}

export function noReplyError(call: AskCall, { end, outcomes }: GatherReport): BusError {
  const { topic, about = `on "${topic}"`, to } = call
  if (end === 'timeout') return timeoutError(about, call, outcomes)
  const busy = outcomes.find((one) => one.type === 'error')
  if (busy) return busy.error
  const gone = outcomes.find((one) => one.type === 'gone' && one.asked)
  if (gone) {
    const mend = 'ask again if asking twice does no harm'
    return new BusError(
      'ABANDONED',
      `peer ${gone.from} has left before it answered ${about}: ${mend}`,
    )
  }
  const empty = outcomes.find((one) => one.type === 'answered')
  if (empty) {
    return new BusError('REMOTE', `peer ${empty.from} ended ${about} without an answer`)
  }
  const [only] = to ?? []
  const fault =
    only === undefined
      ? 'nobody who is here answers'
      : `peer ${peerId(only)} is not here, or does not answer`
  return new BusError('NO_RESPONDER', `${fault} ${about}: ${RUNNING}`)
}

function timeoutError(
  about: string,
  { timeoutMs }: AskCall,
  outcomes: GatherReport['outcomes'],
): BusError {
  const [one, ...others] = outcomes.filter(({ type }) => type === 'silent')
  const within = `answered ${about} within ${timeoutMs} ms`
  if (!one) return new BusError('TIMEOUT', `nobody has ${within}: ${RUNNING}`)
  const who =
    others.length === 0 ? `peer ${one.from} has not` : `none of ${others.length + 1} peers has`
  const mend = `give it a longer "timeout", or look what keeps ${others.length === 0 ? 'it' : 'them'}`
  return new BusError('TIMEOUT', `${who} ${within}: ${mend}`)
}

const RUNNING = 'is a responder running, in this realm and scope, with the same key?'
