/**
 * What a relay leaves to others: instances that another relay brings to a face, or that are on it
 * themselves.
 *
 * It is noticed by control packets of the instance that come by that face, and it ends when several
 * of them have come in by the instance's own way that nobody has brought there.
 */

interface Yield {
  /** The relay that brings it; 0: it is there itself. */
  readonly to: bigint
  missed: number
}

export class Yields {
  readonly #byInstance = new Map<bigint, Map<string, Yield>>()

  has(face: string, instance: bigint): boolean {
    return this.#byInstance.get(instance)?.has(face) === true
  }

  /** A control packet of the instance has come by a face that is not on its way. */
  brought(face: string, instance: bigint, to: bigint): void {
    const faces = this.#byInstance.get(instance) ?? new Map<string, Yield>()
    faces.set(face, { to, missed: 0 })
    this.#byInstance.set(instance, faces)
  }

  /** A control packet of the instance has come in by its own way. */
  came(instance: bigint): void {
    for (const [face, one] of this.#byInstance.get(instance) ?? []) {
      one.missed += 1
      if (one.missed >= MISSED_MAX) this.end(face, instance)
    }
  }

  end(face: string, instance: bigint): void {
    const faces = this.#byInstance.get(instance)
    faces?.delete(face)
    if (faces?.size === 0) this.#byInstance.delete(instance)
  }

  forget(instance: bigint): void {
    this.#byInstance.delete(instance)
  }

  /** A relay has ceased on a face. */
  release(face: string, to: bigint): void {
    for (const [instance, faces] of this.#byInstance) {
      if (faces.get(face)?.to === to) this.end(face, instance)
    }
  }
}

const MISSED_MAX = 4
