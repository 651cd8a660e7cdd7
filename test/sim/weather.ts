/** What a cable does to datagrams: delay, loss alone and in bursts, copies, overtaking. */
import type { Random } from '../../bus/testing/random.ts'

export interface Weather {
  readonly delayMs: number
  /** Each datagram takes up to this much longer. */
  readonly jitterMs: number
  /** Of the datagrams, each by itself. */
  readonly loss: number
  /** Chance that a burst of losses begins with a datagram. */
  readonly burst: number
  /** Mean length of such a burst, in datagrams. */
  readonly burstLength: number
  readonly duplicate: number
  /** Chance that a datagram is held back, so that later ones overtake it. */
  readonly overtaken: number
  readonly overtakenMs: number
}

export const CLEAR: Weather = {
  delayMs: 0.2,
  jitterMs: 0.1,
  loss: 0,
  burst: 0,
  burstLength: 0,
  duplicate: 0,
  overtaken: 0,
  overtakenMs: 0,
}

/** A datagram that sets out at a time. */
export interface Passing {
  readonly time: number
  readonly bytes: Uint8Array
}

/** One direction of one cable: bursts need a memory, and so does keeping the order. */
export class Lane {
  /** Chance that this lane loses a datagram, whatever the weather. */
  loss = 0
  /** Bytes a millisecond that this lane carries; what its queue of 64 KiB does not hold is lost. */
  capacity = Infinity
  /** Datagrams that were held back so far. */
  held = 0
  #freeAt = 0
  #inBurst = false
  #lastArrival = 0

  /** Arrival times of the copies of one datagram that is sent at `time`; none when it is lost. */
  carry(sent: Passing, weather: Weather, random: Random): readonly number[] {
    if (this.#loses(weather, random)) return []
    const time = this.#queue(sent)
    if (time === undefined) return []
    const arrivals = [this.#arrival(time, weather, random)]
    if (random.chance(weather.duplicate)) arrivals.push(this.#arrival(time, weather, random))
    return arrivals
  }

  /** When the datagram has passed the bottleneck, or `undefined` when the queue is full. */
  #queue({ time, bytes }: Passing): number | undefined {
    if (this.capacity === Infinity) return time
    const start = Math.max(time, this.#freeAt)
    if ((start - time) * this.capacity > QUEUE_SIZE) return undefined
    this.#freeAt = start + bytes.length / this.capacity
    return this.#freeAt
  }

  #loses(weather: Weather, random: Random): boolean {
    if (this.loss > 0 && random.chance(this.loss)) return true
    if (this.#inBurst) this.#inBurst = !random.chance(1 / weather.burstLength)
    else if (random.chance(weather.burst)) this.#inBurst = true
    if (weather.burst === 0) this.#inBurst = false
    return this.#inBurst || random.chance(weather.loss)
  }

  #arrival(time: number, weather: Weather, random: Random): number {
    const arrival = time + weather.delayMs + random.between(0, weather.jitterMs)
    if (random.chance(weather.overtaken)) {
      this.held += 1
      return arrival + random.between(0, weather.overtakenMs)
    }
    // Jitter alone overtakes nothing: a queue does not reorder.
    this.#lastArrival = Math.max(this.#lastArrival, arrival)
    return this.#lastArrival
  }
}

const QUEUE_SIZE = 65_536
