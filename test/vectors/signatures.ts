/**
 * Vectors of signatures at the edges of Ed25519, where libraries disagree: what every peer says.
 *
 * The classes are those of Chalkias, Garillot and Nikolaenko, "Taming the many EdDSAs" (SSR 2020);
 * the values are made here. A is the key, R and S the halves of the signature, B the base point, T a
 * point of order 8, k the hash, without a cofactor S B = R + k A.
 */
import { createHash } from 'node:crypto'
import { concat } from '../../bus/core/bytes.ts'
import { utf8 } from '../../bus/core/text.ts'
import {
  added,
  base,
  bytesOfPoint,
  littleBytes,
  littleNumber,
  ORDER,
  type Point,
  times,
  TORSION,
} from '../attack/curve.ts'

interface Edge {
  readonly about: string
  /** What every peer says. */
  readonly good: boolean
  /** What a library may say that multiplies by the cofactor, and looks at nothing else. */
  readonly cofactored: boolean
  readonly message: Uint8Array
  readonly key: Uint8Array
  readonly signature: Uint8Array
}

/** A point as a multiple of B and one of T. */
interface Mixed {
  readonly scalar: bigint
  readonly torsion: number
  /** Its bytes, where they are not the canonical ones. */
  readonly spelled?: Uint8Array
}

interface Wish extends Pick<Edge, 'about' | 'good' | 'cofactored'> {
  readonly key: Mixed
  readonly r: Mixed
  /** Whether the torsion of R + k A is to vanish: then the equation holds without a cofactor, too. */
  readonly exact: boolean
  /** Added to S. */
  readonly more?: bigint
}

const ordinary: Mixed = { scalar: 0x1234_5678_9abcn, torsion: 0 }
const nonce: Mixed = { scalar: 0xfedc_ba98_7654n, torsion: 0 }
const small: Mixed = { scalar: 0n, torsion: 1 }
const neutral: Mixed = { scalar: 0n, torsion: 0 }
const mixed: Mixed = { ...ordinary, torsion: 1 }
/** The neutral point with y = 2^255 - 18, and with the sign of an x that has none. */
const spelledHigh = concat(Uint8Array.of(0xee), new Uint8Array(30).fill(0xff), Uint8Array.of(0x7f))
const spelledSigned = concat(Uint8Array.of(1), new Uint8Array(30), Uint8Array.of(0x80))

const refused = { good: false, exact: true, cofactored: true } as const

const wishes: readonly Wish[] = [
  { about: 'ordinary', key: ordinary, r: nonce, good: true, exact: true, cofactored: true },
  { about: 'small A, small R, S = 0', key: small, r: { ...small, torsion: 3 }, ...refused },
  { about: 'neutral A and R, S = 0: good for every message', key: neutral, r: neutral, ...refused },
  { about: 'small A, ordinary R', key: small, r: nonce, ...refused },
  { about: 'small A, mixed R', key: small, r: { ...nonce, torsion: 5 }, ...refused },
  { about: 'neutral A, ordinary R', key: neutral, r: nonce, ...refused },
  { about: 'ordinary A, neutral R', key: ordinary, r: neutral, ...refused },
  { about: 'mixed A, small R', key: mixed, r: { ...small, torsion: 2 }, ...refused },
  {
    about: 'mixed A, mixed R, their torsion cancels out',
    key: mixed,
    r: { ...nonce, torsion: 3 },
    good: true,
    exact: true,
    cofactored: true,
  },
  {
    about: 'mixed A, ordinary R, k a multiple of 8',
    key: mixed,
    r: nonce,
    good: true,
    exact: true,
    cofactored: true,
  },
  {
    about: 'mixed A, mixed R, only with the cofactor',
    key: mixed,
    r: { ...nonce, torsion: 3 },
    good: false,
    exact: false,
    cofactored: true,
  },
  {
    about: 'mixed A, ordinary R, only with the cofactor',
    key: mixed,
    r: nonce,
    good: false,
    exact: false,
    cofactored: true,
  },
  {
    about: 'ordinary A, mixed R, only with the cofactor',
    key: ordinary,
    r: { ...nonce, torsion: 4 },
    good: false,
    exact: false,
    cofactored: true,
  },
  { about: 'S + L', key: ordinary, r: nonce, ...refused, more: ORDER },
  {
    about: 'S + 2 L, with no bit above 2^254',
    key: ordinary,
    r: nonce,
    ...refused,
    more: 2n * ORDER,
  },
  { about: 'S + 8 L, with the highest bit', key: ordinary, r: nonce, ...refused, more: 8n * ORDER },
  {
    about: 'A is spelled with y = 2^255 - 18',
    key: { ...neutral, spelled: spelledHigh },
    r: nonce,
    ...refused,
  },
  {
    about: 'A is spelled with a sign of x = 0',
    key: { ...neutral, spelled: spelledSigned },
    r: nonce,
    ...refused,
  },
  {
    about: 'R is spelled with y = 2^255 - 18',
    key: ordinary,
    r: { ...neutral, spelled: spelledHigh },
    ...refused,
  },
  {
    about: 'R is spelled with a sign of x = 0',
    key: ordinary,
    r: { ...neutral, spelled: spelledSigned },
    ...refused,
  },
]

export function signatureVectors(): { readonly about: string; readonly edges: readonly Edge[] } {
  const about = 'good: what every peer says; cofactored: what a lax library with cofactor says'
  return { about, edges: wishes.map(edgeOf) }
}

/** Tries messages until the torsion of R + k A vanishes, or does not, as is wished. */
function edgeOf({ key: a, r, more = 0n, ...wish }: Wish): Edge {
  const [key, head] = [bytesOf(a), bytesOf(r)]
  for (let i = 0; ; i++) {
    const message = utf8(`${wish.about} ${i}`)
    const hash = createHash('sha512')
      .update(concat(head, key, message))
      .digest()
    const k = littleNumber(hash) % ORDER
    const isExact = (BigInt(r.torsion) + k * BigInt(a.torsion)) % 8n === 0n
    if (isExact !== wish.exact) continue
    const s = ((r.scalar + k * a.scalar) % ORDER) + more
    const { about, good, cofactored } = wish
    return { about, good, cofactored, message, key, signature: concat(head, littleBytes(s)) }
  }
}

function bytesOf({ scalar, torsion, spelled }: Mixed): Uint8Array {
  return spelled ?? bytesOfPoint(pointOf(scalar, torsion))
}

function pointOf(scalar: bigint, torsion: number): Point {
  return added(times(base, scalar), TORSION[torsion]!)
}
