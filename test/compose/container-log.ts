/** What a container says, on standard output and standard error alike, by lines. */
import type { Readable } from 'node:stream'
import { type LinePredicate, LineLog } from '../net/lab/lines.ts'

export class ContainerLog {
  readonly #name: string
  readonly #lines = new LineLog(1 << 22)
  #over = (): void => {}
  /** Resolves when the container has ended and all of it is read. */
  readonly ended: Promise<void> = new Promise((resolve) => (this.#over = resolve))

  constructor(name: string) {
    this.#name = name
  }

  get text(): string {
    return this.#lines.text
  }

  follow(stream: Readable): void {
    stream.on('data', (text: string) => this.#lines.write(text))
    stream.on('end', () => {
      this.#lines.end(() => this.#fault('ended'))
      this.#over()
    })
  }

  /** The next unread line that matches. */
  async line(predicate: LinePredicate): Promise<string> {
    const { line, cancel } = this.#lines.next(predicate)
    const late = (): void => cancel(this.#fault(`said no line ${String(predicate)}`))
    const timer = setTimeout(late, lineMs)
    return await line.finally(() => clearTimeout(timer))
  }

  #fault(what: string): Error {
    return new Error(`${this.#name} ${what}; its last words:\n${this.text.slice(-1_000)}`)
  }
}

const lineMs = 30_000
