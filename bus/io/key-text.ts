/**
 * The text of a realm's key, as key files hold it.
 *
 * One line, `sixcast-key-1 ` and 43 base64url digits. In a realm with an owner the digits of the
 * owner's public key follow, and then the number of the epoch and the digits of its key.
 */
import { BusError } from '../api/errors.ts'
import { EPOCH_MAX } from '../core/wire/page.ts'
import { base64url, base64urlBytes } from './digits.ts'

const HEAD = 'sixcast-key-1 '
const KEY_SIZE = 32
/** Root, owner, epoch and its key. */
const KEY_DIGITS = /^([\w-]{43})(?: ([\w-]{43})(?: (\d{1,5}) ([\w-]{43}))?)?$/
export const LOCAL_REALM = 'local'

/** What a key file holds. */
export interface RealmKey {
  readonly root: Uint8Array
  /** The public key whose grants count; undefined: whoever has the root may do everything. */
  readonly owner: Uint8Array | undefined
  /** The newest epoch and its random key; undefined: epoch 0, whose key follows from the root. */
  readonly epoch?: number | undefined
  readonly epochKey?: Uint8Array | undefined
}

/** The text of a key file. */
export function keyText(
  root: Uint8Array,
  owner?: Uint8Array,
  { epoch, epochKey }: Pick<RealmKey, 'epoch' | 'epochKey'> = {},
): string {
  const words = (owner ? [root, owner] : [root]).map((key) => base64url(key))
  if (epochKey) words.push(String(epoch), base64url(epochKey))
  return `${HEAD}${words.join(' ')}\n`
}

/** Reads the text of a key file; `source` names it in errors. Throws INVALID_KEY. */
export function parseKey(text: string, source: string): RealmKey {
  const line = text.trim()
  const digits = line.startsWith(HEAD) ? line.slice(HEAD.length) : ''
  const [, ofRoot = '', ofOwner, number, ofEpoch] = KEY_DIGITS.exec(digits) ?? []
  const root = base64urlBytes(ofRoot)
  const epoch = Number(number)
  if (root.length === KEY_SIZE && ofOwner === undefined) return { root, owner: undefined }
  if (root.length === KEY_SIZE && ofEpoch === undefined)
    return { root, owner: base64urlBytes(ofOwner!) }
  if (root.length === KEY_SIZE && epoch >= 1 && epoch <= EPOCH_MAX) {
    return { root, owner: base64urlBytes(ofOwner!), epoch, epochKey: base64urlBytes(ofEpoch!) }
  }
  throw new BusError('INVALID_KEY', `${source} holds no sixcast key: ${keyMend(line)}`)
}

/** What to do about a text that is no key: it may be another thing that `sixcast` has made. */
function keyMend(line: string): string {
  const [, kind] = /^sixcast-(control|guest|identity|rights|invite|page)-\d/.exec(line) ?? []
  switch (kind) {
    case undefined:
      return `expected one line "${HEAD}" and 43 base64url digits; make one with: sixcast keygen`
    case 'control':
      return "it is a control key, which opens no message and is for relays alone; give the realm's key"
    case 'guest':
      return "it is a guest's key, which opens some topics and gives no other key; give the realm's key"
    case 'invite':
      return 'it is an invitation; accept it by: sixcast join'
    case 'rights':
      return "it is rights; give the realm's key"
    default:
      return `it is ${kind === 'page' ? 'a page of an epoch' : 'an identity'}; give the realm's key`
  }
}
