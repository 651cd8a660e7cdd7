/** The answers of one gathering, as its program takes them: bounded, one consumer, and a report at the end. */
import { Ring } from '../core/ring.ts'
import type { Budget } from '../core/stream/reorder.ts'
import { Pull } from './pull.ts'
import type { GatherEnd, Gathering, GatherReport, Reply } from './request-options.ts'

export class LiveGathering implements Gathering<unknown> {
  readonly report: Promise<GatherReport>
  readonly #budget: Budget
  readonly #waiting = new Ring<{ readonly reply: Reply; readonly size: number }>()
  readonly #pull: Pull<Reply>
  #resolve: (report: GatherReport) => void = () => undefined

  /** `end`: the program has had enough. `budget`: bytes that wait in all gatherings. */
  constructor(budget: Budget, end: (how: GatherEnd) => void) {
    this.#budget = budget
    this.report = new Promise((resolve) => (this.#resolve = resolve))
    const drop = (): void => {
      this.#forget()
      end('break')
    }
    this.#pull = new Pull({ take: () => this.#take(), drop })
  }

  /** False when there is no room for it; one is always taken. */
  push(reply: Reply, bytes: number): boolean {
    if (this.#pull.offer(reply)) return true
    const size = bytes + REPLY_SIZE
    const { used, max } = this.#budget
    if (this.#waiting.size > 0 && used + size > max) return false
    this.#budget.used += size
    this.#waiting.push({ reply, size })
    return true
  }

  /** Nothing comes any more; with a reason, what waits is forgotten. */
  ended(report: GatherReport, reason?: unknown): void {
    if (reason !== undefined) this.#forget()
    this.#pull.end(reason)
    this.#resolve(report)
  }

  [Symbol.asyncIterator](): AsyncIterator<Reply, undefined> {
    return this.#pull
  }

  #take(): Reply | undefined {
    const first = this.#waiting.shift()
    if (first) this.#budget.used -= first.size
    return first?.reply
  }

  #forget(): void {
    while (this.#take()) continue
  }
}

/** What an answer takes besides its payload, about. */
const REPLY_SIZE = 512
