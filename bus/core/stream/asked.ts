/**
 * The questions of a shared stream: which member of a group of responders has each, and until when.
 *
 * A question is over when its asker says so: it has been answered, or is not waited for any more. A
 * member that would not answer it makes it wait for another one. A seat that is given up keeps what
 * it has: its instance is there, and answers what it has begun.
 */
import type { Ring } from '../ring.ts'
import { type Copies, type Held, takeOut } from './copies.ts'
import { dropIdle, type Group } from './seat.ts'

export class Asked {
  readonly #groups: ReadonlyMap<bigint, Group>
  readonly #copies: Copies
  /** Nobody of a group will get the question with this index. */
  readonly #nobody: (index: number) => void
  /** Instances that would take the stream by seats alone, and have none. */
  readonly #seatless = new Set<bigint>()

  constructor(groups: ReadonlyMap<bigint, Group>, copies: Copies, nobody: (index: number) => void) {
    this.#groups = groups
    this.#copies = copies
    this.#nobody = nobody
  }

  /** Those who take the stream by seats alone: what is for others is nothing to them. */
  get apart(): ReadonlySet<bigint> {
    const found = new Set(this.#seatless)
    for (const { seats } of this.#groups.values()) {
      for (const { alone, member } of seats.values()) if (alone) found.add(member.instance)
    }
    return found
  }

  /** Whether a question waits for a seat that somebody has, or has asked for. */
  awaits(index: number): boolean {
    for (const group of this.#groups.values()) {
      if (group.questions && hasMembers(group) && isIn(group.waiting, index)) return true
    }
    return false
  }

  /** The question is over: everywhere, or for the seats of one instance. */
  settle(now: number, index: number, instance?: bigint): void {
    for (const group of this.#groups.values()) {
      if (!group.questions) continue
      for (const seat of group.seats.values()) {
        if (instance !== undefined && seat.member.instance !== instance) continue
        const held = takeOut(seat.given, index)
        if (!held) continue
        seat.bare = 0
        this.#copies.unuse(held.kept)
        dropIdle(now, group, seat)
      }
      if (instance === undefined) this.#copies.unuse(takeOut(group.waiting, index)?.kept)
    }
  }

  /** This instance will not answer: another one may. False: it had not been given the question. */
  refuse(now: number, index: number, instance: bigint): boolean {
    let had = false
    for (const group of this.#groups.values()) {
      if (!group.questions) continue
      for (const seat of group.seats.values()) {
        const held = seat.member.instance === instance ? takeOut(seat.given, index) : undefined
        if (!held) continue
        had = true
        seat.bare = 0
        const refused = [...(held.refused ?? []), seat.seat]
        if (held.kept) wait(group, [{ ...held, refused }])
        else this.#nobody(index)
        dropIdle(now, group, seat)
        if (!hasMembers(group)) this.forsake(group)
      }
    }
    return had
  }

  /** Who has been given a question that is not over. */
  holdersOf(index: number): bigint[] {
    const found: bigint[] = []
    for (const { questions, seats } of this.#groups.values()) {
      if (!questions) continue
      for (const { given, member } of seats.values()) {
        if (isIn(given, index)) found.push(member.instance)
      }
    }
    return found
  }

  /** Nobody is there who could answer what waits: who comes later is not asked. */
  forsake({ waiting }: Group): void {
    for (let held = waiting.shift(); held; held = waiting.shift()) {
      this.#copies.unuse(held.kept)
      this.#nobody(held.first)
    }
  }

  /** An instance has got no seat, or has given it up; without a new attach it hears nothing more. */
  unseated(instance: bigint): void {
    if (this.#seatless.size < SEATLESS_MAX) this.#seatless.add(instance)
  }

  /** It has attached anew, or has gone. */
  forget(instance: bigint): void {
    this.#seatless.delete(instance)
  }
}

/** Whether somebody has a seat, or has asked for one, and does not give it up. */
export function hasMembers({ seats }: Group): boolean {
  for (const { leaving } of seats.values()) if (!leaving) return true
  return false
}

/** Whether the message that was first published with this index is in a list. */
function isIn(list: Ring<Held>, first: number): boolean {
  for (let place = 0; place < list.size; place++) if (list.at(place)?.first === first) return true
  return false
}

/** These wait as well, in the publisher's order. */
export function wait({ waiting }: Group, more: Held[]): void {
  for (let held = waiting.shift(); held; held = waiting.shift()) more.push(held)
  for (const held of more.toSorted((a, b) => a.first - b.first)) waiting.push(held)
}

const SEATLESS_MAX = 4096
