/** Standard output: many small writes become few, a slow reader is waited for, a gone one is no error. */
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { aborted } from './interrupt.ts'
import { onReaderGone } from './reader-gone.ts'
import { shownJson } from './shown.ts'

export class Output {
  readonly #stream: Writable
  readonly #broken: Promise<void>
  readonly #reader = new AbortController()
  #fault: Error | undefined
  #corked = false

  constructor(stream: Writable) {
    this.#stream = stream
    this.#broken = aborted(this.gone)
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') this.#fault = error
      this.#reader.abort()
    })
    const { fd } = stream as Writable & { readonly fd?: number } // standard output has one
    if (fd !== undefined) onReaderGone(fd, () => this.#reader.abort())
  }

  /** Aborts when the reader has gone. */
  get gone(): AbortSignal {
    return this.#reader.signal
  }

  /** Resolves when the reader has gone: whatever is written from then on is thrown away. */
  get broken(): Promise<void> {
    return this.#broken
  }

  get isBroken(): boolean {
    return this.gone.aborted
  }

  /** Why it broke, when it was not the reader who has had enough: a full disk, for instance. */
  get fault(): Error | undefined {
    return this.#fault
  }

  /** Writes the parts behind one another. Await the result, if there is one, before the next. */
  write(...parts: readonly (string | Uint8Array)[]): Promise<void> | undefined {
    if (this.isBroken) return undefined
    this.#cork()
    let more = true
    for (const part of parts) more = this.#stream.write(part)
    return more ? undefined : this.#drained()
  }

  /** One JSON object on a line of its own. */
  object(value: object): Promise<void> | undefined {
    return this.write(`${shownJson(value)}\n`)
  }

  /** Resolves when everything has been taken, or never will be; `hurry` cuts the wait short. */
  async flush(hurry: AbortSignal): Promise<void> {
    if (this.isBroken) return
    const written = new Promise<void>((resolve) => this.#stream.write('', () => resolve()))
    const cut = aborted(hurry).then(() => sleep(HURRY_MS))
    await Promise.race([written, this.#broken, cut])
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

const HURRY_MS = 200
