/** Gathers control records by destination and sends them as few sealed control packets. */
import { concat } from '../bytes.ts'
import type { Endpoint } from '../output.ts'
import type { Context } from './context.ts'
import {
  type Bindings,
  CONTROL_HEAD_SIZE_MAX,
  type ControlRecord,
  ControlType,
  writeControlBody,
} from '../wire/control.ts'
import { Writer } from '../wire/cursor.ts'
import { BODY_OFFSET, Kind } from '../wire/packet.ts'

/** Control packets stay below the IPv6 minimum MTU whatever the stream's packets may be. */
const CONTROL_PACKET_SIZE = 1232
/** Entries of a list that surely fit one record. */
export const ENTRIES_MAX = 20

export class ControlOut {
  readonly #context: Context
  readonly #queues = new Map<string, { to: string | Endpoint; records: Uint8Array[] }>()
  #queued = 0
  #number = 0

  constructor(context: Context) {
    this.#context = context
  }

  /** The last control number used. */
  get number(): number {
    return this.#number
  }

  /** Bytes of records that one packet holds. */
  get room(): number {
    return CONTROL_PACKET_SIZE - BODY_OFFSET - this.#context.keys.overhead
  }

  add(to: string | Endpoint, record: Exclude<ControlRecord, Bindings>): void {
    this.addBody(to, ControlType[record.type], writeControlBody(record))
  }

  addBody(to: string | Endpoint, type: number, body: Uint8Array): void {
    if (this.#queued + body.length > this.#context.limits.controlSize) {
      this.#context.metrics.count('controlFull')
      return
    }
    const head = new Writer(CONTROL_HEAD_SIZE_MAX).uint8(type).varint(body.length)
    const record = concat(head.written, body)
    const name = typeof to === 'string' ? to : `${to.address} ${to.port}`
    const queue = this.#queues.get(name)
    if (queue) queue.records.push(record)
    else this.#queues.set(name, { to, records: [record] })
    this.#queued += record.length
  }

  /** Sends everything gathered. */
  flush(now: number): void {
    if (this.#queued === 0) return
    for (const { to, records } of this.#queues.values()) this.#send(now, to, records)
    this.#queues.clear()
    this.#queued = 0
  }

  #send(now: number, to: string | Endpoint, records: readonly Uint8Array[]): void {
    let body: Uint8Array[] = []
    let size = 0
    for (const record of records) {
      if (size > 0 && size + record.length > this.room) {
        this.#transmit(now, to, concat(...body))
        body = []
        size = 0
      }
      body.push(record)
      size += record.length
    }
    this.#transmit(now, to, concat(...body))
  }

  #transmit(now: number, to: string | Endpoint, body: Uint8Array): void {
    this.#number += 1
    if (to === this.#context.controlGroup) this.#context.backlog.sent(now, this.#number)
    const id = { kind: Kind.control, flags: 0, stream: 0, number: this.#number }
    const { controlKey, keys, sealer } = this.#context
    this.#context.transmit(to, sealer.seal(id, body, controlKey.of(keys)))
  }
}
