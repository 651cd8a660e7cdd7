/**
 * Opens the names of topics with a key that is given in the page, and that never leaves it.
 *
 * The relay has them as members sealed them. A name counts if it opens, and its tag is the topic's.
 */
import { RealmKeys } from '../../../bus/core/seal/keys.ts'
import { textOf } from '../../../bus/core/text.ts'
import { parseOpening, realmOptions } from '../../../bus/io/realm-keys.ts'
import { tweetnaclCrypto } from '../../../bus/io/tweetnacl.ts'
import type { ShownTopic } from '../shown.ts'

export class Names {
  readonly #keys: RealmKeys
  readonly #nameByTag = new Map<string, string>()

  /** `key`: the text of a key file; undefined: of an open realm. Throws INVALID_KEY. */
  constructor(realm: string, key: string | undefined) {
    const opening = key === undefined ? {} : parseOpening(key, { source: 'this', realm })
    this.#keys = new RealmKeys(tweetnaclCrypto, realmOptions(realm, opening))
  }

  /** Undefined: the key does not open it. */
  of({ tag, sealed }: Pick<ShownTopic, 'tag' | 'sealed'>): string | undefined {
    const known = this.#nameByTag.get(tag)
    if (known !== undefined || sealed === '') return known
    const bytes = Uint8Array.from(sealed.match(/../g) ?? [], (digits) => parseInt(digits, 16))
    const opened = this.#keys.openName(BigInt(`0x${tag}`), bytes)
    const name = opened && textOf(opened)
    if (name === undefined || this.#keys.tagOf(name) !== BigInt(`0x${tag}`)) return undefined
    if (this.#nameByTag.size >= NAMES_MAX) this.#nameByTag.clear()
    this.#nameByTag.set(tag, name)
    return name
  }

  /** Overwrites the keys. */
  forget(): void {
    this.#keys.wipe()
    this.#nameByTag.clear()
  }
}

const NAMES_MAX = 4096
