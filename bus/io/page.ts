/**
 * Pages: made and signed for the realm's owner, and as text.
 *
 * One line, `sixcast-page-1 ` and base64url digits of head and body. What is in it is signed, and
 * secret boxes aside nothing of it is secret.
 */
import { BusError } from '../api/errors.ts'
import { concat } from '../core/bytes.ts'
import { PAGE_LABEL } from '../core/peer/realm/pages.ts'
import { writeSecret } from '../core/seal/epoch-secret.ts'
import type { EpochSecret } from '../core/seal/keys.ts'
import {
  hashOfPart,
  type Hashing,
  joinPage,
  memberOf,
  PAGE_BODY_SIZE_MAX,
  type PageHead,
  PageFlag,
  partsOf,
  readPageHead,
  splitPage,
  writePageBody,
  writePageHead,
} from '../core/wire/page.ts'
import { type BoxPair, newBoxPair, sealBox } from './boxes.ts'
import { base64url, base64urlBytes, hex } from './digits.ts'

const HEAD = 'sixcast-page-1 '
/** The largest page as text, and some. */
export const PAGE_TEXT_SIZE_MAX: number = 2 * PAGE_BODY_SIZE_MAX

export interface PageParts {
  /** That of the realm. */
  readonly id: Uint8Array
  readonly epoch: number
  readonly isAtOnce: boolean
  /** Who is given which secret, by identity. */
  readonly members: readonly { readonly identity: Uint8Array; readonly secret: EpochSecret }[]
  readonly revoked: {
    readonly identities: readonly Uint8Array[]
    readonly serials: readonly number[]
  }
  /** Seconds since 1970. */
  readonly madeAt: number
}

/**
 * The bytes of a page. Throws TOO_LARGE, INVALID_KEY when an identity is none, or INVALID_OPTION
 * when one is given twice: two texts in one box would give each other away.
 */
export function pageOf(
  parts: PageParts,
  by: {
    readonly crypto: Hashing
    readonly sign: (message: Uint8Array) => Uint8Array
    /** New ones, but in test vectors. */
    readonly pair?: BoxPair
  },
): Uint8Array {
  const { crypto, sign, pair = newBoxPair() } = by
  const nameOf = (identity: Uint8Array): Uint8Array => memberOf(crypto, identity)
  assertDifferent(parts.members.map(({ identity }) => hex(identity)))
  const body = writePageBody({
    members: parts.revoked.identities.map(nameOf),
    serials: parts.revoked.serials,
    boxes: parts.members.map(({ identity, secret }) => {
      return { member: nameOf(identity), box: sealBox(writeSecret(secret), identity, pair) }
    }),
  })
  if (body.length > PAGE_BODY_SIZE_MAX) {
    const fault = `a page for ${parts.members.length} members has ${body.length} bytes`
    throw new BusError('TOO_LARGE', `${fault} of at most ${PAGE_BODY_SIZE_MAX}: make two realms`)
  }
  const signed = writePageHead({
    epoch: parts.epoch,
    flags: parts.isAtOnce ? PageFlag.atOnce : 0,
    madeAt: parts.madeAt,
    boxKey: pair.publicKey,
    size: body.length,
    hashes: partsOf(body).map((part) => hashOfPart(crypto, part)),
  })
  return joinPage(concat(signed, sign(concat(PAGE_LABEL, parts.id, signed))), body)
}

/** Whether the body is the one that the head has been signed for. */
export function isBodyOf(crypto: Hashing, head: PageHead, body: Uint8Array): boolean {
  const hashes = partsOf(body).map((part) => hashOfPart(crypto, part))
  return body.length === head.size && hex(concat(...hashes)) === hex(concat(...head.hashes))
}

export function pageText(page: Uint8Array): string {
  return `${HEAD}${base64url(page)}\n`
}

/** Reads the text of a page; `source` names it in errors. Throws INVALID_KEY. */
export function parsePage(
  text: string,
  source: string,
): { readonly epoch: number; readonly page: Uint8Array } {
  const line = text.trim()
  const digits = line.startsWith(HEAD) ? line.slice(HEAD.length) : ''
  const page = /^[\w-]+$/.test(digits) ? base64urlBytes(digits) : undefined
  const split = page && splitPage(page)
  const read = split && readPageHead(split.head)
  if (page && read) return { epoch: read.head.epoch, page }
  const mend = `expected one line "${HEAD}" and base64url digits; the realm's owner makes it`
  throw new BusError('INVALID_KEY', `${source} holds no page of an epoch: ${mend}`)
}

function assertDifferent(identities: readonly string[]): void {
  const seen = new Set<string>()
  for (const identity of identities) {
    if (seen.has(identity)) {
      const mend = 'name each once, and for a guest all its topics'
      throw new BusError('INVALID_OPTION', `the member ${identity} is named twice: ${mend}`)
    }
    seen.add(identity)
  }
}
