/** How many of a stream's packets a receiver has missed when they were first sent. */
import { Answered } from './answered.ts'

export class Loss {
  /** Packets so far that did not come by themselves, and all packets so far. */
  missed = 0
  all = 0
  readonly answered: Answered = new Answered()

  /** `missed` of `all` further packets did not come by themselves. */
  add(missed: number, all: number): void {
    this.missed += missed
    this.all += all
  }

  /** A packet that was missed has come, `lateMs` later: had it been lost? */
  filled(number: number, lateMs: number, lost: boolean): void {
    if (lost) this.answered.add(number, lateMs)
    else this.late()
  }

  /** A packet that was missed has come after all, only late. */
  late(): void {
    this.missed = Math.max(0, this.missed - 1)
  }
}
