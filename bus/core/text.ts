/** UTF-8 text, by the two globals that every runtime has; the only place that names them. */

declare const TextEncoder: new () => {
  encode(text: string): Uint8Array
  encodeInto(text: string, into: Uint8Array): { readonly written: number }
}
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean; ignoreBOM: boolean },
) => {
  decode(bytes: Uint8Array): string
}

const encoder = new TextEncoder()
const scratch = new Uint8Array(64 * 1024)
// `ignoreBOM` keeps a leading U+FEFF: payloads and topics come out as they went in.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** The same in a buffer that the next call uses again: for what is copied at once. */
export function utf8Scratch(text: string): Uint8Array {
  // A UTF-16 unit takes three bytes at most.
  if (text.length * 3 > scratch.length) return encoder.encode(text)
  return scratch.subarray(0, encoder.encodeInto(text, scratch).written)
}

/** The text, or `undefined` when the bytes are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** Sixteen hexadecimal digits of a 64-bit number. */
export function hex64(value: bigint): string {
  return value.toString(16).padStart(16, '0')
}
