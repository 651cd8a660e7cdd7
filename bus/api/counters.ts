/** Every counter of a bus: those of its core, and those of its actors. */
import type { ActorCounterName } from '../actors/counters.ts'
import type { CounterName as CoreCounterName } from '../core/metrics.ts'

export type CounterName = CoreCounterName | ActorCounterName
