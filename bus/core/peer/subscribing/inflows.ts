/** The streams that are being received, by topic. */
import type { Binding, Inflow, Lane, Remote } from '../context.ts'
import { EpochKey } from '../../seal/epochs.ts'
import { Proofs } from '../../stream/proofs.ts'
import { isExact, type Pattern } from '../../topic/pattern.ts'

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

/** A stream of which nothing has come yet. */
export function newInflow(remote: Remote, binding: Binding, lane: Lane): Inflow {
  return {
    ...lane,
    binding,
    remote,
    key: new EpochKey((keys) => keys.dataKeyIn(remote.sender, binding.topic)),
    replays: [],
    proofs: new Proofs(),
    verifying: [],
    finalHead: 0,
    finals: 0,
    cursorAt: Infinity,
    toldNext: 0,
    toldAt: -Infinity,
    packetAt: -Infinity,
    heardAt: -Infinity,
    rejoinedAt: -Infinity,
    renewals: 0,
  }
}
