/**
 * What every message of the benchmark says of itself.
 *
 *     run (32)  number (32)  time of publishing (64, ms as a float)  filling
 *
 * The time is that of one clock of the machine, which all processes read.
 */

export const PAYLOAD_SIZE_MIN = 16

/** A ring of payloads: none is written anew before all subscribers have acknowledged it. */
export class Payloads {
  readonly #ring: readonly Buffer[]

  constructor(size: number, count: number) {
    this.#ring = Array.from({ length: count }, () => Buffer.alloc(size, 0x5a))
  }

  /** The payloads of messages `from` to `from + count - 1`; a run counts its messages from 0. */
  marked(run: number, from: number, count: number): Buffer[] {
    const some: Buffer[] = []
    // `Array.from` would take as long as the publishing that is measured.
    for (let number = from; number < from + count; number++) some.push(this.#marked(run, number))
    return some
  }

  #marked(run: number, number: number): Buffer {
    const payload = this.#ring[number % this.#ring.length]!
    payload.writeUInt32LE(run, 0)
    payload.writeUInt32LE(number, 4)
    return payload
  }
}

export function stamp(payload: Buffer): void {
  payload.writeDoubleLE(clockMs(), 8)
}

export function stampOf(payload: Uint8Array): number {
  return viewOf(payload).getFloat64(8, true)
}

export function runOf(payload: Uint8Array): number {
  return word(payload, 0)
}

export function numberOf(payload: Uint8Array): number {
  return word(payload, 4)
}

/** Since the machine started. */
export function clockMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}

/** Without a view, which would cost more than what is measured. */
function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! + bytes[at + 1]! * 0x100 + bytes[at + 2]! * 0x10000 + bytes[at + 3]! * 0x1000000
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
