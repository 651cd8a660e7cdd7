/**
 * Codes by which somebody joins a realm over the bus: 128 random bits, as people can read them out.
 *
 *     7K3M-Q9TD-…     seven groups of four digits of Crockford's Base32, without regard to case
 *
 * The last twelve bits tell a slip of the pen. From the rest comes the key of a realm of its own, in
 * which the two meet: who does not know the code finds no group and opens no packet there. It is
 * too long to be tried, so no password protocol is needed.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { BusError } from '../../api/errors.ts'
import { utf8 } from '../../core/text.ts'

/** The name of the realm in which inviter and newcomer meet. */
export const ROOM = 'join'
const SECRET_SIZE = 16
const KEY_SIZE = 32
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const CODE_LENGTH = 28
const GROUP_LENGTH = 4
/** Digits too many or too few of a code that is written without dashes: no file is called so. */
const SLIPS = 3

export function newCode(): string {
  return codeOf(randomBytes(SECRET_SIZE))
}

export function codeOf(secret: Uint8Array): string {
  let bits = BigInt(`0x${Buffer.from(secret).toString('hex')}`)
  bits = (bits << 12n) | BigInt(checkOf(secret))
  const digits = Array.from({ length: CODE_LENGTH }, (_, i) => {
    return DIGITS[Number((bits >> BigInt(5 * (CODE_LENGTH - 1 - i))) & 31n)]
  })
  const groups = digits.join('').match(/.{4}/g) ?? []
  return groups.join('-')
}

/** Whether somebody meant a code, rightly written or not. */
export function looksLikeCode(text: string): boolean {
  const word = text.trim()
  if (/^[0-9a-z]+$/i.test(word)) return Math.abs(word.length - CODE_LENGTH) <= SLIPS
  if (/^[0-9A-Z]{4}([- ][0-9A-Z]{4}){1,8}$/.test(word)) return true
  return /^[0-9a-z]{2,6}([- ][0-9a-z]{2,6}){4,8}$/i.test(word)
}

/** The key of the realm of a code. Throws INVALID_KEY, without showing it. */
export function roomKeyOf(code: string): Uint8Array {
  const secret = secretOf(code)
  if (!secret) {
    const mend = `it has ${CODE_LENGTH / GROUP_LENGTH} groups of ${GROUP_LENGTH} letters and digits`
    throw new BusError('INVALID_KEY', `the code has a mistake in it: ${mend}; compare it`)
  }
  const mac = createHmac('sha512', secret).update(utf8('sixcast/1/join')).digest()
  return new Uint8Array(mac.subarray(0, KEY_SIZE))
}

function secretOf(code: string): Uint8Array | undefined {
  const plain = code
    .toUpperCase()
    .replaceAll(/[\s-]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1')
  if (plain.length !== CODE_LENGTH) return undefined
  let bits = 0n
  for (const digit of plain) {
    const value = DIGITS.indexOf(digit)
    if (value < 0) return undefined
    bits = (bits << 5n) | BigInt(value)
  }
  const hex = (bits >> 12n).toString(16).padStart(2 * SECRET_SIZE, '0')
  const secret = new Uint8Array(Buffer.from(hex, 'hex'))
  return checkOf(secret) === Number(bits & 0xfffn) ? secret : undefined
}

/** Twelve bits. */
function checkOf(secret: Uint8Array): number {
  const hash = createHash('sha512').update(utf8('sixcast/1/code')).update(secret).digest()
  return hash.readUInt16BE(0) >> 4
}
