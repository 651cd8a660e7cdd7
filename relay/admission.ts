/** Who is let in: checks what a peer proves, and proves in return that the relay knows the key. */
import type { Env } from '../bus/core/env.ts'
import { SCOPES } from '../bus/core/path/group.ts'
import type { ControlKeys } from '../bus/core/seal/control-keys.ts'
import { LinkProof, sameMac } from '../bus/core/seal/link-proof.ts'
import { LINK_NONCE_SIZE, writeWelcome, writeWelcomeTerms } from '../bus/core/wire/link.ts'
import { strictVerifier } from '../bus/io/ed25519.ts'
import type { Closing } from './closing.ts'
import type { Judge } from './judge.ts'
import { type Link, pingMs, type Proof } from './link.ts'
import type { RelaySettings } from './options.ts'
import type { LinkInfo, RelayOptions } from './types.ts'

export interface AdmissionOptions {
  readonly env: Env
  readonly keys: ControlKeys
  readonly settings: RelaySettings
  readonly admit: RelayOptions['admit']
  readonly datagramSize: number
  /** Of rights, in a realm with an owner. */
  readonly judge: Judge | undefined
  readonly infoOf: (link: Link) => LinkInfo
  /** A private port for the link; 0: there is none. */
  readonly open: (link: Link, wanted: number) => number
}

export class Admission {
  readonly #options: AdmissionOptions
  readonly #proof: LinkProof
  readonly #verify = strictVerifier()
  #reviewedAt = -Infinity

  constructor(options: AdmissionOptions) {
    this.#options = options
    this.#proof = new LinkProof(options.env.crypto, options.keys)
  }

  /** What the next link has to answer. */
  nonce(): Uint8Array {
    return this.#options.env.random(LINK_NONCE_SIZE)
  }

  /** Welcomes the link or ends it. */
  async prove(link: Link, proof: Proof): Promise<void> {
    const fault = this.#fault(link, proof)
    if (fault) return link.end(fault)
    // Views of the message, which is gone after the first wait.
    const [identity, mac] = [proof.identity.slice(), proof.mac.slice()]
    const { judge } = this.#options
    link.rights = judge?.chainOf(link.chain, identity)
    if (judge && !link.rights) return link.end('rights')
    link.proved(identity)
    if (!(await this.#isAdmitted(link))) return link.end('admit')
    if (link.ended) return
    const { settings, datagramSize, open } = this.#options
    const port = open(link, proof.port)
    if (port === 0) return link.end('noPort')
    const { limits } = settings
    const intervalMs = Math.ceil(pingMs(limits))
    const groups = limits.groupsPerLink
    const terms = writeWelcomeTerms({ port, intervalMs, groups, datagramSize })
    link.admit(port, writeWelcome(terms, this.#proof.relayMac(link.nonce, mac, terms)))
  }

  /** A link shows other rights: they count if they are good, and else those of before do. */
  shown(link: Link, chain: Uint8Array): void {
    const { judge } = this.#options
    const rights = link.identity && judge?.chainOf(chain, link.identity)
    if (rights) link.rights = rights
  }

  /** Ends the links whose rights count no more. */
  review(now: number, links: Iterable<Link>): void {
    const { judge } = this.#options
    if (!judge || now - this.#reviewedAt < REVIEW_MS) return
    this.#reviewedAt = now
    for (const link of links) {
      const { rights, identity } = link
      if (rights && identity && !judge.counts(rights, identity)) link.end('rights')
    }
  }

  #fault(link: Link, proof: Proof): Closing | undefined {
    const { keys, settings } = this.#options
    if (proof.hint !== keys.hint) return 'realm'
    if (proof.scope !== SCOPES[settings.scope]) return 'scope'
    if (!sameMac(this.#proof.peerMac(link.nonce, proof.claimed), proof.mac)) return 'proof'
    const statement = this.#proof.statement(link.nonce, proof.claimed)
    return this.#verify(statement, proof.signature, proof.identity) ? undefined : 'proof'
  }

  async #isAdmitted(link: Link): Promise<boolean> {
    const { admit, infoOf } = this.#options
    if (!admit) return true
    try {
      return await admit(infoOf(link))
    } catch {
      return false // a policy that fails lets nobody in
    }
  }
}

/** Rights end by the second. */
const REVIEW_MS = 1000
