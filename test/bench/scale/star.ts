/**
 * A network in the shape of a star: the measured process in the middle, which all others hear and
 * are heard by, while they do not hear each other.
 *
 * A thousand processes on one segment would each hear all others; here one machine is all of them.
 */
import type { Endpoint } from '../../../bus/core/output.ts'
import type { Transport, TransportListener } from '../../../bus/io/transport.ts'

export class Star {
  readonly #toMiddle: (datagram: Uint8Array, from: Endpoint) => void
  readonly #tips = new Map<number, Tip>()
  readonly #tipsByGroup = new Map<string, Set<Tip>>()
  readonly #groupsOfMiddle = new Set<string>()

  constructor(toMiddle: (datagram: Uint8Array, from: Endpoint) => void) {
    this.#toMiddle = toMiddle
  }

  /** A process more. */
  transport(): Tip {
    const tip = new Tip(this, MIDDLE.port + 1 + this.#tips.size)
    this.#tips.set(tip.port, tip)
    return tip
  }

  /** The middle joins or leaves. */
  joinMiddle(group: string): void {
    this.#groupsOfMiddle.add(group)
  }

  leaveMiddle(group: string): void {
    this.#groupsOfMiddle.delete(group)
  }

  /** The middle sends to a group, or to one process by its port. */
  carry(to: string | number, datagram: Uint8Array, deaf: (port: number) => boolean): void {
    const one = typeof to === 'number' ? this.#tips.get(to) : undefined
    one?.hear(datagram)
    for (const tip of (typeof to === 'string' && this.#tipsByGroup.get(to)) || []) {
      // A copy each: nobody may see what another does with its bytes.
      if (!deaf(tip.port)) tip.hear(new Uint8Array(datagram))
    }
  }

  join(tip: Tip, group: string): void {
    const tips = this.#tipsByGroup.get(group) ?? new Set()
    this.#tipsByGroup.set(group, tips.add(tip))
  }

  leave(tip: Tip, group: string): void {
    this.#tipsByGroup.get(group)?.delete(tip)
  }

  send({ port }: Tip, to: string | Endpoint, datagram: Uint8Array): void {
    const heard = typeof to === 'string' ? this.#groupsOfMiddle.has(to) : to.port === MIDDLE.port
    if (heard) this.#toMiddle(datagram, { address: MIDDLE.address, port })
  }
}

class Tip implements Transport {
  readonly datagramSize: number = 1232
  readonly port: number
  readonly pending: number = 0
  readonly #star: Star
  #listener: TransportListener | undefined

  constructor(star: Star, port: number) {
    this.#star = star
    this.port = port
  }

  async open(listener: TransportListener): Promise<void> {
    this.#listener = listener
  }

  join(group: string): void {
    this.#star.join(this, group)
  }

  leave(group: string): void {
    this.#star.leave(this, group)
  }

  rejoin(): void {}

  send(to: string | Endpoint, datagram: Uint8Array): void {
    this.#star.send(this, to, datagram)
  }

  async close(): Promise<void> {
    this.#listener = undefined
  }

  hear(datagram: Uint8Array): void {
    this.#listener?.datagram(datagram, { ...MIDDLE })
  }
}

/** The measured process, as the others see it. */
export const MIDDLE: Endpoint = { address: 'star', port: 1 }
