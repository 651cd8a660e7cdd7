/** Who paces a stream: which receivers count, and how much they may be sent ahead. */
import type { Context, Remote } from '../context.ts'
import type { FlowRule } from '../../publication.ts'
import { Flow } from '../../stream/flow.ts'

export function flowOf({ limits, config, metrics }: Context): Flow {
  return new Flow({
    windowSize: limits.flowWindow,
    windowMessages: WINDOW_MESSAGES,
    patience: limits.flowPatience,
    floor: config.rate * FLOOR,
    dropped: () => metrics.count('receiversSlow'),
  })
}

/** Whether a receiver slows a stream down. */
export function counts(rule: FlowRule | undefined, { entry }: Remote): boolean {
  if (typeof rule !== 'object') return rule === 'min'
  return Object.entries(entry.tags).some(([key, value]) => `${key}=${value}` === rule.tagged)
}

/** Whether what a program asks for is what a stream was opened with. */
export function sameFlow(asked: FlowRule | undefined, rule: FlowRule = 'max'): boolean {
  return asked === undefined || keyOf(asked) === keyOf(rule)
}

function keyOf(rule: FlowRule): string {
  return typeof rule === 'object' ? `=${rule.tagged}` : rule
}

/** A quarter of what a subscription's queue holds by default. */
export const WINDOW_MESSAGES = 256
/** What a silent receiver leaves of the rate. */
const FLOOR = 0.1
