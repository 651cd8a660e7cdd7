/** Every bound of a bus: those of its core, and those of its actors. */
import { type ActorLimits, defaultActorLimits } from '../actors/limits.ts'
import { defaultLimits, type Limits as CoreLimits } from '../core/limits.ts'

export interface Limits extends CoreLimits, ActorLimits {}

export const busLimits: Limits = { ...defaultLimits, ...defaultActorLimits }
