/** In which order the benchmark measures whom: all who take part in turns, in each round. */
import type { Place } from '../peers/contestant.ts'

/** Those for whom nothing but the processes changes: they share a stage. */
export interface Heat {
  readonly place: Place
  readonly subscribers: number
  readonly peers: readonly string[]
}

interface Wanted {
  readonly places: readonly Place[]
  readonly subscribers: readonly number[]
  readonly peers: readonly string[]
  /** Of these all numbers of subscribers are measured, of the others the least and the most. */
  readonly whole: readonly string[]
}

/** One round. */
export function heatsOf({ places, subscribers, peers, whole }: Wanted): Heat[] {
  const ends = new Set([Math.min(...subscribers), Math.max(...subscribers)])
  return places.flatMap((place) =>
    subscribers.map((count) => ({
      place,
      subscribers: count,
      peers: peers.filter((peer) => whole.includes(peer) || ends.has(count)),
    })),
  )
}

/** Whether another round as long as the longest so far ends within the time that is given. */
export function fits(rounds: readonly number[], givenMs: number): boolean {
  const spent = rounds.reduce((all, one) => all + one, 0)
  return spent + Math.max(0, ...rounds) <= givenMs
}
