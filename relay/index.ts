/** The front door of `sixcast/relay`. */
export { serve } from './relay.ts'
export type { RelayCounter } from './counters.ts'
export { defaultRelayLimits, type RelayLimits } from './limits.ts'
export type * from './types.ts'
