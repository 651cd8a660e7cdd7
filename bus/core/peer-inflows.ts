/** The streams that are being received, by topic. */
import type { Inflow } from './peer-context.ts'
import { isExact, type Pattern } from './topic/pattern.ts'

export class Inflows {
  readonly #inflowsByTopic = new Map<string, Set<Inflow>>()

  add(inflow: Inflow): void {
    const { topic } = inflow.binding
    const sameTopic = this.#inflowsByTopic.get(topic)
    if (sameTopic) sameTopic.add(inflow)
    else this.#inflowsByTopic.set(topic, new Set([inflow]))
  }

  delete(inflow: Inflow): void {
    const { topic } = inflow.binding
    const sameTopic = this.#inflowsByTopic.get(topic)
    sameTopic?.delete(inflow)
    if (sameTopic?.size === 0) this.#inflowsByTopic.delete(topic)
  }

  /** Those that may match a pattern: of an exact one its topic's, else all. */
  of(pattern: Pattern): Inflow[] {
    if (isExact(pattern)) return [...(this.#inflowsByTopic.get(pattern.text) ?? [])]
    return [...this.#inflowsByTopic.values()].flatMap((inflows) => [...inflows])
  }
}
