/** Bytes as base64url and hexadecimal digits, in every runtime. */

export function base64url(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** The bytes of base64url digits, which the caller has looked at; none where they are no digits. */
export function base64urlBytes(digits: string): Uint8Array {
  if (!/^[\w-]*$/.test(digits) || digits.length % 4 === 1) return new Uint8Array(0)
  const text = atob(digits.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

export function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}
