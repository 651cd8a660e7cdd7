/** The last values that this bus has got of others, for fetches that take old ones; bounded, the oldest go first. */
import { matches, type Pattern } from '../../core/topic/pattern.ts'
import type { Reading } from '../variable-options.ts'
import type { PeerId } from '../terms.ts'

/** A value as its owner gave it, before any schema. */
export type KnownReading = Omit<Reading, 'rtt' | 'stale'>

interface Entry {
  readonly reading: KnownReading
  readonly segments: readonly string[]
  /** Of its owner: who has gone is not known by them any more. */
  readonly tags: Readonly<Record<string, string>>
  readonly at: number
  readonly size: number
}

export interface KnownParts {
  readonly sizeMax: number
  readonly now: () => number
  /** An old one has made room for a new one. */
  readonly evicted: () => void
}

export class Known {
  readonly #parts: KnownParts
  /** The one that was kept longest first. */
  readonly #entriesByKey = new Map<string, Entry>()
  #size = 0

  constructor(parts: KnownParts) {
    this.#parts = parts
  }

  has({ from, name }: Pick<Reading, 'from' | 'name'>): boolean {
    return this.#entriesByKey.has(keyOf(from, name))
  }

  keep(reading: KnownReading, tags: Readonly<Record<string, string>>, payloadSize: number): void {
    const key = keyOf(reading.from, reading.name)
    this.#delete(key)
    const size = payloadSize + ENTRY_SIZE
    const { sizeMax, now, evicted } = this.#parts
    if (size > sizeMax) return evicted()
    for (const oldest of this.#entriesByKey.keys()) {
      if (this.#size + size <= sizeMax) break
      this.#delete(oldest)
      evicted()
    }
    const segments = reading.name.split('/')
    this.#entriesByKey.set(key, { reading, segments, tags, at: now(), size })
    this.#size += size
  }

  /** What is known of these, not longer than that ago; `age` has grown since. */
  find(
    patterns: readonly Pattern[],
    maxAgeMs: number,
    isAsked: (from: PeerId, tags: Readonly<Record<string, string>>) => boolean,
  ): KnownReading[] {
    const now = this.#parts.now()
    const found: KnownReading[] = []
    for (const { reading, segments, tags, at } of this.#entriesByKey.values()) {
      const passed = Math.max(0, Math.round(now - at))
      if (passed > maxAgeMs || !isAsked(reading.from, tags)) continue
      if (!patterns.some((pattern) => matches(pattern, segments))) continue
      found.push({ ...reading, age: reading.age + passed })
    }
    return found
  }

  /** The peer has said that these are all it has of them. */
  settle(from: PeerId, patterns: readonly Pattern[], has: (name: string) => boolean): void {
    for (const [key, { reading, segments }] of this.#entriesByKey) {
      if (reading.from !== from || has(reading.name)) continue
      if (patterns.some((pattern) => matches(pattern, segments))) this.#delete(key)
    }
  }

  #delete(key: string): void {
    this.#size -= this.#entriesByKey.get(key)?.size ?? 0
    this.#entriesByKey.delete(key)
  }
}

function keyOf(from: PeerId, name: string): string {
  return `${from}/${name}`
}

/** What one takes besides its payload, about. */
const ENTRY_SIZE = 512
