/**
 * What a condition knows of one variable, or of what its variables come to: whether it holds, for
 * how long, and whether that has been acted upon.
 *
 *     out --test--> waits --for so long--> in --until--> out
 *      ^              |                     |
 *      +-- not true --+---- has gone -------+
 *
 * What is in may wait for its turn to be acted upon: what leaves before has passed.
 */
import type { After } from '../matching.ts'
import type { WhenCall } from './when-call.ts'

export interface SubjectParts {
  readonly call: Pick<WhenCall, 'test' | 'until' | 'forMs'>
  readonly after: After
  readonly now: () => number
  /** What it has come to. */
  readonly step: (type: 'holds' | 'passed' | 'over' | 'gone') => void
  /** The test has held for long enough. */
  readonly due: () => void
}

export class Subject {
  readonly #parts: SubjectParts
  #state: 'out' | 'waits' | 'in' = 'out'
  /** Its turn to be acted upon has come. */
  #begun = false
  #value: unknown
  #since = 0
  #stopTimer: () => void = () => undefined

  constructor(parts: SubjectParts) {
    this.#parts = parts
  }

  /** The last that was seen. */
  get value(): unknown {
    return this.#value
  }

  get isIn(): boolean {
    return this.#state === 'in'
  }

  get isOut(): boolean {
    return this.#state === 'out'
  }

  get heldMs(): number {
    return this.isOut ? 0 : Math.max(0, Math.round(this.#parts.now() - this.#since))
  }

  /** It holds this, and has for so long. Throws what the program's functions throw. */
  see(value: unknown, ageMs: number): void {
    const { call, step } = this.#parts
    this.#value = value
    if (this.#state === 'in') {
      if (call.until(value)) this.#leave(() => step(this.#begun ? 'over' : 'passed'))
      return
    }
    if (!call.test(value)) {
      if (this.#state === 'waits') this.#leave(() => step('passed'))
      return
    }
    if (this.#state === 'out') this.#hold(ageMs)
  }

  /** What it holds now cannot be had: what was acted upon is not over for that. */
  doubt(): void {
    if (this.#state === 'waits') this.#leave(() => this.#parts.step('passed'))
  }

  /** It is exposed no more, or its owner has gone. */
  lose(): void {
    const { step } = this.#parts
    if (this.isOut) return
    this.#leave(() => step(this.#begun ? 'gone' : 'passed'))
  }

  /** It is acted upon, or would be: before that it has passed when it is over. */
  begin(): void {
    this.#begun = true
  }

  /** Nothing comes of it any more. */
  stop(): void {
    this.#stopTimer()
  }

  #hold(ageMs: number): void {
    const { call, after, now, step } = this.#parts
    this.#since = now() - ageMs
    const leftMs = call.forMs - ageMs
    if (leftMs <= 0) return this.#enter()
    this.#state = 'waits'
    this.#stopTimer = after(leftMs, () => this.#enter())
    step('holds')
  }

  #enter(): void {
    this.#state = 'in'
    this.#begun = false
    this.#parts.due()
  }

  /** The step is told with how long it has held. */
  #leave(step: () => void): void {
    this.#stopTimer()
    step()
    this.#state = 'out'
    this.#begun = false
  }
}
