/** Calls that a relay refuses, in its log: of each reason one line a minute, however many call. */
import type { Logger } from '../bus/api/options.ts'

export class Refusals {
  readonly #log: Logger | undefined
  /** The reasons are the relay's own words, so they are few. */
  readonly #byReason = new Map<string, { readonly at: number; untold: number }>()

  constructor(log: Logger | undefined) {
    this.#log = log
  }

  /** `untold`: how many others were refused for that since the last line. */
  tell(reason: string, remote: string, now: number = performance.now()): void {
    const last = this.#byReason.get(reason)
    if (last && now - last.at < LINE_MS) {
      last.untold += 1
      return
    }
    this.#byReason.set(reason, { at: now, untold: 0 })
    const others = last && last.untold > 0 ? { untold: last.untold } : {}
    this.#log?.info({ remote, reason, ...others }, 'link refused')
  }
}

const LINE_MS = 60_000
