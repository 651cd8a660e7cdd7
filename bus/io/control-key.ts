/**
 * Control key files: what a relay is given of a realm's key.
 *
 * One line, `sixcast-control-1 `, the realm's name, its epoch, and 128 base64url digits: realm id,
 * address key and control key, 32 bytes each. In a realm with an owner the digits of the owner's
 * public key follow, by which a relay judges rights; files from before it did have none.
 */
import { BusError } from '../api/errors.ts'
import { isRealmName } from '../api/rules.ts'
import { concat } from '../core/bytes.ts'
import { KEY_SIZE, type ControlParts } from '../core/seal/control-keys.ts'
import { base64url, base64urlBytes } from './digits.ts'

const HEAD = 'sixcast-control-1'

/** What a control key file holds. */
export interface ControlKey {
  readonly parts: ControlParts
  /** The public key whose grants count; undefined: there is none, or the file is an old one. */
  readonly owner: Uint8Array | undefined
}

/** The text of a control key file. */
export function controlKeyText({ parts, owner }: ControlKey): string {
  const { name, epoch, id, address, control } = parts
  const words = [HEAD, name, epoch, base64url(concat(id, address, control))]
  return `${[...words, ...(owner ? [base64url(owner)] : [])].join(' ')}\n`
}

export function isControlKey(text: string): boolean {
  return text.trimStart().startsWith(`${HEAD} `)
}

/** Reads the text of a control key file; `source` names it in errors. Throws INVALID_KEY. */
export function parseControlKey(text: string, source: string): ControlKey {
  const [head, name = '', epoch = '', digits = '', owner, ...rest] = text.trim().split(' ')
  const bytes = base64urlBytes(digits)
  const good =
    head === HEAD &&
    rest.length === 0 &&
    isRealmName(name) &&
    isEpoch(epoch) &&
    /^[\w-]{128}$/.test(digits) &&
    /^([\w-]{43})?$/.test(owner ?? '')
  if (good) {
    const parts = {
      name,
      open: false,
      epoch: Number(epoch),
      id: bytes.slice(0, KEY_SIZE),
      address: bytes.slice(KEY_SIZE, 2 * KEY_SIZE),
      control: bytes.slice(2 * KEY_SIZE),
    }
    return { parts, owner: owner === undefined ? undefined : base64urlBytes(owner) }
  }
  const mend = `expected one line "${HEAD} REALM EPOCH", 128 base64url digits and the owner's 43`
  throw new BusError(
    'INVALID_KEY',
    `${source} holds no control key: ${mend}; make one with: sixcast keygen --control`,
  )
}

/** Of the digits in a key file. */
export function isEpoch(digits: string): boolean {
  return /^\d{1,5}$/.test(digits) && Number(digits) <= 0xffff
}
