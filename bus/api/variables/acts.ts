/** Calls of the program's `act`: so many at the same time, and one at most for each subject. */
import type { Subject } from './subject.ts'

export interface ActsParts {
  readonly concurrency: number
  /** Acts upon it; never rejects. */
  readonly act: (subject: Subject) => Promise<void>
  /** That has come to its end. */
  readonly done: (subject: Subject) => void
}

export class Acts {
  readonly #parts: ActsParts
  /** Those that wait for their turn, the first one first. */
  readonly #waiting = new Set<Subject>()
  readonly #working = new Set<Subject>()
  #idle: (() => void)[] = []

  constructor(parts: ActsParts) {
    this.#parts = parts
  }

  get working(): number {
    return this.#working.size
  }

  /** Whether it is acted upon now. */
  has(subject: Subject): boolean {
    return this.#working.has(subject)
  }

  /** Acts upon it when its turn comes. */
  add(subject: Subject): void {
    this.#waiting.add(subject)
    this.#pump()
  }

  /** It is over: it does not wait for its turn any more. */
  drop(subject: Subject): void {
    this.#waiting.delete(subject)
  }

  /** Nothing begins any more; resolves when nothing is at work. */
  close(): Promise<void> {
    this.#waiting.clear()
    if (this.working === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #pump(): void {
    for (const subject of this.#waiting) {
      if (this.working >= this.#parts.concurrency) return
      if (this.#working.has(subject)) continue
      this.#waiting.delete(subject)
      void this.#run(subject)
    }
  }

  async #run(subject: Subject): Promise<void> {
    this.#working.add(subject)
    await this.#parts.act(subject)
    this.#working.delete(subject)
    this.#parts.done(subject)
    this.#pump()
    if (this.working > 0) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}
