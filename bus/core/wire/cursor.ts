/**
 * Bounds-checked reading and writing of wire fields.
 *
 * A Reader never throws: the first read past the end marks it as failed and yields zeros, so a
 * decoder reads straight through and asks `failed` once at the end. A Writer works in a buffer of
 * fixed capacity; it throws only on the programmer's error of writing past it.
 */
import { VARINT_MAX, varintSize, writeUint32, writeVarint } from './varint.ts'

export class Reader {
  readonly bytes: Uint8Array
  offset: number
  readonly end: number
  failed = false
  /** Asked for once: that takes as long as making a view of it. */
  #buffer: ArrayBufferLike | undefined
  #base = 0

  constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  get left(): number {
    return this.end - this.offset
  }

  uint8(): number {
    if (this.#missing(1)) return 0
    return this.bytes[this.offset++]!
  }

  uint16(): number {
    return this.uint8() * 0x100 + this.uint8()
  }

  uint32(): number {
    return this.uint16() * 0x10000 + this.uint16()
  }

  uint48(): number {
    return this.uint16() * 0x100000000 + this.uint32()
  }

  uint64(): bigint {
    return (BigInt(this.uint32()) << 32n) | BigInt(this.uint32())
  }

  /** A varint; one beyond VARINT_MAX fails the reader. */
  varint(): number {
    if (this.#missing(1)) return 0
    const first = this.bytes[this.offset]!
    const size = 1 << (first >>> 6)
    if (this.#missing(size)) return 0
    let value = first & 0x3f
    for (let i = 1; i < size; i++) value = value * 0x100 + this.bytes[this.offset + i]!
    this.offset += size
    if (value > VARINT_MAX) this.failed = true
    return this.failed ? 0 : value
  }

  /** A view (no copy) of the next `size` bytes. */
  take(size: number): Uint8Array {
    if (this.#missing(size)) return EMPTY
    if (this.#buffer === undefined) {
      this.#buffer = this.bytes.buffer
      this.#base = this.bytes.byteOffset
    }
    const start = this.#base + this.offset
    this.offset += size
    return new Uint8Array(this.#buffer, start, size)
  }

  /** A varint length, then that many bytes; longer than `sizeMax` fails the reader. */
  block(sizeMax: number): Uint8Array {
    const size = this.varint()
    if (size > sizeMax) this.failed = true
    return this.failed ? EMPTY : this.take(size)
  }

  /** A varint count of entries that each take at least `sizeMin` bytes: bounded by what is left. */
  count(sizeMin: number): number {
    const count = this.varint()
    if (count * sizeMin > this.left) this.failed = true
    return this.failed ? 0 : count
  }

  #missing(size: number): boolean {
    if (this.failed || size < 0 || this.offset + size > this.end) this.failed = true
    return this.failed
  }
}

export class Writer {
  readonly bytes: Uint8Array
  offset: number

  constructor(capacity: number | Uint8Array, offset = 0) {
    this.bytes = typeof capacity === 'number' ? new Uint8Array(capacity) : capacity
    this.offset = offset
  }

  /** Bytes that can still be written. */
  get room(): number {
    return this.bytes.length - this.offset
  }

  /** What has been written so far, as a view. */
  get written(): Uint8Array {
    return this.bytes.subarray(0, this.offset)
  }

  uint8(value: number): this {
    this.#need(1)
    this.bytes[this.offset++] = value
    return this
  }

  uint16(value: number): this {
    return this.uint8(value >>> 8).uint8(value)
  }

  uint32(value: number): this {
    this.#need(4)
    this.offset = writeUint32(this.bytes, this.offset, value)
    return this
  }

  uint48(value: number): this {
    return this.uint16(Math.floor(value / 0x100000000)).uint32(value % 0x100000000)
  }

  uint64(value: bigint): this {
    return this.uint32(Number(value >> 32n)).uint32(Number(value & 0xffffffffn))
  }

  varint(value: number): this {
    this.#need(varintSize(value))
    this.offset = writeVarint(this.bytes, this.offset, value)
    return this
  }

  put(bytes: Uint8Array): this {
    this.#need(bytes.length)
    this.bytes.set(bytes, this.offset)
    this.offset += bytes.length
    return this
  }

  block(bytes: Uint8Array): this {
    return this.varint(bytes.length).put(bytes)
  }

  #need(size: number): void {
    if (size > this.room) throw new RangeError(`${size} bytes do not fit the ${this.room} left`)
  }
}

const EMPTY = new Uint8Array(0)
