/**
 * Timers and turns of a page, also where the browser holds timers back.
 *
 * In a hidden tab timers fire once a second, and after some minutes once a minute. Sockets are not
 * held back: a relay says something every 2.5 s, and other peers speak more often. So whatever comes
 * runs the timers that are due, and those who would miss this peer are the ones who wake it.
 */
export class PageClock {
  readonly #timers = new Set<Timer>()
  readonly #channel = new MessageChannel()
  #turns: (() => void)[] = []

  constructor() {
    this.#channel.port1.addEventListener('message', () => this.#runTurns())
    this.#channel.port1.start()
  }

  /** Monotonic, ms. */
  now(): number {
    return performance.now()
  }

  /** Runs `then` in a turn of its own, soon: no timer does that, least of all in a hidden tab. */
  turn(then: () => void): void {
    this.#turns.push(then)
    if (this.#turns.length === 1) this.#channel.port2.postMessage(0)
  }

  /** Runs `then` after `delayMs`; the result cancels it. */
  after(delayMs: number, then: () => void): () => void {
    const timer: Timer = { at: this.now() + delayMs, run: then, handle: undefined }
    this.#timers.add(timer)
    if (delayMs <= 0) this.turn(() => this.#fire(timer))
    else timer.handle = setTimeout(() => this.#fire(timer), delayMs)
    return () => this.#forget(timer)
  }

  /** Something has come: runs what is due. */
  wake(): void {
    const now = this.now()
    const due = [...this.#timers].filter(({ at }) => at <= now)
    for (const timer of due.toSorted((a, b) => a.at - b.at)) this.#fire(timer)
  }

  /** Nothing runs any more. */
  close(): void {
    for (const timer of this.#timers) this.#forget(timer)
    this.#turns = []
    this.#channel.port1.close()
  }

  #fire(timer: Timer): void {
    if (this.#forget(timer)) timer.run()
  }

  #forget(timer: Timer): boolean {
    clearTimeout(timer.handle)
    return this.#timers.delete(timer)
  }

  #runTurns(): void {
    const turns = this.#turns
    this.#turns = []
    for (const then of turns) then()
  }
}

interface Timer {
  readonly at: number
  readonly run: () => void
  handle: ReturnType<typeof setTimeout> | undefined
}
