/** Who is let in: checks what a peer proves, and proves in return that the relay knows the key. */
import type { Env } from '../bus/core/env.ts'
import { SCOPES } from '../bus/core/path/group.ts'
import type { ControlKeys } from '../bus/core/seal/control-keys.ts'
import { LinkProof, sameMac } from '../bus/core/seal/link-proof.ts'
import { LINK_NONCE_SIZE, writeWelcome, writeWelcomeTerms } from '../bus/core/wire/link.ts'
import { strictVerifier } from '../bus/io/ed25519.ts'
import type { Closing } from './closing.ts'
import type { Judge } from './judge.ts'
import type { RelayKeys } from './keys.ts'
import { type Link, pingMs, type Proof } from './link.ts'
import type { RelaySettings } from './options.ts'
import type { Sessions } from './sessions.ts'
import type { LinkInfo, RelayOptions } from './types.ts'

export interface AdmissionOptions {
  readonly env: Env
  readonly keys: RelayKeys
  readonly settings: RelaySettings
  readonly admit: RelayOptions['admit']
  readonly datagramSize: number
  /** Of rights, in a realm with an owner. */
  readonly judge: Judge
  readonly infoOf: (link: Link) => LinkInfo
  /** The session that the link takes up, or a new one; undefined: there is no port for it. */
  readonly open: Sessions['open']
}

export class Admission {
  readonly #options: AdmissionOptions
  readonly #proofs = new WeakMap<ControlKeys, LinkProof>()
  readonly #verify = strictVerifier()
  #reviewedAt = -Infinity

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  /** What the next link has to answer. */
  nonce(): Uint8Array {
    return this.#options.env.random(LINK_NONCE_SIZE)
  }

  /** Welcomes the link or ends it. */
  async prove(link: Link, proof: Proof): Promise<void> {
    const fault = this.#fault(proof)
    if (fault) return link.end(fault)
    const good = this.#proofOf(link, proof)
    if (!good) return link.end('proof')
    // Views of the message, which is gone after the first wait.
    const [identity, mac] = [proof.identity.slice(), proof.mac.slice()]
    const { judge } = this.#options
    link.rights = judge.chainOf(link.chain, identity)
    if (judge.isOn && !link.rights) return link.end('rights')
    link.proved(identity)
    if (!(await this.#isAdmitted(link))) return link.end('admit')
    if (link.ended) return
    const { settings, datagramSize, open } = this.#options
    const opened = open(link, proof)
    if (!opened) return link.end('noPort')
    const { session, resumed } = opened
    const { port } = session
    const { limits } = settings
    const intervalMs = Math.ceil(pingMs(limits))
    const groups = limits.groupsPerLink
    const terms = writeWelcomeTerms({ port, intervalMs, groups, datagramSize, resumed })
    const welcome = writeWelcome(terms, good.relayMac(link.nonce, mac, terms))
    link.admit(session, { welcome, received: resumed ? proof.received : 0 })
  }

  /** A link shows other rights: they count if they are good, and else those of before do. */
  shown(link: Link, chain: Uint8Array): void {
    const { judge } = this.#options
    const rights = link.identity && judge.chainOf(chain, link.identity)
    if (rights) link.rights = rights
  }

  /** Called several times a second. */
  tick(now: number, links: Iterable<Link>): void {
    if (this.#options.keys.step(now)) this.#settle([...links])
    this.#review(now, links)
  }

  /** Ends the links whose rights count no more. */
  #review(now: number, links: Iterable<Link>): void {
    const { judge } = this.#options
    if (!judge.isOn || now - this.#reviewedAt < REVIEW_MS) return
    this.#reviewedAt = now
    for (const link of links) {
      // Nobody may have looked at them before the owner was known.
      if (link.identity) link.rights ??= judge.chainOf(link.chain, link.identity)
      if (!link.rights || !judge.counts(link.rights)) link.end('rights')
    }
  }

  /** The epochs of before count no more: ends the links of those who are in none other. */
  #settle(links: Iterable<Link>): void {
    const { judge } = this.#options
    const isCurrent = judge.settle()
    if (!judge.isOn) return
    for (const link of links) {
      if (link.identity && !isCurrent(link.identity)) link.end('proof')
    }
  }

  #fault(proof: Proof): Closing | undefined {
    const { keys, settings } = this.#options
    if (proof.hint !== keys.hint) return 'realm'
    if (proof.scope !== SCOPES[settings.scope]) return 'scope'
    return undefined
  }

  /** By the keys of which epoch the peer has proved itself, if it has. */
  #proofOf(link: Link, { claimed, mac, signature, identity }: Proof): LinkProof | undefined {
    const proofs = this.#options.keys.all.map((keys) => this.#linkProof(keys))
    const good = proofs.find((one) => sameMac(one.peerMac(link.nonce, claimed), mac))
    const statement = good?.statement(link.nonce, claimed)
    return statement && this.#verify(statement, signature, identity) ? good : undefined
  }

  #linkProof(keys: ControlKeys): LinkProof {
    const known = this.#proofs.get(keys)
    if (known) return known
    const proof = new LinkProof(this.#options.env.crypto, keys)
    this.#proofs.set(keys, proof)
    return proof
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
