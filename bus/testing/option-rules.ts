/** What the options of a simulation may be. */
import { CONNECT } from '../api/option-rules.ts'
import { rule, type Rules, whole } from '../api/rules.ts'
import type { SimulatedOptions, SimulateOptions } from './options.ts'

const DELAY_MAX_MS = 60_000
const part = rule(isPart, 'a number from 0 to 1', [0, 1])

export const SIMULATE: Rules<SimulateOptions> = {
  seed: whole(0),
  loss: part,
  duplicate: part,
  delay: rule(isDelay, `two numbers of ms from 0 to ${DELAY_MAX_MS}, the smaller one first`, [
    0,
    DELAY_MAX_MS,
  ]),
}

const { scope: _s, interface: _i, port: _p, hops: _h, ...most } = CONNECT
const { peers: _n, unicastPort: _u, native: _f, keyLog: _k, ...simulated } = most
export const SIMULATED: Rules<SimulatedOptions> = {
  ...simulated,
  host: rule((value) => typeof value === 'string' && value !== '', 'a name'),
}

export function isPart(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1
}

function isDelay(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false
  const [least, most] = value as unknown[]
  if (typeof least !== 'number' || typeof most !== 'number') return false
  return least >= 0 && least <= most && most <= DELAY_MAX_MS
}
