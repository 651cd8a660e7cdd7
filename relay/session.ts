/**
 * What a peer has at a relay beyond one link: its private port, and the messages that it has not
 * said to have received, so that its next link can go on where this one broke.
 *
 * While there is no link, what would go down it is kept. What finds no room is dropped, as by a
 * full buffer: the oldest is kept, since the publishers still have the newest.
 */
import { Ring } from '../bus/core/ring.ts'
import { LinkOutbox, type Turns } from '../bus/io/link-outbox.ts'
import type { SocketWriter } from '../bus/io/link-socket.ts'

/** What a session has of its relay. */
export interface SessionHost {
  readonly turns: Turns
  /** Bytes that may wait for a link. */
  readonly room: () => number
  /** Bytes that may be kept of one session. */
  readonly share: () => number
}

export class Session implements SocketWriter {
  readonly port: number
  /** Nobody else can take it up. */
  readonly identity: Uint8Array
  /** The peer's name for it; 0: it ends with its link. */
  readonly id: bigint
  readonly outbox: LinkOutbox
  readonly #host: SessionHost
  readonly #kept = new Ring<Uint8Array>()
  #keptSize = 0
  /** Messages before the first that is kept. */
  #gone = 0
  #socket: SocketWriter | undefined
  /** What was kept is not all gone out yet: what comes behind it has room as well. */
  #draining = false

  constructor(
    { port, identity, id }: Pick<Session, 'port' | 'identity' | 'id'>,
    host: SessionHost,
  ) {
    this.port = port
    this.identity = identity
    this.id = id
    this.#host = host
    this.outbox = new LinkOutbox(this, () => this.#room(), host.turns)
  }

  /** Whether a peer that has received so many messages would miss none. */
  reaches(received: number): boolean {
    return received >= this.#gone && received <= this.#gone + this.#kept.size
  }

  /** There is a link: what its peer has not received goes out first. */
  attach(socket: SocketWriter, received: number): void {
    this.received(received)
    this.#socket = socket
    this.#draining = this.#kept.size > 0
    for (let place = 0; place < this.#kept.size; place++) {
      socket.send(this.#kept.at(place)!, nothing)
    }
  }

  /** There is none any more. */
  detach(): void {
    this.outbox.flush()
    this.#socket = undefined
  }

  /** The peer has received so many messages in all; false when it cannot have. */
  received(count: number): boolean {
    if (count > this.#gone + this.#kept.size) return false
    while (this.#gone < count) this.#forget()
    return true
  }

  get bufferedAmount(): number {
    return this.#socket ? this.#socket.bufferedAmount : this.#keptSize
  }

  send(message: Uint8Array, taken: () => void): void {
    if (this.id !== 0n) this.#keep(message)
    if (this.#socket) this.#socket.send(message, taken)
    else taken()
  }

  #room(): number {
    const { room, share } = this.#host
    // Some are small, and each costs something beside its bytes.
    if (!this.#socket) return (share() * 7) / 8
    if (this.#draining) this.#draining = this.#socket.bufferedAmount > room() / 2
    return this.#draining ? room() + share() : room()
  }

  #keep(message: Uint8Array): void {
    this.#kept.push(message)
    this.#keptSize += message.length + MESSAGE_COST
    const max = this.#host.share()
    // Whoever comes back from before that begins anew.
    while (this.#keptSize > max && this.#kept.size > 0) this.#forget()
  }

  #forget(): void {
    const message = this.#kept.shift()
    this.#keptSize -= message ? message.length + MESSAGE_COST : 0
    this.#gone += 1
  }
}

function nothing(): void {}

/** Of one message that is kept, however small, beside its bytes. */
const MESSAGE_COST = 128
