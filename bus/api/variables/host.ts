/** What variables need of their bus, and the topic that everybody is asked on. */
import type { Limits } from '../../core/limits.ts'
import type { CounterName } from '../../core/metrics.ts'
import { parsePattern, type Pattern } from '../../core/topic/pattern.ts'
import type { ActionName } from '../../core/wire/grant.ts'
import type { After } from '../matching.ts'
import type { PayloadCodec, PeerId, Presence } from '../options.ts'
import type { AskCall, RespondCall } from '../request-call.ts'
import type { Gathering, Reply, Responder } from '../request-options.ts'

export interface VariablesHost {
  readonly id: PeerId
  /** Those of this bus. */
  readonly tags: Readonly<Record<string, string>>
  readonly limits: Limits
  readonly codec: PayloadCodec | undefined
  readonly presence: Presence
  readonly after: After
  /** The driver's clock, ms. */
  readonly now: () => number
  readonly count: (name: CounterName) => void
  /** A function of the program has failed: an event of the bus. */
  readonly failed: (error: unknown) => void
  /** Whether the realm lets this peer do so, as far as its rights are known. */
  readonly allows: (peer: PeerId, action: ActionName, segments: readonly string[]) => boolean
  readonly respond: (call: RespondCall) => Responder
  readonly gather: (call: AskCall) => Gathering<unknown>
  readonly request: (call: AskCall) => Promise<Reply>
}

/** All variables of a realm are asked for here. */
export const VARIABLES = 'sixcast/variables'

export const VARIABLES_PATTERN: Pattern = patternOf(VARIABLES)

function patternOf(text: string): Pattern {
  const parsed = parsePattern(text)
  if (!parsed.ok) throw new TypeError(parsed.fault)
  return parsed.pattern
}
