/** Payloads to datagrams and back: framed and sealed as the channel's options say. */
import { getRandomValues } from 'node:crypto'
import { BusError } from '../api/errors.ts'
import {
  HEADER_SIZE,
  OPERATIONS,
  decodeFrame,
  encodeFrame,
  type FrameFault,
  type LibrecastHeader,
  type LibrecastOperation,
} from './frame.ts'
import type { ChannelSettings } from './options.ts'
import { SEAL_SIZE, openDatagram, sealDatagram } from './seal.ts'

/** `unopened`: not sealed with the channel's key. The others: not a frame on a framed channel. */
export type LibrecastFault = FrameFault | 'unopened'

export interface Opened {
  readonly payload: Uint8Array
  /** Present on a framed channel. */
  readonly header: LibrecastHeader | undefined
}

type Form = Pick<ChannelSettings, 'framed' | 'key' | 'datagramSize'>

/** Total: any bytes give a message or the reason why not. */
export function decodeDatagram(bytes: Uint8Array, { framed, key }: Form): Opened | LibrecastFault {
  const plain = key ? openDatagram(bytes, key) : bytes
  if (!plain) return 'unopened'
  return framed ? decodeFrame(plain) : { header: undefined, payload: plain }
}

/** Makes the datagrams of one sender, which numbers its frames from 1. */
export class DatagramEncoder {
  readonly #form: Form
  #sequence = 0n

  constructor(form: Form) {
    this.#form = form
  }

  /** Copies the payload. Throws INVALID_VALUE, INVALID_OPTION or TOO_LARGE. */
  encode(payload: Uint8Array, operation?: LibrecastOperation): Uint8Array {
    const { framed, key } = this.#form
    this.#check(payload, operation)
    const plain = framed ? this.#frame(payload, operation ?? 'data') : Uint8Array.from(payload)
    return key ? sealDatagram(plain, key) : plain
  }

  #check(payload: Uint8Array, operation?: LibrecastOperation): void {
    const { framed, key, datagramSize } = this.#form
    if (!(payload instanceof Uint8Array)) {
      throw new BusError('INVALID_VALUE', `payload is ${typeof payload}: give a Uint8Array`)
    }
    if (operation !== undefined && !(framed && OPERATIONS.includes(operation))) {
      const mend = framed ? `use one of ${OPERATIONS.join(', ')}` : `open it with 'framed: true'`
      throw new BusError('INVALID_OPTION', `operation '${operation}' cannot be sent: ${mend}`)
    }
    const room = datagramSize - (framed ? HEADER_SIZE : 0) - (key ? SEAL_SIZE : 0)
    if (payload.length > room) {
      throw new BusError(
        'TOO_LARGE',
        `payload of ${payload.length} bytes: at most ${room}, or raise 'datagramSize'`,
      )
    }
  }

  #frame(payload: Uint8Array, operation: LibrecastOperation): Uint8Array {
    this.#sequence += 1n
    const timestamp = BigInt(Date.now()) * 1_000_000n
    const random = getRandomValues(new BigUint64Array(1))[0] ?? 0n
    const header = { timestamp, sequence: this.#sequence, random, operation }
    return encodeFrame({ header, payload })
  }
}
