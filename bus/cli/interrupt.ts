/**
 * SIGINT, SIGTERM and SIGHUP ask a command to end in good order; the second one ends it at once.
 *
 * To a command that runs as a service SIGHUP says that its files have changed.
 */

import { setTimeout as sleep } from 'node:timers/promises'

export class Interrupt {
  readonly #controller = new AbortController()
  #code: number | undefined
  #hangup: (() => void) | undefined

  /** Aborts with the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The exit code that tells a shell which signal it was. */
  get code(): number | undefined {
    return this.#code
  }

  /** SIGHUP means something else to this command: it reads anew what it was given. */
  onHangup(then: () => void): void {
    this.#hangup = then
  }

  listen(): void {
    for (const [name, code] of CODES) {
      process.on(name, () => {
        if (name === 'SIGHUP' && this.#hangup) return this.#hangup()
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

/** Resolves after so long, which may be weeks, or when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  for (let rest = ms; rest > 0 && !signal.aborted; rest -= SLICE_MS) {
    await sleep(Math.min(rest, SLICE_MS), undefined, { signal }).catch(() => undefined)
  }
}

/** A timer takes no more than 24 days. */
const SLICE_MS = 86_400_000
/** 128 and the number of the signal. */
const CODES = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const
