/** Waits until enough other peers have attached to a topic of this bus. */
import { orAborted } from './abort.ts'
import { BusError } from './errors.ts'
import type { MatchedOptions } from './options.ts'

interface Wait {
  readonly enough: (count: number) => void
  readonly fail: (error: BusError) => void
}

/** Runs something after a delay in ms; the result cancels it. */
export type After = (delayMs: number, then: () => void) => () => void

/** Resolves after that time. */
export function pause(after: After, delayMs: number): Promise<void> {
  return new Promise((resolve) => after(delayMs, resolve))
}

export class Matching {
  readonly #waitsByTopic = new Map<string, Set<Wait>>()

  /** `count` peers are attached now; `attached` and `close` end the wait later. */
  async wait(
    topic: string,
    count: number,
    options: MatchedOptions & { readonly after: After },
  ): Promise<number> {
    const { count: wanted = 1, timeout, signal, after } = options
    if (count >= wanted) return count
    const waits = this.#waitsByTopic.get(topic) ?? new Set()
    this.#waitsByTopic.set(topic, waits)
    let last = count
    let end = (): void => undefined
    const enough = new Promise<number>((resolve, reject) => {
      const wait: Wait = {
        enough: (now) => ((last = now) >= wanted ? resolve(now) : undefined),
        fail: reject,
      }
      const giveUp = (): void => reject(timeoutError(topic, `${last} of ${wanted}`, timeout))
      const cancel = timeout === undefined ? undefined : after(timeout, giveUp)
      waits.add(wait)
      end = () => {
        cancel?.()
        waits.delete(wait)
        if (waits.size === 0) this.#waitsByTopic.delete(topic)
      }
    })
    return orAborted(enough, signal).finally(end)
  }

  attached(topic: string, count: number): void {
    for (const wait of this.#waitsByTopic.get(topic) ?? []) wait.enough(count)
  }

  close(): void {
    const error = new BusError('CLOSED', 'the bus was closed before the subscribers came')
    for (const waits of this.#waitsByTopic.values()) for (const wait of waits) wait.fail(error)
  }
}

function timeoutError(topic: string, found: string, timeout: number | undefined): BusError {
  const mend = 'are they running, in this realm and scope, with the same key?'
  const fault = `${found} subscribers of "${topic}" have come within ${timeout} ms`
  return new BusError('TIMEOUT', `${fault}: ${mend}`)
}
