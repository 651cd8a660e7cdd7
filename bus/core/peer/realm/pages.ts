/**
 * Takes the pages that the realm's owner signs, one after the other, and opens the own box in them.
 *
 * The number of an epoch only goes up: an older page is stale, another one of the same number is a
 * fork. What is held is the newest page, for others who have slept.
 */
import { concat, hexOf, uint64Of } from '../../bytes.ts'
import { utf8 } from '../../text.ts'
import type { Context } from '../context.ts'
import { Revoked } from '../../revoked.ts'
import { readSecret } from '../../seal/epoch-secret.ts'
import type { EpochSecret } from '../../seal/keys.ts'
import {
  hashOfPart,
  joinPage,
  memberOf,
  type PageBody,
  PageFlag,
  type PageHead,
  partsOf,
  readPageBody,
  readPageHead,
  splitPage,
} from '../../wire/page.ts'

/** Opens what is signed for a page. */
export const PAGE_LABEL: Uint8Array = utf8('sixcast/1/epoch')

/** A newer epoch, whose key is known. */
export interface NewEpoch {
  readonly epoch: number
  readonly secret: EpochSecret
  /** Nothing of the epoch before is sealed or opened any more: somebody was removed. */
  readonly isAtOnce: boolean
}

/** What pages tell the peer. */
interface PageEvents {
  entered(now: number, epoch: NewEpoch): void
  /** The page of the epoch that is known already. */
  held(now: number): void
}

/** A head whose signature is good. */
export interface GoodHead {
  /** The first 8 bytes of the hash of what is signed. */
  readonly id: bigint
  readonly bytes: Uint8Array
  readonly head: PageHead
}

export interface HeldPage extends GoodHead {
  readonly parts: readonly Uint8Array[]
}

/** What a head is worth, by its number alone. */
type Worth = 'news' | 'own' | 'stale'

export class Pages {
  readonly #context: Context
  readonly #events: PageEvents
  #held: HeldPage | undefined
  /** The newest epoch that this peer was given no key of. */
  #refused = 0
  #forked = 0

  constructor(context: Context, events: PageEvents) {
    this.#context = context
    this.#events = events
  }

  /** The newest page. */
  get held(): HeldPage | undefined {
    return this.#held
  }

