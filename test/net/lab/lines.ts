/** A bounded log of the lines a process wrote, which readers can wait on. */

export type LinePredicate = RegExp | ((line: string) => boolean)

/**
 * Keeps the newest lines up to a bound. Reading is like turning pages: `next` looks from the place
 * the last match left off, so that waiting twice for the same words waits for two lines.
 */
export class LineLog {
  readonly #charactersMax: number
  #lines: string[] = []
  #characters = 0
  /** The number, counted from the first line ever written, of the oldest line kept. */
  #oldest = 0
  #unread = 0
  #partial = ''
  readonly #waiting = new Set<Waiter>()

  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax
  }

  get text(): string {
    return [...this.#lines, this.#partial].join('\n')
  }

  write(chunk: string): void {
    const parts = (this.#partial + chunk).split('\n')
    this.#partial = parts.pop() ?? ''
    if (this.#partial.length > this.#charactersMax) this.#partial = ''
    for (const line of parts) this.#append(line)
    for (const waiter of this.#waiting) this.#advance(waiter)
  }

  /** The stream is over: a last line without its newline still counts. */
  end(reason: () => Error): void {
    if (this.#partial !== '') this.write('\n')
    for (const waiter of this.#waiting) waiter.reject(reason())
    this.#waiting.clear()
  }

  /** Resolves with the next unread line that matches; earlier lines count as read then. */
  next(predicate: LinePredicate): PendingLine {
    let cancel = (_error: Error): void => {}
    const line = new Promise<string>((resolve, reject) => {
      const waiter = { matches: matcher(predicate), position: this.#unread, resolve, reject }
      this.#waiting.add(waiter)
      this.#advance(waiter)
      cancel = (error) => {
        if (this.#waiting.delete(waiter)) reject(error)
      }
    })
    return { line, cancel }
  }

  #append(line: string): void {
    this.#lines.push(line)
    this.#characters += line.length + 1
    if (this.#characters <= this.#charactersMax) return
    // Half of the log goes at once, so that a flood of lines is not moved line by line.
    let drop = 0
    while (this.#characters > this.#charactersMax / 2 && drop < this.#lines.length) {
      this.#characters -= (this.#lines[drop]?.length ?? 0) + 1
      drop += 1
    }
    this.#lines = this.#lines.slice(drop)
    this.#oldest += drop
  }

  #advance(waiter: Waiter): void {
    waiter.position = Math.max(waiter.position, this.#oldest)
    for (; waiter.position < this.#oldest + this.#lines.length; waiter.position++) {
      const line = this.#lines[waiter.position - this.#oldest] ?? ''
      if (!waiter.matches(line)) continue
      this.#waiting.delete(waiter)
      this.#unread = Math.max(this.#unread, waiter.position + 1)
      return waiter.resolve(line)
    }
  }
}

export interface PendingLine {
  readonly line: Promise<string>
  readonly cancel: (error: Error) => void
}

interface Waiter {
  readonly matches: (line: string) => boolean
  position: number
  readonly resolve: (line: string) => void
  readonly reject: (error: Error) => void
}

function matcher(predicate: LinePredicate): (line: string) => boolean {
  if (typeof predicate === 'function') return predicate
  return (line) => line.search(predicate) >= 0
}
