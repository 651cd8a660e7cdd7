/** Names of files that come from others: what may become a name in the receiver's folder. */
import { hasControl, shown } from '../../api/rules.ts'
import { utf8 } from '../../core/text.ts'

/** Why a file may not have this name, as a sentence, or undefined when it may. */
export function nameFault(
  name: string,
  windows: boolean = process.platform === 'win32',
): string | undefined {
  const fault = faultOf(name, windows)
  return fault && `the name ${shown(name)} ${fault}`
}

function faultOf(name: string, windows: boolean): string | undefined {
  if (name === '') return 'is empty'
  if (/[/\\]/.test(name)) return 'has a separator'
  if (hasControl(name)) return 'has control characters'
  if (BIDI.test(name)) return 'has characters that turn text around'
  if (!name.isWellFormed()) return 'is not Unicode'
  if (name.startsWith('.')) return 'begins with a dot, which hides it'
  if (/[. ]$/.test(name)) return 'ends with a dot or a space'
  if (DEVICE.test(name)) return 'is that of a device'
  if (OWN.test(name)) return 'is that of an unfinished file'
  if (windows && /[<>:"|?*]/.test(name)) return 'has characters that this system does not allow'
  if (utf8(name).length > NAME_SIZE_MAX) return `is longer than ${NAME_SIZE_MAX} bytes`
  return undefined
}

/** What a file is called while it is incomplete; never longer than a name may be. */
export function partName(name: string, file: string): string {
  let head = ''
  for (const letter of name) {
    if (utf8(head + letter).length > HEAD_SIZE_MAX) break
    head += letter
  }
  return `${head}.${file.slice(0, 16)}.part`
}

export const JOURNAL = '.journal'

/** What file systems allow. */
const NAME_SIZE_MAX = 255
/** Leaves room for the endings. */
const HEAD_SIZE_MAX = 200
/** They make `exe.txt` of `txt.exe`. */
const BIDI = /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/
/** Devices of Windows, with any ending. */
const DEVICE = /^(con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$)(\..*)?$/i
const OWN = /\.[0-9a-f]{16}\.part(\.journal)?$/i
