/**
 * What a stream has taken and not sealed yet: large messages, those that expire, and what is behind.
 *
 * A body is made as the pacer asks for one. What has expired by then is dropped, and never gets a
 * packet or a number.
 */
import { Ring } from '../ring.ts'
import { Flag } from '../wire/packet.ts'
import { Fading } from './fading.ts'
import { Fragments } from './fragments.ts'
import type { EarlyPacket } from './reorder.ts'

/** Whole messages that wait behind something unsealed. */
export interface Whole {
  readonly body: Uint8Array
  readonly at: number
  readonly index: number
}

/** What becomes a packet. */
export interface Sealable extends Whole {
  readonly flags: number
  /** Bytes of it that have been counted as waiting already. */
  readonly charge?: number
  readonly expiresAt?: number | undefined
}

type Waiting = Fragments | Fading | Whole

export class Unsealed {
  readonly #waiting = new Ring<Waiting>()
  /** Packets that it will become, if nothing expires. */
  packets = 0
  /** Messages that have expired here, and bytes that no longer wait, since somebody looked. */
  expired = 0
  dropped = 0

  get empty(): boolean {
    return this.#waiting.size === 0
  }

  /** Index of its first message. */
  get index(): number | undefined {
    return this.#waiting.first?.index
  }

  /** Returns the bytes that it counts for. */
  push(one: Waiting): number {
    this.#waiting.push(one)
    this.packets += one instanceof Fragments ? one.count : 1
    return sizeOf(one)
  }

  /** The next body, of what has not expired. */
  take(now: number): Sealable | undefined {
    let one = this.#waiting.first
    for (; one && endOf(one) <= now; one = this.#waiting.first) this.#drop(one)
    if (!one) return undefined
    this.packets -= 1
    const { at, index } = one
    const end = endOf(one)
    const expiresAt = end < Infinity ? end : undefined
    if (one instanceof Fragments) {
      const { charge } = one
      const body = one.next()
      if (one.size === 0) this.#waiting.shift()
      return { at, index, expiresAt, flags: Flag.fragment, body, charge }
    }
    this.#waiting.shift()
    if (one instanceof Fading) this.expired += one.expired(now)
    return { at, index, expiresAt, flags: 0, body: bodyOf(now, one), charge: sizeOf(one) }
  }

  /** Index of the first message that is no older than this. */
  indexSince(at: number): number | undefined {
    for (let place = 0; place < this.#waiting.size; place++) {
      const one = this.#waiting.at(place)!
      if (one.at >= at) return one.index
    }
    return undefined
  }

  /** The bodies of packets to come, as they would be now. */
  *bodies(now: number): Generator<EarlyPacket> {
    for (let place = 0; place < this.#waiting.size; place++) {
      const one = this.#waiting.at(place)!
      if (!(one instanceof Fragments)) yield { flags: 0, body: bodyOf(now, one), since: now }
      else for (const body of one.rest()) yield { flags: Flag.fragment, body, since: one.at }
    }
  }

  #drop(one: Waiting): void {
    this.#waiting.shift()
    this.packets -= one instanceof Fragments ? one.count : 1
    this.expired += one instanceof Fading ? one.count : 1
    this.dropped += sizeOf(one)
  }
}

function sizeOf(one: Waiting): number {
  return 'size' in one ? one.size : one.body.length
}

function endOf(one: Waiting): number {
  return 'expiresAt' in one ? one.expiresAt : Infinity
}

function bodyOf(now: number, one: Fading | Whole): Uint8Array {
  return one instanceof Fading ? one.body(now) : one.body
}
