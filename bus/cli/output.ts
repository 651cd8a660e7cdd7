/** Standard output: many small writes become few, a slow reader is waited for, a gone one is no error. */
import type { Writable } from 'node:stream'

export class Output {
  readonly #stream: Writable
  readonly #broken: Promise<void>
  #isBroken = false
  #corked = false

  constructor(stream: Writable) {
    this.#stream = stream
    this.#broken = new Promise((resolve) => {
      stream.on('error', () => {
        this.#isBroken = true
        resolve()
      })
    })
  }

  /** Resolves when the reader has gone: whatever is written from then on is thrown away. */
  get broken(): Promise<void> {
    return this.#broken
  }

  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Writes the parts behind one another. Await the result, if there is one, before the next. */
  write(...parts: readonly (string | Uint8Array)[]): Promise<void> | undefined {
    if (this.#isBroken) return undefined
    this.#cork()
    let more = true
    for (const part of parts) more = this.#stream.write(part)
    return more ? undefined : this.#drained()
  }

  /** One JSON object on a line of its own. */
  object(value: object): Promise<void> | undefined {
    return this.write(`${JSON.stringify(value)}\n`)
  }

  /** Resolves when everything has been taken, or never will be. */
  async flush(): Promise<void> {
    if (this.#isBroken) return
    const written = new Promise<void>((resolve) => this.#stream.write('', () => resolve()))
    await Promise.race([written, this.#broken])
  }

  /** What is written in one turn leaves in one piece. */
  #cork(): void {
    if (this.#corked) return
    this.#corked = true
    this.#stream.cork()
    setImmediate(() => {
      this.#corked = false
      this.#stream.uncork()
    })
  }

  async #drained(): Promise<void> {
    const drained = new Promise<void>((resolve) => this.#stream.once('drain', resolve))
    await Promise.race([drained, this.#broken])
  }
}
