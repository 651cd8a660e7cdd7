/** What a plan has instead of what its seed has drawn: smaller worlds that still fail. */
import type { Delivery } from '../../bus/core/output.ts'
import { defaultLimits } from '../../bus/core/limits.ts'
import { type Fault, FAULTS, type Plan, planOf, type SizeClass, STILL_MS } from './plan.ts'

/** Numbers of a plan that may be smaller than drawn. */
export const COUNTABLE = [
  'hosts',
  'segments',
  'processes',
  'fold',
  'packetSize',
  'burstMax',
  'stormMs',
  'bursts',
  'volume',
  'rotations',
] as const
export type Countable = (typeof COUNTABLE)[number]

export interface Overrides extends Partial<Pick<Plan, Countable>> {
  readonly faults?: readonly Fault[]
  readonly topics?: readonly string[]
  readonly patterns?: readonly string[]
  readonly deliveries?: readonly Delivery[]
  readonly sizes?: readonly SizeClass[]
  /** Numbers of the acts that happen. */
  readonly acts?: readonly number[]
}

/** The plan of a seed, with overrides. What it promises stays what the seed has to promise. */
export function planWith(seed: number, overrides: Overrides): Plan {
  const plan = planOf(seed)
  const { faults, acts, ...others } = overrides
  const kept = faults ? new Set(faults) : plan.faults
  const { weather } = plan
  return {
    ...plan,
    ...others,
    faults: kept,
    acts: acts && new Set(acts),
    // A fault that is left out does nothing.
    limits: kept.has('tight') ? plan.limits : defaultLimits,
    workMs: kept.has('overflow') ? plan.workMs : 0,
    answerMs: kept.has('answers') ? plan.answerMs : 0,
    weather: {
      ...weather,
      jitterMs: kept.has('jitter') ? weather.jitterMs : STILL_MS,
      loss: kept.has('loss') ? weather.loss : 0,
      burst: kept.has('burst') ? weather.burst : 0,
      duplicate: kept.has('duplicate') ? weather.duplicate : 0,
      overtaken: kept.has('reorder') ? weather.overtaken : 0,
    },
  }
}

/** Reads overrides as `--plan` has them; the text that says what is wrong, if something is. */
export function parseOverrides(text: string): Overrides | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return `--plan is not JSON: ${String(error)}`
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return '--plan is no JSON object'
  }
  for (const [name, given] of Object.entries(value)) {
    const fault = faultOf(name, given)
    if (fault) return `--plan: "${name}" ${fault}`
  }
  // Each entry has been checked.
  return value as Overrides
}

function faultOf(name: string, given: unknown): string | undefined {
  if ((COUNTABLE as readonly string[]).includes(name)) {
    const good = typeof given === 'number' && Number.isInteger(given) && given >= 0
    return good ? undefined : 'is not a count'
  }
  const known = LISTS[name]
  if (!known) return `is not known; known are ${[...COUNTABLE, ...Object.keys(LISTS)].join(', ')}`
  if (!Array.isArray(given)) return 'is not a list'
  return given.every(known) ? undefined : 'has an entry that is not known'
}

const LISTS: Readonly<Record<string, (entry: unknown) => boolean>> = {
  faults: (entry) => (FAULTS as readonly unknown[]).includes(entry),
  topics: (entry) => typeof entry === 'string',
  patterns: (entry) => typeof entry === 'string',
  deliveries: (entry) => ['reliable', 'best-effort', 'latest'].includes(String(entry)),
  sizes: (entry) => ['empty', 'small', 'middle', 'edge', 'large'].includes(String(entry)),
  acts: (entry) => typeof entry === 'number' && Number.isInteger(entry),
}
