/**
 * What a relay leaves to others: instances that another relay brings to a face, or that are on it
 * themselves.
 *
 * It is noticed by control packets of the instance that come by that face and that this relay has
 * not brought there. Of those that it has, a copy proves nothing: anybody there can send it again.
 * So a copy makes the relay hold one packet back, and when that one comes by the face all the same,
 * somebody else has brought it. After one that has not come, it waits longer and longer before the
 * next. Yielding ends when several packets have come in by the instance's own way that nobody has
 * brought there.
 */

/** A control packet of an instance, by a face that is not on its way. */
export interface Copy {
  readonly face: string
  readonly instance: bigint
  /** The relay that has sent it there; 0: nobody knows of one. */
  readonly to: bigint
  readonly number: number
  /** The highest number of a control packet of it. */
  readonly high: number
  /** It has come by no other way before. */
  readonly isNew: boolean
}

interface Side {
  /** The relay that brings it; 0: it is there itself. */
  to: bigint
  isLeft: boolean
  missed: number
  /** Packets up to this number tell nothing. */
  high: number
  /** The number that is held back; none is that high. */
  held: number
  /** The next packet is held back. */
  isDoubted: boolean
  doubtAt: number
  waitMs: number
}

export class Yields {
  readonly #byInstance = new Map<bigint, Map<string, Side>>()

  has(face: string, instance: bigint): boolean {
    return this.#byInstance.get(instance)?.get(face)?.isLeft === true
  }

  copied(now: number, { face, instance, to, number, high, isNew }: Copy): void {
    const side = this.#side(face, instance)
    side.to = to
    if (isNew || number === side.held || (side.isLeft && number > side.high)) {
      // From now on nothing is brought: what is newer, somebody else has.
      side.high = side.isLeft ? number : high
      Object.assign(side, { isLeft: true, missed: 0, held: NONE, isDoubted: false })
      side.waitMs = WAIT_MIN_MS
    } else if (!side.isLeft && now >= side.doubtAt) side.isDoubted = true
  }

  /** Whether a new control packet of the instance is held back, to see whether it comes by itself. */
  holds(
    now: number,
    { face, instance, number }: Pick<Copy, 'face' | 'instance' | 'number'>,
  ): boolean {
    const side = this.#byInstance.get(instance)?.get(face)
    if (!side?.isDoubted) return false
    side.isDoubted = false
    side.held = number
    side.doubtAt = now + side.waitMs
    side.waitMs = Math.min(side.waitMs * 2, WAIT_MAX_MS)
    return true
  }

  /** A new control packet of the instance has come in by its own way. */
  came(instance: bigint): void {
    for (const [face, one] of this.#byInstance.get(instance) ?? []) {
      if (!one.isLeft) continue
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
      const side = faces.get(face)
      if (side?.isLeft && side.to === to) this.end(face, instance)
    }
  }

  #side(face: string, instance: bigint): Side {
    const faces = this.#byInstance.get(instance) ?? new Map<string, Side>()
    this.#byInstance.set(instance, faces)
    const side = faces.get(face) ?? newSide()
    faces.set(face, side)
    return side
  }
}

function newSide(): Side {
  return {
    to: 0n,
    isLeft: false,
    missed: 0,
    high: NONE,
    held: NONE,
    isDoubted: false,
    doubtAt: -Infinity,
    waitMs: WAIT_MIN_MS,
  }
}

const NONE = -1
const MISSED_MAX = 4
/** Between packets that are held back in vain. */
const WAIT_MIN_MS = 2000
const WAIT_MAX_MS = 128_000
