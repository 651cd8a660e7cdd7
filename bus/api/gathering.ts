/** The answers of one gathering, as its program takes them: bounded, one consumer, and a report at the end. */
import { Ring } from '../core/ring.ts'
import type { Budget } from '../core/stream/reorder.ts'
import { Pull } from './pull.ts'
import type { GatherReport, Reply } from './request-options.ts'

export class LiveGathering<
  Item extends object = Reply,
  Report = GatherReport,
> implements AsyncIterable<Item> {
  readonly report: Promise<Report>
  readonly #budget: Budget
  readonly #waiting = new Ring<{ readonly item: Item; size: number }>()
  readonly #pull: Pull<Item>
  #taken = false
  #resolve: (report: Report) => void = () => undefined

  /** `end`: the program has had enough. `budget`: bytes that wait in all gatherings. */
  constructor(budget: Budget, end: (how: 'break') => void) {
    this.#budget = budget
    this.report = new Promise((resolve) => (this.#resolve = resolve))
    const drop = (): void => {
      this.#forget()
      end('break')
    }
    this.#pull = new Pull({ take: () => this.#take(), drop })
  }

  /** False when there is no room for it; one is always taken. After the end nobody wants it. */
  push(item: Item, bytes: number): boolean {
    if (this.#pull.ended || this.#pull.offer(item)) return true
    const size = bytes + REPLY_SIZE
    const { used, max } = this.#budget
    if (this.#waiting.size > 0 && used + size > max) return false
    this.#budget.used += size
    this.#waiting.push({ item, size })
    return true
  }

  /**
   * Nothing comes any more; with a reason, what waits is forgotten. Else it is the program's own from
   * now on: it may never be taken, and must not keep the room of others.
   */
  ended(report: Report, reason?: unknown): void {
    if (reason !== undefined) this.#forget()
    for (let place = 0; place < this.#waiting.size; place++) {
      const one = this.#waiting.at(place)!
      this.#budget.used -= one.size
      one.size = 0
    }
    this.#pull.end(reason)
    this.#resolve(report)
  }

  /** The one consumer: a second one would find nothing, or take from the first. */
  [Symbol.asyncIterator](): AsyncIterator<Item, undefined> {
    if (this.#taken) throw new TypeError('this has a consumer: ask again for a second one')
    this.#taken = true
    return this.#pull
  }

  #take(): Item | undefined {
    const first = this.#waiting.shift()
    if (first) this.#budget.used -= first.size
    return first?.item
  }

  #forget(): void {
    while (this.#take()) continue
  }
}

/** What an answer takes besides its payload, about. */
const REPLY_SIZE = 512
