/**
 * What leaves by a link: the records of a turn share messages, and what waits is bounded.
 *
 * A datagram that finds no room is dropped, as by a full socket buffer: waiting would
 * only make it late. Cost is by the write, so everything that one turn brings goes out together.
 */
import { concat } from '../core/bytes.ts'
import { LINK_MESSAGE_MAX } from '../core/wire/link.ts'
import type { SocketWriter } from './link-socket.ts'

/** When turns end, and what becomes of the records that one has brought. */
export interface Turns {
  end(then: () => void): void
  /** All of them in one message. */
  join(records: readonly Uint8Array[]): Uint8Array
}

export function joined(records: readonly Uint8Array[]): Uint8Array {
  return records.length === 1 ? records[0]! : concat(...records)
}

export class LinkOutbox {
  /** Messages and bytes handed to the socket. */
  messages = 0
  bytes = 0
  readonly #socket: SocketWriter
  /** Bytes that may wait. */
  readonly #room: () => number
  readonly #turns: Turns
  #records: Uint8Array[] = []
  #size = 0
  /** What finds room in this turn, in all. */
  #sizeMax = 0
  #pending = 0

  constructor(socket: SocketWriter, room: () => number, turns: Turns) {
    this.#socket = socket
    this.#room = room
    this.#turns = turns
  }

  /** Records not yet taken by the system. */
  get pending(): number {
    return this.#pending
  }

  /** Bytes that wait here and in the socket. */
  get waiting(): number {
    return this.#socket.bufferedAmount + this.#size
  }

  /** One datagram's record; false when there is no room for it. */
  offer(record: Uint8Array): boolean {
    if (this.#size === 0) this.#look()
    if (this.#size + record.length > this.#sizeMax) return false
    this.push(record)
    return true
  }

  /** What may not be dropped: few and small. */
  push(record: Uint8Array): void {
    if (this.#size + record.length > LINK_MESSAGE_MAX) this.flush()
    if (this.#size === 0) {
      this.#look()
      this.#turns.end(this.#turnEnds)
    }
    this.#records.push(record)
    this.#size += record.length
    this.#pending += 1
  }

  /** Hands over what has gathered. */
  flush(): void {
    const count = this.#records.length
    if (count === 0) return
    const message = this.#turns.join(this.#records)
    this.#records = []
    this.#size = 0
    this.messages += 1
    this.bytes += message.length
    this.#socket.send(message, () => {
      this.#pending -= count
    })
  }

  /** Nothing leaves before the turn ends, so once is enough. */
  #look(): void {
    this.#sizeMax = this.#room() - this.#socket.bufferedAmount
  }

  readonly #turnEnds = (): void => this.flush()
}
