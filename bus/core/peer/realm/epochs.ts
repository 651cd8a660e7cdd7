/** Changes from one epoch of the realm's keys to the next, as the owner's pages say. */
import type { Endpoint } from '../../output.ts'
import type { Context } from '../context.ts'
import type { Greeter } from '../presence/hello.ts'
import { PageGossip } from './page-gossip.ts'
import { type NewEpoch, Pages } from './pages.ts'
import { RealmKeys, ringIn } from '../../seal/keys.ts'
import type { Header } from '../../wire/packet.ts'

export class EpochChange {
  readonly #context: Context
  readonly #greeter: Pick<Greeter, 'start'>
  readonly #entered: (now: number) => void
  readonly #pages: Pages
  readonly #gossip: PageGossip

  /** `entered`: packets may have waited for the keys of this epoch. */
  constructor(context: Context, greeter: Pick<Greeter, 'start'>, entered: (now: number) => void) {
    this.#context = context
    this.#greeter = greeter
    this.#entered = entered
    this.#pages = new Pages(context, {
      entered: (now, epoch) => this.#enter(now, epoch),
      held: (now) => this.#announce(now),
    })
    this.#gossip = new PageGossip(context, this.#pages)
  }

  start(now: number): void {
    const { config, lag } = this.#context
    const { page } = config
    lag.begins(now)
    if (page) this.#pages.adopt(page)
    if (this.hasPages) this.#gossip.begin(now)
    this.#arm(now)
  }

  /** Takes a page from the program. */
  adopt(page: Uint8Array): void {
    this.#pages.adopt(page)
  }

  /** Whether pages count at all: they are the owner's. */
  get hasPages(): boolean {
    return this.#context.config.realm.owner !== undefined
  }

  /** A packet says something about pages. */
  onPacket(now: number, packet: Uint8Array, from: Endpoint): void {
    this.#gossip.onPacket(now, packet, from)
    this.#arm(now)
  }

  /** A packet is of an epoch that does not count. */
  heard(now: number, header: Header): void {
    if (!this.hasPages) return
    this.#gossip.heard(now, header)
    this.#arm(now)
  }

  /** The `epoch` timer. */
  onTimer(now: number): void {
    this.#context.epochs.step(now)
    this.#gossip.onTimer(now)
    this.#arm(now)
  }

  #enter(now: number, { epoch, secret, isAtOnce }: NewEpoch): void {
    const { epochs, env, lag } = this.#context
    const { ring } = epochs.current
    const next = ringIn(env.crypto, ring, { epoch, secret })
    const keys = new RealmKeys(env.crypto, { name: ring.name, root: undefined, ring: next })
    const place = lag.enters(now, epoch)
    epochs.enter(now, keys, isAtOnce)
    if (place !== 'early') epochs.heard(now, keys)
    // What it has said so far nobody could open.
    if (place === 'unknown') this.#greeter.start(now)
    this.#announce(now)
    this.#entered(now)
  }

  #announce(now: number): void {
    this.#gossip.announce(now)
    this.#arm(now)
  }

  #arm(now: number): void {
    const at = Math.min(this.#context.epochs.deadline, this.#gossip.deadline)
    if (at < Infinity) this.#context.timers.setBefore('epoch', Math.max(now, at))
  }
}
