/** SIGINT, SIGTERM and SIGHUP ask a command to end in good order; the second one ends it at once. */

export class Interrupt {
  readonly #controller = new AbortController()
  #code: number | undefined

  /** Aborts with the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The exit code that tells a shell which signal it was. */
  get code(): number | undefined {
    return this.#code
  }

  listen(): void {
    for (const [name, code] of CODES) {
      process.on(name, () => {
        if (this.#code !== undefined) process.exit(code)
        this.#code = code
        this.#controller.abort(new Error(`interrupted by ${name}`))
      })
    }
  }
}

/** Resolves when the signal aborts, or has. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** 128 and the number of the signal. */
const CODES = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const
