/**
 * Which sent packets stay: all for a while, the last messages of a topic that retains them, and
 * questions for as long as they are open: who comes to hear of one late answers it all the same.
 *
 * Sent packets of reliable streams are kept for repair and for those who attach late, until the
 * process's bound on bytes or age makes the oldest of them go. What the topic retains stays then,
 * under a bound of its own, until newer messages take its place. Both are the end of what a stream
 * has sent, so its history has no hole, and a packet that was kept an hour is asked for as any other.
 */
import type { Context } from '../context.ts'
import { Ring } from '../../ring.ts'
import { apart } from '../../slab.ts'
import { hasExpired, type StoredPacket } from '../../stream/history.ts'
import type { SenderStream } from '../../stream/sender.ts'

/** The packets at the front of a stream's history that only `retain` keeps there. */
interface Retained {
  packets: number
  size: number
}

export class Keeper {
  readonly #context: Context
  /** Streams in the order of their sent packets: whose oldest packet is forgotten first. */
  readonly #kept = new Ring<SenderStream>()
  #keptSize = 0
  readonly #retained = new Map<SenderStream, Retained>()
  #retainedSize = 0

  constructor(context: Context) {
    this.#context = context
  }

  /** A packet of so many bytes has left. */
  keep(now: number, stream: SenderStream, size: number): void {
    this.#kept.push(stream)
    this.#keptSize += size
    this.#release(now, stream)
    while (this.#keptSize > this.#context.limits.historySize) this.#forgetOldest(now)
  }

  /** Forgets what is too old, and what is retained no longer. */
  expire(now: number): void {
    for (const stream of this.#retained.keys()) this.#release(now, stream)
    for (;;) {
      const stream = this.#kept.first
      const oldest = stream?.history.get(this.#firstOf(stream))
      // From when it left: the end of a large message leaves long after its beginning.
      if (!oldest || (oldest.sentAt ?? now) > now - this.#context.limits.historyAge) return
      this.#forgetOldest(now)
    }
  }

  /** The first packet that is kept for its age. */
  #firstOf(stream: SenderStream): number {
    return stream.history.first + (this.#retained.get(stream)?.packets ?? 0)
  }

  #forgetOldest(now: number): void {
    const stream = this.#kept.shift()
    if (!stream) return
    const number = this.#firstOf(stream)
    const stored = stream.history.get(number)
    const size = stored?.packet.length ?? 0
    this.#keptSize -= size
    // An older question may be open for longer than this one: what is kept has no hole.
    this.#release(now, stream)
    if (this.#retained.has(stream) || retains(now, stream, number)) {
      if (stored) this.#setApart(stored)
      return this.#retain(stream, size)
    }
    stream.history.forget()
    if (stored) this.#context.pool.giveBack(stored.packet)
    this.#context.metrics.count('historyEvicted')
  }

  /** What stays for long keeps no memory but its own. */
  #setApart(stored: StoredPacket): void {
    const { packet } = stored
    stored.packet = apart(packet)
    if (stored.packet !== packet) this.#context.pool.giveBack(packet)
  }

  #retain(stream: SenderStream, size: number): void {
    const retained = this.#retained.get(stream)
    if (retained) {
      retained.packets += 1
      retained.size += size
    } else this.#retained.set(stream, { packets: 1, size })
    this.#retainedSize += size
    while (this.#retainedSize > this.#context.limits.retainSize) this.#relieve()
  }

  /** Forgets what newer messages have taken the place of. */
  #release(now: number, stream: SenderStream): void {
    while (this.#retained.has(stream) && !retains(now, stream, stream.history.first)) {
      this.#drop(stream)
      this.#context.metrics.count('historyEvicted')
    }
  }

  /** Takes from whoever retains most: a topic with one small value keeps it. Questions go first. */
  #relieve(): void {
    let most: SenderStream | undefined
    let size = 0
    for (const [stream, retained] of this.#retained) {
      const asksOnly = stream.retain === 0
      if (most && (asksOnly === (most.retain === 0) ? retained.size <= size : !asksOnly)) continue
      most = stream
      size = retained.size
    }
    if (!most) return
    // Half of it at once, so that not every packet takes a look at every stream.
    const { retainSize } = this.#context.limits
    while (this.#retainedSize > retainSize || (this.#retained.get(most)?.size ?? 0) > size / 2) {
      if (!this.#retained.has(most)) return
      this.#drop(most)
      this.#context.metrics.count('retainEvicted')
    }
  }

  #drop(stream: SenderStream): void {
    const retained = this.#retained.get(stream)
    if (!retained) return
    const stored = stream.history.get(stream.history.first)
    const size = stream.history.forget()
    if (stored) this.#context.pool.giveBack(stored.packet)
    retained.packets -= 1
    retained.size -= size
    this.#retainedSize -= size
    if (retained.packets === 0) this.#retained.delete(stream)
  }
}

/** Whether a packet holds one of the messages that its topic retains, or a question that is open. */
function retains(now: number, stream: SenderStream, number: number): boolean {
  const stored = stream.history.get(number)
  if (!stored || stream.history.isBroken(stored)) return false
  const { expiresAt = Infinity } = stored
  if (expiresAt <= stream.askedUntil && !hasExpired(now, stored)) return true
  if (stream.retain === 0) return false
  // A part of a large message has the index of the next part.
  const behind = Math.max(stored.index + 1, stream.indexAt(number + 1))
  return behind > stream.index - stream.retain
}
