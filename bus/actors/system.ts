/** What one actor needs of all of them: its bus, its turns, and ways to reach others. */
import type {
  Actor,
  ActorContext,
  ActorEndReason,
  ActorGone,
  ActorRef,
  Behaviour,
  Group,
  SpawnOptions,
} from '../api/actor-options.ts'
import type { PeerId } from '../api/terms.ts'
import type { Budget } from '../core/stream/reorder.ts'
import type { ActorMetrics } from './counters.ts'
import type { ActorsHost } from './host.ts'
import type { Turns } from './turns.ts'

/** An actor below another one. */
export interface Child {
  close(reason: 'parent'): Promise<void>
  end(reason: 'parent'): void
}

/** An actor that has spawned others. */
export interface Parent {
  readonly name: string
  adopt(child: Child): void
  /** A child is there no more; with an error: it has failed, and leaves that to its parent. */
  leave(child: Child, error?: Error): void
}

/** How an actor is spawned, besides by its name and its behaviour. */
export interface Spawning {
  readonly options: SpawnOptions<unknown, unknown>
  readonly parent?: Parent
}

/** The calls of a context. Programs take them out of it, so they stand by themselves. */
export type ContextCalls = Pick<
  ActorContext<unknown>,
  'after' | 'watch' | 'spawn' | 'actor' | 'group'
>

export type AnyBehaviour = Behaviour<unknown, unknown, unknown>

export interface ActorsSystem {
  readonly id: PeerId
  readonly host: ActorsHost
  readonly turns: Turns
  readonly metrics: ActorMetrics
  /** Bytes that wait in all mailboxes. */
  readonly budget: Budget
  /** Timers of all actors. */
  readonly timers: Budget
  spawn(name: string, behaviour: AnyBehaviour, spawning: Spawning): Actor
  /** `sender`: the name of the actor that speaks by it; empty: none does. */
  ref(address: string, sender: string): ActorRef
  group(name: string, sender: string): Group
  watch(address: string, told: (end: ActorGone) => void): () => void
  /** An actor has ended: it is not to be found any more. */
  ended(name: string, reason: ActorEndReason): void
}
