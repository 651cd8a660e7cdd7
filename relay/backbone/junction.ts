/** Where a relay and its backbone are joined: what comes by it, what goes, and whether it is there. */
import type { Logger } from '../../bus/api/options.ts'
import type { Env } from '../../bus/core/env.ts'
import type { Bridge } from '../bridge.ts'
import type { Counters } from '../counters.ts'
import type { RelayKeys } from '../keys.ts'
import type { RelayLimits } from '../limits.ts'
import type { TrunkRecord } from '../trunk-wire.ts'
import type { Backbone } from '../types.ts'
import { Circle } from './circle.ts'

export interface JunctionHost {
  readonly env: Env
  readonly keys: RelayKeys
  readonly id: bigint
  /** The scope's nibble in group addresses. */
  readonly scope: number
  readonly limits: RelayLimits
  readonly counters: Counters
  readonly log: Logger | undefined
  readonly bridge: Pick<Bridge, 'relayMet' | 'relayLost' | 'fromBackbone'>
  /** One input of the bridge, and all that follows from it. */
  feed(input: (now: number) => void): void
}

export class Junction {
  readonly #backbone: Backbone
  readonly #host: JunctionHost
  readonly #circle: Circle
  /** Why it is not there; undefined: it is. */
  #reason: string | undefined = 'it has not answered yet'
  #closed = false

  constructor(backbone: Backbone, host: JunctionHost) {
    const { env, keys, id, scope, limits, counters, log, bridge } = host
    this.#backbone = backbone
    this.#host = host
    this.#circle = new Circle(
      { crypto: env.crypto, keys, id, scope, limits, counters },
      {
        random: (size) => env.random(size),
        write: (subject, message) => this.#write(subject, message),
        met: (relay) => {
          log?.info({ relay: nameOf(relay) }, 'relay met by the backbone')
          host.feed((now) => bridge.relayMet(now, relay))
        },
        lost: (relay) => {
          log?.info({ relay: nameOf(relay) }, 'relay lost on the backbone')
          host.feed(() => bridge.relayLost(relay))
        },
        record: (relay, record) => host.feed((now) => bridge.fromBackbone(now, relay, record)),
      },
    )
  }

  get name(): string {
    return this.#backbone.name
  }

  /** Why nothing can pass by it; undefined: it is there. */
  get fault(): string | undefined {
    return this.#reason && `the backbone ${this.name} is not there: ${this.#reason}`
  }

  /** The same where its name stands beside it. */
  get reason(): string | undefined {
    return this.#reason
  }

  /** Rejects when no trying mends it. */
  async open(): Promise<void> {
    if (this.#closed) return // given up while the relay started
    const { limits } = this.#host
    await this.#backbone.open({
      get bufferSize() {
        return limits.backboneBufferSize
      },
      up: () => this.#up(),
      down: (reason) => this.#down(reason),
      message: (subject, message) => {
        if (this.#closed) return
        const { counters } = this.#host
        counters.count('backboneIn')
        counters.count('backboneBytesIn', message.length)
        this.#circle.hear(performance.now(), subject, message)
      },
    })
  }

  join(group: string): void {
    if (this.#reason === undefined) this.#backbone.subscribe(this.#circle.subjectOf(group))
  }

  leave(group: string): void {
    if (this.#reason === undefined) this.#backbone.unsubscribe(this.#circle.subjectOf(group))
  }

  /** To one relay; 0: to all, or to those who want the group. */
  send(relay: bigint, record: TrunkRecord): void {
    this.#circle.say(relay, record)
  }

  /** Called several times a second. */
  tick(now: number): void {
    this.#circle.tick(now)
  }

  async close(): Promise<void> {
    this.#circle.leave()
    this.#closed = true
    await this.#backbone.close()
  }

  #up(): void {
    if (this.#closed || this.#reason === undefined) return
    const { counters, log } = this.#host
    this.#reason = undefined
    counters.count('backboneOpened')
    log?.info({ backbone: this.name }, 'backbone opened')
    for (const subject of this.#circle.subjects) this.#backbone.subscribe(subject)
    this.#circle.up(performance.now())
  }

  #down(reason: string): void {
    if (this.#closed) return
    const { counters, log } = this.#host
    const before = this.#reason
    this.#reason = reason
    if (before !== reason) log?.warn({ backbone: this.name, reason }, 'no backbone')
    if (before !== undefined) return
    counters.count('backboneClosed')
    this.#circle.down()
  }

  #write(subject: string, message: Uint8Array): void {
    const { counters } = this.#host
    if (this.#reason !== undefined) return
    if (!this.#backbone.publish(subject, message)) return counters.count('backboneBufferFull')
    counters.count('backboneOut')
    counters.count('backboneBytesOut', message.length)
  }
}

/** An id as logs show it. */
function nameOf(relay: bigint): string {
  return relay.toString(16).padStart(16, '0')
}