  /** The newest epoch that is known, be it without a key. */
  get newest(): number {
    return Math.max(this.#context.epochs.newest, this.#refused)
  }

  /** The id of a head that can be of use; what cannot is counted. Not verified. */
  weigh(bytes: Uint8Array): { readonly id: bigint; readonly worth: Worth } | undefined {
    const read = readPageHead(bytes)
    if (!read) {
      this.#context.reject('malformed')
      return undefined
    }
    const id = this.#idOf(read.signed)
    const { epoch } = read.head
    if (epoch > this.newest) return { id, worth: 'news' }
    const isSettled = epoch === this.#refused || epoch === this.#forked
    if (this.#held?.id === id || isSettled) return { id, worth: 'own' }
    if (epoch === this.newest) return { id, worth: 'news' }
    return { id, worth: 'stale' }
  }

  /** `then` runs with a head that the owner has signed. */
  verify(given: Uint8Array, then: (now: number, good: GoodHead) => void): void {
    const { owner } = this.#context.config.realm
    const bytes = given.slice()
    const read = readPageHead(bytes)
    if (!read || !owner) return
    const { head, signed, signature } = read
    const id = this.#idOf(signed)
    const proof = { identity: owner, signature, label: PAGE_LABEL, parts: [signed] }
    this.#context.verify(
      proof,
      (now) => {
        if (head.epoch < this.newest) return this.#context.reject('pageStale')
        if (head.epoch === this.#held?.head.epoch && id !== this.#held.id)
          return this.#fork(head.epoch)
        then(now, { id, bytes, head })
      },
      () => this.#context.reject('pageForged'),
    )
  }

  /** A page from the program, or from a file. */
  adopt(page: Uint8Array): void {
    const split = splitPage(page)
    if (!split) return this.#context.reject('malformed')
    this.verify(split.head, (now, good) => {
      const parts = partsOf(split.body)
      const { hashes, size } = good.head
      const whole = parts.length === hashes.length && split.body.length === size
      const fits = whole && parts.every((part, i) => this.isPart(good, i, part))
      if (!fits) return this.#context.reject('malformed')
      this.take(now, good, parts)
    })
  }

  /** Whether bytes are the part of a page that its head names. */
  isPart({ head }: GoodHead, index: number, part: Uint8Array): boolean {
    const hash = head.hashes[index]
    return hash !== undefined && hexOf(hashOfPart(this.#context.env.crypto, part)) === hexOf(hash)
  }

  /** All of a page is here. */
  take(now: number, good: GoodHead, parts: readonly Uint8Array[]): void {
    const { epoch, flags, boxKey } = good.head
    const body = readPageBody(concat(...parts))
    // The owner has signed it, so it is the owner's program that is wrong.
    if (!body) return this.#context.reject('malformed')
    if (this.#held && epoch <= this.#held.head.epoch) return
    const { epochs, self } = this.#context
    if (epoch <= epochs.newest) {
      if (epoch < epochs.newest) return
      this.#hold(now, { ...good, parts }, body)
      const page = joinPage(good.bytes, concat(...parts))
      this.#context.emit({ type: 'epoch', state: 'held', epoch, page })
      return this.#events.held(now)
    }
    if (new Revoked(this.#context.env.crypto, body).has(self.identity, this.#context.rights)) {
      return this.#refuse(epoch, 'revoked')
    }
    const box = this.#boxOf(body)
    if (!box) return this.#refuse(epoch, 'excluded')
    this.#context.unbox({ box, boxKey }, (at, opened) => {
      const secret = opened && readSecret(opened)
      if (epoch <= epochs.newest) return
      if (!opened || !secret || !this.#isEnough(secret)) return this.#refuse(epoch, 'excluded')
      this.#hold(at, { ...good, parts }, body)
      const page = joinPage(good.bytes, concat(...parts))
      this.#events.entered(at, { epoch, secret, isAtOnce: (flags & PageFlag.atOnce) !== 0 })
      this.#context.emit({ type: 'epoch', state: 'entered', epoch, page, secret: opened })
    })
  }

  #hold(now: number, page: HeldPage, body: PageBody): void {
    this.#held = page
    this.#context.revoked = new Revoked(this.#context.env.crypto, body)
    this.#context.timers.setBefore('housekeeping', now) // who is revoked has left
  }

  #boxOf({ boxes }: PageBody): Uint8Array | undefined {
    const { env, self } = this.#context
    const own = hexOf(memberOf(env.crypto, self.identity))
    return boxes.find(({ member }) => hexOf(member) === own)?.box
  }

  /** A guest that is given less than before has streams that it could not seal any more. */
  #isEnough(secret: EpochSecret): boolean {
    if ('key' in secret) return true
    const { topics } = this.#context.epochs.last.ring
    const given = secret.topics.map(({ prefix }) => prefix)
    return topics.every(({ prefix }) => {
      return given.some((one) => one === '' || `${prefix}/`.startsWith(`${one}/`))
    })
  }

  #refuse(epoch: number, state: 'revoked' | 'excluded'): void {
    if (epoch <= this.#refused) return
    this.#refused = epoch
    this.#context.lag.refuses(epoch)
    this.#context.emit({ type: 'epoch', state, epoch })
  }

  #fork(epoch: number): void {
    this.#context.reject('pageFork')
    if (this.#forked === epoch) return
    this.#forked = epoch
    this.#context.emit({ type: 'epoch', state: 'fork', epoch })
  }

  #idOf(signed: Uint8Array): bigint {
    return uint64Of(this.#context.env.crypto.hash(signed))
  }
}
