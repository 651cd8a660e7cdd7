/** IPv6 addresses as text and as 16 bytes; the text may end in a zone, which is a number here. */

export const ADDRESS_SIZE = 16

/** The eight words, none left out: one text for each address. */
export function addressText(bytes: Uint8Array): string {
  const words: string[] = []
  for (let at = 0; at < ADDRESS_SIZE; at += 2) {
    words.push((bytes[at]! * 0x100 + bytes[at + 1]!).toString(16))
  }
  return words.join(':')
}

/** `undefined` when the text is no IPv6 address, or ends in a zone. */
export function addressBytes(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const left = WORDS - head.length - tail.length
  if (halves.length === 2 ? left < 1 : left !== 0) return undefined
  const words = [...head, ...Array.from({ length: left }, () => '0'), ...tail]
  if (!words.every((word) => /^[\da-f]{1,4}$/i.test(word))) return undefined
  const bytes = new Uint8Array(ADDRESS_SIZE)
  for (const [at, word] of words.entries()) {
    const value = Number.parseInt(word, 16)
    bytes[at * 2] = value >>> 8
    bytes[at * 2 + 1] = value
  }
  return bytes
}

/** Whether no router passes on what goes there: link-local addresses, and this host's own. */
export function isOnLink(text: string): boolean {
  return /^fe[89ab][\da-f]:/i.test(text) || text === '::1'
}

const WORDS = 8
