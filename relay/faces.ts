/**
 * The faces of a relay: segments, trunks to other relays, and the backbone, by which it meets many.
 * All links of peers are one more.
 */

interface Face {
  /** The relay at the other end of a trunk; 0: it is none. */
  readonly relay: bigint
  /** Until then everything goes there: nobody has had the time to say what is wanted. */
  readonly openUntil: number
  askAgainAt: number
}

export class Faces {
  readonly #faces = new Map<string, Face>()
  #segments = 0

  /** `relay`: at the other end of a trunk; 0: the face is a segment, or the backbone. */
  open(now: number, face: string, relay: bigint): void {
    this.close(face)
    const times = { openUntil: now + OPEN_MS, askAgainAt: now + ASK_AGAIN_MS }
    this.#faces.set(face, { relay, ...times })
    if (this.isSegment(face)) this.#segments += 1
  }

  close(face: string): void {
    if (this.isSegment(face)) this.#segments -= 1
    this.#faces.delete(face)
  }

  get names(): Iterable<string> {
    return this.#faces.keys()
  }

  get segments(): number {
    return this.#segments
  }

  get trunks(): number {
    return this.#faces.size - this.#segments - (this.#faces.has(BACKBONE) ? 1 : 0)
  }

  /** Whether there are other relays by other ways than segments. */
  get isFar(): boolean {
    return this.#faces.size > this.#segments
  }

  isSegment(face: string): boolean {
    return this.relayOf(face) === 0n && face !== BACKBONE
  }

  /** The relay at the other end of a trunk; 0: it is none; `undefined`: there is no such face. */
  relayOf(face: string): bigint | undefined {
    return this.#faces.get(face)?.relay
  }

  isTrunk(face: string): boolean {
    return (this.relayOf(face) ?? 0n) > 0n
  }

  /** Whether everything goes there yet. */
  isOpen(now: number, face: string): boolean {
    return (this.#faces.get(face)?.openUntil ?? 0) > now
  }

  /** Once for each face: a question that was asked when it came may have been lost. */
  asksAgain(now: number, face: string): boolean {
    const one = this.#faces.get(face)
    if (!one || now < one.askAgainAt) return false
    one.askAgainAt = Infinity
    return true
  }
}

/** The face of the backbone; no interface has such a name. */
export const BACKBONE = 'the backbone'

/** The face of a trunk to that relay. */
export function trunkTo(relay: bigint): string {
  return `relay ${relay.toString(16)}`
}

/** As long as it takes until a question has been answered, and more. */
export const OPEN_MS = 3000
const ASK_AGAIN_MS = 1000
