/** The only source of chance of a simulation: sfc32, seeded, with independent forks by name. */

export class Random {
  readonly #words = new Uint32Array(4)

  constructor(seed: number, name = '') {
    const state = new Uint32Array([seed, seed / 0x100000000, hashOf(name)])
    // splitmix32 over each word, so that neighbouring seeds have nothing in common.
    for (let i = 0; i < 4; i++) this.#words[i] = mix(state[i % 3]! + Math.imul(i + 1, 0x9e3779b9))
    for (let i = 0; i < 15; i++) this.word()
  }

  /** 32 random bits. */
  word(): number {
    const words = this.#words
    const sum = (words[0]! + words[1]! + words[3]!) >>> 0
    words[3] = words[3]! + 1
    words[0] = words[1]! ^ (words[1]! >>> 9)
    words[1] = words[2]! + (words[2]! << 3)
    words[2] = ((words[2]! << 21) | (words[2]! >>> 11)) + sum
    return sum
  }

  /** In [0, 1). */
  unit(): number {
    return this.word() / 0x100000000
  }

  /** A real number in [low, high). */
  between(low: number, high: number): number {
    return low + this.unit() * (high - low)
  }

  /** A whole number from low to high, both inclusive. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  pick<T>(list: readonly T[]): T {
    // A caller's mistake when the list is empty.
    if (list.length === 0) throw new RangeError('nothing to pick from')
    return list[Math.floor(this.unit() * list.length)]!
  }

  /** The same entries in any order (Fisher and Yates). */
  shuffled<T>(list: readonly T[]): T[] {
    const all = [...list]
    for (let i = all.length - 1; i > 0; i--) {
      const j = this.integer(0, i)
      ;[all[i], all[j]] = [all[j]!, all[i]!]
    }
    return all
  }

  bytes(size: number): Uint8Array {
    const bytes = new Uint8Array(size)
    for (let i = 0; i < size; i += 4) {
      const word = this.word()
      for (let j = 0; j < 4 && i + j < size; j++) bytes[i + j] = word >>> (8 * j)
    }
    return bytes
  }

  /** Another stream of chance: what one part draws does not shift what another one does. */
  fork(name: string): Random {
    return new Random(this.word(), name)
  }
}

function mix(word: number): number {
  let mixed = word | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
