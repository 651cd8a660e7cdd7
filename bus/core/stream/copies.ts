/** Copies of messages that may still have to be given to somebody, in a budget that streams share. */
import type { Ring } from '../ring.ts'
import type { Outgoing } from './fading.ts'
import type { Budget } from './reorder.ts'

/** A copy of a message, for as long as anybody refers to it. */
export interface Kept {
  readonly message: Outgoing
  readonly size: number
  users: number
}

/** A message of a group: given to a seat under an index, or waiting for one. */
export interface Held {
  readonly index: number
  /** Index that it was first published with. */
  readonly first: number
  readonly at: number
  /** It is a question, in a group of those who answer. */
  readonly asks: boolean
  /** Seats of the group that would not answer it. */
  readonly refused?: readonly number[]
  kept: Kept | undefined
}

/** Takes the message that was first published with this index out of a list. */
export function takeOut<T extends Held>(list: Ring<T>, first: number): T | undefined {
  let found: T | undefined
  for (let left = list.size; left > 0; left--) {
    const held = list.shift()!
    if (held.first === first && !found) found = held
    else list.push(held)
  }
  return found
}

export class Copies {
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** A copy that is used once, if there is room; `evict` makes some, or returns false. */
  make(message: Outgoing, evict: () => boolean): Kept | undefined {
    const budget = this.#budget
    const size = message.payload.length + COPY_SIZE
    if (size > budget.max) return undefined
    while (budget.used + size > budget.max) if (!evict()) return undefined
    budget.used += size
    const copy = { ...message, payload: new Uint8Array(message.payload) }
    return { message: copy, size, users: 1 }
  }

  use(kept: Kept): Kept {
    kept.users += 1
    return kept
  }

  /** One user less; the last one frees it. */
  unuse(kept: Kept | undefined): void {
    if (!kept) return
    kept.users -= 1
    if (kept.users === 0) this.#budget.used -= kept.size
  }
}

/** What a copy takes besides its payload, about. */
export const COPY_SIZE = 128
