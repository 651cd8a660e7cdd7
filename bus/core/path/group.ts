/**
 * Where topics live: multicast addresses ff1S::/16 with 112 bits of keyed hash.
 *
 * The flags nibble 1 marks a transient address (RFC 4291 section 2.7); the low 32 bits are at
 * least 0x80000000, the range of dynamic group ids (RFC 3307 section 4.3).
 */
import { bytesOf64, concat } from '../bytes.ts'

/** Scope nibbles of RFC 7346. */
export const SCOPES = { host: 0x1, link: 0x2, site: 0x5, organisation: 0x8, global: 0xe } as const
export type ScopeName = keyof typeof SCOPES

/** Derives the 14 bytes of a group from a label; the realm's address key is inside. */
export type GroupHash = (label: Uint8Array) => Uint8Array

export class Groups {
  readonly #scope: ScopeName
  readonly #fold: number
  readonly #hash: GroupHash

  /** `fold` 0 gives every topic a group of its own, n folds all topics into n groups. */
  constructor(scope: ScopeName, fold: number, hash: GroupHash) {
    this.#scope = scope
    this.#fold = fold
    this.#hash = hash
  }

  /** The group where hellos, beacons and announcements go. */
  get control(): string {
    return this.#address(new Uint8Array([CONTROL]))
  }

  of(tag: bigint): string {
    const label = this.#fold > 0 ? tag % BigInt(this.#fold) : tag
    const kind = this.#fold > 0 ? FOLDED : TOPIC
    return this.#address(concat(new Uint8Array([kind]), bytesOf64(label)))
  }

  #address(label: Uint8Array): string {
    const bytes = this.#hash(label)
    const words = [0xff10 + SCOPES[this.#scope]]
    for (let i = 0; i < 14; i += 2) words.push(bytes[i]! * 0x100 + bytes[i + 1]!)
    words[6]! |= 0x8000
    return words.map((word) => word.toString(16)).join(':')
  }
}

const CONTROL = 0
const TOPIC = 1
const FOLDED = 2
