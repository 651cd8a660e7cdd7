/** Whom the newest page of the realm has revoked: identities, and grants by their serials. */
import { hexOf } from './bytes.ts'
import type { Rights } from './rights.ts'
import { type Hashing, memberOf, type PageBody } from './wire/page.ts'

export class Revoked {
  readonly #crypto: Hashing
  readonly #members: ReadonlySet<string>
  readonly #serials: ReadonlySet<number>

  constructor(crypto: Hashing, body?: PageBody) {
    this.#crypto = crypto
    this.#members = new Set(body?.members.map(hexOf))
    this.#serials = new Set(body?.serials)
  }

  has(identity: Uint8Array, rights: Rights | undefined): boolean {
    if (this.#members.size > 0 && this.#members.has(hexOf(memberOf(this.#crypto, identity)))) {
      return true
    }
    return (
      this.#serials.size > 0 && (rights?.serials.some((one) => this.#serials.has(one)) ?? false)
    )
  }
}
