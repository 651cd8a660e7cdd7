/**
 * Whose data does not cross a link between two relays, since the other side has it from elsewhere.
 *
 * It is said when control packets of an instance come by a link that is not its way, and taken
 * back when that link becomes its way. Control is never held back: by it the other side learns that
 * there is this way as well.
 */
import type { TrunkRecord } from './trunk-wire.ts'

export class Prunes {
  readonly #tell: (face: string, record: TrunkRecord) => void
  /** What the relays behind these faces want no more. */
  readonly #unwanted = new Map<string, Set<bigint>>()
  /** When this relay has said so itself. */
  readonly #saidAt = new Map<string, Map<bigint, number>>()

  /** `tell`: says something to the relay at the other end of a trunk. */
  constructor(tell: (face: string, record: TrunkRecord) => void) {
    this.#tell = tell
  }

  has(face: string, instance: bigint): boolean {
    return this.#unwanted.get(face)?.has(instance) === true
  }

  prune(face: string, instance: bigint): void {
    const unwanted = this.#unwanted.get(face) ?? new Set()
    this.#unwanted.set(face, unwanted.add(instance))
  }

  graft(face: string, instance: bigint): void {
    this.#unwanted.get(face)?.delete(instance)
  }

  /** The instance's data is not wanted by that face. */
  say(now: number, face: string, instance: bigint): void {
    const saidAt = this.#saidAt.get(face) ?? new Map<bigint, number>()
    if (now - (saidAt.get(instance) ?? -Infinity) < AGAIN_MS) return
    this.#saidAt.set(face, saidAt.set(instance, now))
    this.#tell(face, { type: 'prune', instances: [instance] })
  }

  /** If that has been said, it is over now. */
  takeBack(face: string, instance: bigint): void {
    if (this.#saidAt.get(face)?.delete(instance) !== true) return
    this.#tell(face, { type: 'graft', instances: [instance] })
  }

  closed(face: string): void {
    this.#unwanted.delete(face)
    this.#saidAt.delete(face)
  }

  forget(instance: bigint): void {
    for (const unwanted of this.#unwanted.values()) unwanted.delete(instance)
    for (const saidAt of this.#saidAt.values()) saidAt.delete(instance)
  }
}

/** The other side may have forgotten the instance since, and what was said of it. */
const AGAIN_MS = 5000
