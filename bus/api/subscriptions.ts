/** The subscriptions of one bus: opens them, and gives each what comes for it. */
import type { Budget } from '../core/stream/reorder.ts'
import { LOST } from '../core/stream/messages.ts'
import type { BusParts } from './bus-parts.ts'
import type { After } from './matching.ts'
import { BusError } from './errors.ts'
import type { BusEvent } from './options.ts'
import type { SubscribeCall } from './subscribe-call.ts'
import { type Delivered, LiveSubscription, type Lost, pastOf } from './subscription.ts'

interface SubscriptionsParts {
  readonly bus: BusParts
  /** The next number of a subscription. */
  nextId(): number
  event(event: BusEvent): void
}

export class Subscriptions {
  readonly #parts: SubscriptionsParts
  readonly #budget: Budget
  readonly #subscriptionsById = new Map<number, LiveSubscription>()

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts
    this.#budget = { used: 0, max: parts.bus.limits.queueSize }
  }

  /** Throws LIMIT. */
  open({ pattern, options, handler }: SubscribeCall): LiveSubscription {
    const { link, limits, codec, proof: byDefault } = this.#parts.bus
    if (this.#subscriptionsById.size >= limits.subscriptions) {
      const mend = 'close some, use a wildcard, or raise limits.subscriptions'
      throw new BusError('LIMIT', `${limits.subscriptions} subscriptions are open: ${mend}`)
    }
    const id = this.#parts.nextId()
    const subscription = new LiveSubscription(pattern, options, {
      codec,
      budget: this.#budget,
      event: (event) => this.#parts.event(event),
      dropped: ({ cause, count }) => link.command((peer) => peer.metrics.count(LOST[cause], count)),
      now: () => link.command((_peer, now) => now),
      press: (behind) => link.command((peer, now) => peer.press(now, id, behind)),
      ended: () => this.#end(id),
      finish: (place) => link.command((peer, now) => peer.sharing.finish(now, { id, ...place })),
      holds: (place) => link.command((peer) => peer.sharing.holds({ id, ...place })),
    })
    this.#subscriptionsById.set(id, subscription)
    const { history, live = false, proof = byDefault, share, again = true } = options
    const sharing = share === undefined ? undefined : { group: share, again }
    const wants = { history: pastOf(history), live, proof, sharing }
    link.command((peer, now) => peer.subscribe(now, id, pattern, wants))
    if (handler) subscription.handle(handler)
    return subscription
  }

  deliver(delivered: Delivered): void {
    for (const id of delivered.subscriptions) this.#subscriptionsById.get(id)?.deliver(delivered)
  }

  gap(lost: Lost): void {
    for (const id of lost.subscriptions) this.#subscriptionsById.get(id)?.gap(lost)
  }

  live(id: number): void {
    this.#subscriptionsById.get(id)?.live()
  }

  /** Nothing comes any more, for this reason. */
  fail(reason: Error): void {
    for (const subscription of this.#subscriptionsById.values()) subscription.fail(reason)
  }

  /**
   * Those that share give back what they have not begun; resolves when they are done with the rest,
   * or this time has passed. Undefined: there are none.
   */
  giveBack(after: After, ms: number): Promise<unknown> | undefined {
    const sharing = [...this.#subscriptionsById.values()].filter(({ shares }) => shares)
    if (sharing.length === 0) return undefined
    return new Promise((resolve) => {
      const stop = after(ms, () => resolve(undefined))
      void Promise.all(sharing.map((one) => one.close())).then(() => {
        stop()
        // Their seats are given up in a turn of its own.
        after(0, () => resolve(undefined))
      })
    })
  }

  /** Each of them ends behind what has come; resolves when its handler is done. */
  close(): Promise<void>[] {
    return [...this.#subscriptionsById.values()].map((subscription) => subscription.close())
  }

  #end(id: number): void {
    if (!this.#subscriptionsById.delete(id)) return
    this.#parts.bus.link.command((peer, now) => peer.unsubscribe(now, id))
  }
}
