/** Puts the fragments of one large message together; they come in order, as stream packets do. */
import { concat } from '../bytes.ts'
import { type FragmentBody, readAssembled, type Record } from '../wire/record.ts'

export type AssemblyStep =
  | { readonly type: 'more' }
  | { readonly type: 'done'; readonly record: Record }
  /** The fragment does not continue what is there, or the message is too large or malformed. */
  | { readonly type: 'broken' }

export class Assembly {
  readonly #sizeMax: number
  #index = -1
  #size = 0
  #parts: Uint8Array[] = []

  /** `sizeMax`: largest message, bytes. */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  add(fragment: FragmentBody): AssemblyStep {
    if (fragment.offset === 0) this.#begin(fragment.index)
    const continues = fragment.index === this.#index && fragment.offset === this.#size
    if (!continues || fragment.totalSize > this.#sizeMax + 1) {
      this.reset()
      return { type: 'broken' }
    }
    this.#parts.push(fragment.bytes)
    this.#size += fragment.bytes.length
    if (this.#size < fragment.totalSize) return { type: 'more' }
    const record = readAssembled(concat(...this.#parts))
    this.reset()
    return record ? { type: 'done', record } : { type: 'broken' }
  }

  /** Forgets a message that will not be completed. */
  reset(): void {
    this.#index = -1
    this.#size = 0
    this.#parts = []
  }

  #begin(index: number): void {
    this.reset()
    this.#index = index
  }
}
