/** What tests ask of holes, and by which rules. */
import type { AskRules, Holes } from '../../../../bus/core/stream/holes.ts'
import { numbersOf } from './asking.ts'

export const AGAIN = 100
export const rules = (now: number, rest: Partial<AskRules> = {}): AskRules => {
  return {
    last: Infinity,
    againAt: now + AGAIN,
    flowing: true,
    soonMs: 0,
    againSoonMs: 0,
    block: 1,
    mendable: () => false,
    ...rest,
  }
}

/** What is asked for at `now`, packet by packet. */
export function asked(holes: Holes, now: number, rest: Partial<AskRules> = {}): number[] {
  return numbersOf(holes.ask(now, rules(now, rest)))
}
