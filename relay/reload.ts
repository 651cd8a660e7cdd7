/** What of a relay's settings can change while it runs, and what needs a restart. */
import { defaultRelayLimits, type RelayLimits } from './limits.ts'
import type { RelaySettings } from './options.ts'
import type { Reloaded } from './types.ts'

/** Takes over in place what can change, and tells the names of it, and of what stays as it was. */
export function takeOver(now: RelaySettings, next: RelaySettings): Reloaded {
  const changed = CHANGEABLE.filter((name) => !isSame(now[name], next[name]))
  const restart = FIXED.filter((name) => !isSame(now[name], next[name]))
  const limits = LIMITS.filter((name) => now.limits[name] !== next.limits[name])
  const [fixedLimits, changedLimits] = [
    limits.filter(isFixed),
    limits.filter((name) => !isFixed(name)),
  ]
  for (const name of changed) Object.assign(now, { [name]: next[name] })
  for (const name of changedLimits) Object.assign(now.limits, { [name]: next.limits[name] })
  return {
    changed: [...changed.map(optionOf), ...changedLimits.map(limitName)],
    restart: [...restart.map(optionOf), ...fixedLimits.map(limitName)],
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  // A server is the same or another one, and no JSON; so is a backbone.
  return isPlain(a) && isPlain(b) && JSON.stringify(a) === JSON.stringify(b)
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !('listen' in value || 'publish' in value)
}

function limitName(name: keyof RelayLimits): string {
  return `limits.${name}`
}

/** The program's own server is what it has given to listen. */
function optionOf(name: keyof RelaySettings): string {
  if (name === 'logLevel') return 'log.level'
  return name === 'server' ? 'listen' : name
}

/** Sizes of tables that are made at the start. */
function isFixed(name: keyof RelayLimits): boolean {
  return ['groups', 'peers', 'interest', 'crossings'].includes(name)
}

const LIMITS = Object.keys(defaultRelayLimits) as (keyof RelayLimits)[] // its keys are all limits
const CHANGEABLE = ['origins', 'links', 'metrics', 'dashboard', 'logLevel'] as const
const FIXED = [
  'listen',
  'server',
  'scope',
  'multicast',
  'interface',
  'bridge',
  'nats',
  'natsCredentials',
  'backbone',
  'port',
  'hops',
] as const
