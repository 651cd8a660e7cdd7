/** Topics as segments, each parsed once. */
import { parseTopic } from '../core/topic/pattern.ts'
import { BusError } from './errors.ts'

export class Segments {
  readonly #segmentsByTopic = new Map<string, readonly string[]>()
  /** The topic that was asked for last: the next message is mostly for it, too. */
  #topic = ''
  #segments: readonly string[] = []

  /** Throws INVALID_TOPIC. */
  of(topic: string): readonly string[] {
    if (topic === this.#topic && this.#segments.length > 0) return this.#segments
    this.#segments = this.#find(topic)
    this.#topic = topic
    return this.#segments
  }

  #find(topic: string): readonly string[] {
    const known = this.#segmentsByTopic.get(topic)
    if (known) return known
    const parsed = parseTopic(topic)
    if (!parsed.ok) throw new BusError('INVALID_TOPIC', parsed.fault)
    if (this.#segmentsByTopic.size >= SEGMENTS_MAX) this.#segmentsByTopic.clear()
    this.#segmentsByTopic.set(topic, parsed.segments)
    return parsed.segments
  }
}

const SEGMENTS_MAX = 16_384
