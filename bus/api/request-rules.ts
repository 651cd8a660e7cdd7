/** What the options of questions and of those who answer them may be. */
import { schema, signal } from './option-rules.ts'
import type { GatherOptions, RequestOptions, RespondOptions } from './request-options.ts'
import { flag, isPeerId, rule, type Rules, share, whole } from './rules.ts'
import { WANTED_MAX } from '../core/wire/question.ts'

const DAY_MS = 86_400_000
const PEER_ID = 'a PeerId, 16 hexadecimal digits'
const waited = whole(1, DAY_MS)

export const RESPOND: Rules<RespondOptions<unknown>> = {
  schema,
  concurrency: whole(1),
  share,
  again: flag,
  signal,
}

export const REQUEST: Rules<RequestOptions<unknown>> = {
  schema,
  timeout: waited,
  to: rule(isPeerId, PEER_ID),
  signal,
}

export const GATHER: Rules<GatherOptions<unknown>> = {
  schema,
  timeout: waited,
  quiet: waited,
  max: whole(1),
  expect: rule(
    (value) => arePeerIds(value) || (Number.isSafeInteger(value) && Number(value) >= 1),
    'a list of PeerIds, or a whole number from 1',
  ),
  to: rule(
    (value) => isPeerId(value) || (arePeerIds(value) && value.length <= WANTED_MAX),
    `${PEER_ID}, or a list of at most ${WANTED_MAX} of them`,
    [WANTED_MAX],
  ),
  signal,
}

function arePeerIds(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.every(isPeerId)
}
