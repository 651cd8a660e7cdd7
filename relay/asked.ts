/** Of whom a relay wants to hear: instances that it does not know, and those that others ask for. */
import { RELAY_ASKED_MAX } from '../bus/core/wire/relay.ts'

export class Asked {
  readonly #everywhere = new Set<bigint>()
  readonly #byFace = new Map<string, Set<bigint>>()

  /** It is heard, and nobody has said where it is. */
  unknown(instance: bigint): void {
    if (this.#everywhere.size < RELAY_ASKED_MAX) this.#everywhere.add(instance)
  }

  /** Another relay asks for one that is behind this face. */
  behind(face: string, instance: bigint): void {
    const there = this.#byFace.get(face) ?? new Set()
    this.#byFace.set(face, there)
    if (there.size < RELAY_ASKED_MAX) there.add(instance)
  }

  /** It has been heard. */
  delete(instance: bigint): void {
    this.#everywhere.delete(instance)
  }

  /** Those to ask for on a face, as many as one beacon holds. */
  on(face: string): readonly bigint[] {
    const all = new Set([...this.#everywhere, ...(this.#byFace.get(face) ?? [])])
    return [...all].slice(0, RELAY_ASKED_MAX)
  }

  clear(): void {
    this.#everywhere.clear()
    this.#byFace.clear()
  }
}
