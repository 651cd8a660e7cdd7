/** What a behaviour has given back: a step, or the error that it is none. */
import type { Step } from '../api/actor-options.ts'
import { BusError } from '../api/errors.ts'
import { checkOptions, described, flag, rule, type Rules } from '../api/rules.ts'

type AnyStep = Step<unknown, unknown, unknown>

/** Throws: a slip in a step would be found with a later message, or never. */
export function stepOf(owner: string, given: unknown): AnyStep {
  if (typeof given !== 'object' || given === null || !('state' in given)) {
    const fault = `the behaviour of "${owner}" gave no step`
    throw new BusError('INVALID_OPTION', `${fault}: return { state }`)
  }
  try {
    checkOptions('a step', given, STEP)
  } catch (error) {
    const fault = (error as Error).message // it throws nothing else
    throw new BusError('INVALID_OPTION', `in the step of actor "${owner}" ${fault}`)
  }
  return given as AnyStep // its rules have seen that it is one
}

const anything = rule(() => true, '')

const STEP: Rules<AnyStep> = {
  state: anything,
  reply: anything,
  error: described(
    (value) => value instanceof BusError,
    "a BusError, as in new BusError('NO_LAMP', 'there is no lamp'), or throw it",
  ),
  become: rule(
    (value) => typeof value === 'function',
    'a behaviour, as in (state, message) => ({ state })',
  ),
  stop: flag,
}
