/**
 * The gate of a realm with an owner: admits nobody without a valid chain of grants.
 *
 * Signatures of a chain are checked after that of the hello, one by one, and only when the chain
 * is not the one that the peer has shown before.
 */
import type { Context, Remote } from '../context.ts'
import { sameBytes } from '../../bytes.ts'
import { GRANT_LABEL, type Link, Rights } from '../../rights.ts'
import type { Hello } from '../../wire/hello.ts'

export class Gatekeeper {
  readonly #context: Context
  readonly #owner: Uint8Array | undefined

  constructor(context: Context) {
    this.#context = context
    this.#owner = context.config.realm.owner
  }

  /** Whether a known peer shows rights that it has not shown before. */
  isNews(hello: Hello, remote: Remote): boolean {
    const { rights } = remote
    return this.#owner !== undefined && !(rights && sameBytes(hello.rights, rights.bytes))
  }

  /** `then` runs if the realm lets the holder of a verified hello in, `refused` if it does not. */
  judge(
    now: number,
    { hello, remote }: { readonly hello: Hello; readonly remote: Remote | undefined },
    then: (now: number, rights?: Rights) => void,
    refused: () => void,
  ): void {
    if (!this.#owner) return then(now)
    const known = remote?.rights && !this.isNews(hello, remote) ? remote.rights : undefined
    if (known && !this.#isRevoked(hello.identity, known)) return then(now, known)
    const rights = Rights.read(hello.rights)
    const theirs = rights !== undefined && sameBytes(rights.holder, hello.identity)
    if (!theirs || !rights.isValid(this.#wall(now))) {
      this.#context.reject('denied')
      return refused()
    }
    if (this.#isRevoked(hello.identity, rights)) return refused()
    const links = rights.links(this.#owner)
    this.#verify(now, { links, good: (later) => then(later, rights), refused })
  }

  /** Peers whose rights have ended, or were revoked. */
  ended(now: number): Remote[] {
    if (!this.#owner) return []
    const wall = this.#wall(now)
    const { roster, revoked } = this.#context
    return [...roster].filter(({ rights, sender }) => {
      return revoked.has(sender.identity, rights) || (rights && !rights.isValid(wall))
    })
  }

  #isRevoked(identity: Uint8Array, rights: Rights): boolean {
    const isOut = this.#context.revoked.has(identity, rights)
    if (isOut) this.#context.reject('revoked')
    return isOut
  }

  #verify(
    now: number,
    chain: {
      readonly links: readonly Link[]
      readonly good: (now: number) => void
      readonly refused: () => void
    },
  ): void {
    const [link, ...links] = chain.links
    if (!link) return chain.good(now)
    const { issuer: identity, signed, signature } = link
    const proof = { identity, signature, label: GRANT_LABEL, parts: [signed] }
    this.#context.verify(proof, (later) => this.#verify(later, { ...chain, links }), chain.refused)
  }

  #wall(now: number): number {
    return now + this.#context.config.wallOffset
  }
}
