/** Puts the fragments of one large message together; they come in order, as stream packets do. */
import { type FragmentBody, headSizeOf, readAssembled, type Record } from '../wire/record.ts'

export type AssemblyStep =
  | { readonly type: 'more' }
  | { readonly type: 'done'; readonly record: Record }
  /** The fragment does not continue what is there, or the message is too large or malformed. */
  | { readonly type: 'broken' }

/**
 * What the unfinished messages of all streams hold together, in bytes. When it is too much, the one
 * that has rested longest gives way: whoever never finishes messages keeps nobody else's away.
 */
export class AssemblyPool {
  readonly #sizeMax: number
  readonly #evicted: () => void
  /** The one that has rested longest comes first. */
  readonly #holders = new Set<Assembly>()
  #size = 0

  /** `evicted` is told of each message that gave way. */
  constructor(sizeMax: number, evicted: () => void) {
    this.#sizeMax = sizeMax
    this.#evicted = evicted
  }

  /** Bytes held. */
  get size(): number {
    return this.#size
  }

  hold(holder: Assembly, size: number): void {
    this.#size += size
    this.#holders.delete(holder)
    this.#holders.add(holder)
    for (const other of this.#holders) {
      if (this.#size <= this.#sizeMax || other === holder) return
      other.reset()
      this.#evicted()
    }
  }

  free(holder: Assembly, size: number): void {
    this.#size -= size
    this.#holders.delete(holder)
  }
}

export class Assembly {
  readonly #sizeMax: number
  readonly #pool: AssemblyPool
  #index = -1
  #totalSize = 0
  /** Bytes of the record before its payload. */
  #headSize = 0
  /** Grows with what has come: the size that the first fragment claims is nobody's promise. */
  #bytes = EMPTY
  #size = 0

  /** `sizeMax`: largest message, bytes. */
  constructor(sizeMax: number, pool: AssemblyPool) {
    this.#sizeMax = sizeMax
    this.#pool = pool
  }

  /** Bytes of the unfinished message that have come. */
  get size(): number {
    return this.#size
  }

  add(fragment: FragmentBody): AssemblyStep {
    if (fragment.offset === 0) this.#begin(fragment)
    const { index, offset, totalSize, bytes } = fragment
    const continues = index === this.#index && offset === this.#size
    if (!continues || totalSize !== this.#totalSize || totalSize > this.#sizeMax + this.#headSize) {
      this.reset()
      return { type: 'broken' }
    }
    this.#reserve(this.#size + bytes.length)
    this.#bytes.set(bytes, this.#size)
    this.#size += bytes.length
    if (this.#size < totalSize) return { type: 'more' }
    const record = readAssembled(this.#bytes.subarray(0, this.#size))
    this.reset()
    return record ? { type: 'done', record } : { type: 'broken' }
  }

  /** Forgets a message that will not be completed. */
  reset(): void {
    if (this.#bytes.length > 0) this.#pool.free(this, this.#bytes.length)
    this.#index = -1
    this.#size = 0
    this.#bytes = EMPTY
  }

  #begin(fragment: FragmentBody): void {
    this.reset()
    this.#index = fragment.index
    this.#totalSize = fragment.totalSize
    this.#headSize = headSizeOf(fragment.bytes)
  }

  /** Doubles, so that a message is copied twice at most however many fragments it has. */
  #reserve(size: number): void {
    const before = this.#bytes
    const capacity = Math.min(this.#totalSize, Math.max(size, before.length * 2))
    if (size > before.length) {
      this.#bytes = new Uint8Array(capacity)
      this.#bytes.set(before)
    }
    this.#pool.hold(this, this.#bytes.length - before.length)
  }
}

const EMPTY = new Uint8Array(0)
