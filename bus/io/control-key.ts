/**
 * Control key files: what a relay is given of a realm's key.
 *
 * One line, `sixcast-control-1 `, the realm's name, its epoch, and 128 base64url digits: realm id,
 * address key and control key, 32 bytes each.
 */
import { BusError } from '../api/errors.ts'
import { isRealmName } from '../api/rules.ts'
import { concat } from '../core/bytes.ts'
import { KEY_SIZE, type ControlParts } from '../core/seal/control-keys.ts'
import { base64url, base64urlBytes } from './digits.ts'

const HEAD = 'sixcast-control-1'

/** The text of a control key file. */
export function controlKeyText({ name, epoch, id, address, control }: ControlParts): string {
  const digits = base64url(concat(id, address, control))
  return `${HEAD} ${name} ${epoch} ${digits}\n`
}

export function isControlKey(text: string): boolean {
  return text.trimStart().startsWith(`${HEAD} `)
}

/** Reads the text of a control key file; `source` names it in errors. Throws INVALID_KEY. */
export function parseControlKey(text: string, source: string): ControlParts {
  const [head, name = '', epoch = '', digits = '', ...rest] = text.trim().split(' ')
  const bytes = base64urlBytes(digits)
  const good =
    head === HEAD &&
    rest.length === 0 &&
    isRealmName(name) &&
    isEpoch(epoch) &&
    /^[\w-]{128}$/.test(digits)
  if (good) {
    return {
      name,
      open: false,
      epoch: Number(epoch),
      id: bytes.slice(0, KEY_SIZE),
      address: bytes.slice(KEY_SIZE, 2 * KEY_SIZE),
      control: bytes.slice(2 * KEY_SIZE),
    }
  }
  const mend = `expected one line "${HEAD} REALM EPOCH" and 128 base64url digits`
  throw new BusError(
    'INVALID_KEY',
    `${source} holds no control key: ${mend}; make one with: sixcast keygen --control`,
  )
}

/** Of the digits in a key file. */
export function isEpoch(digits: string): boolean {
  return /^\d{1,5}$/.test(digits) && Number(digits) <= 0xffff
}
