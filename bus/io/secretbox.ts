/** NaCl secretbox by sodium-native, where it loads: the same bytes as tweetnacl makes, and quicker. */
import nacl from 'tweetnacl'
import { sameBytes } from '../core/bytes.ts'
import { type Secretbox, tweetnaclBox } from './tweetnacl.ts'

const { keyLength, nonceLength, overheadLength } = nacl.secretbox

/** Of the package, what is called. */
export interface Sodium {
  readonly crypto_secretbox_easy: (
    out: Uint8Array,
    message: Uint8Array,
    nonce: Uint8Array,
    key: Uint8Array,
  ) => unknown
  readonly crypto_secretbox_open_easy: (
    out: Uint8Array,
    box: Uint8Array,
    nonce: Uint8Array,
    key: Uint8Array,
  ) => boolean
}

/** sodium-native's, or `undefined` where it is not installed or does not load. */
export async function sodiumBox(): Promise<Secretbox | undefined> {
  // The functions themselves: the checks that the package makes in JavaScript before each call take
  // as long as one call in C for many packets would save.
  return (await load('sodium-native/binding.js')) ?? load('sodium-native')
}

async function load(name: string): Promise<Secretbox | undefined> {
  try {
    // The package ships no types, and may be absent: it is optional.
    const { default: sodium } = (await import(name)) as { default: Sodium }
    return boxOf(sodium)
  } catch {
    return undefined
  }
}

/**
 * What another version of the package has under these names is not taken on trust: `undefined` where
 * it seals or opens otherwise than tweetnacl does.
 */
export function boxOf(sodium: Sodium): Secretbox | undefined {
  const box = checked(sodium)
  const [nonce, key] = [new Uint8Array(nonceLength).fill(4), new Uint8Array(keyLength).fill(5)]
  const [one, other] = [new Uint8Array(SAMPLE_BOX_SIZE), new Uint8Array(SAMPLE_BOX_SIZE)]
  box.seal(one, SAMPLE, nonce, key)
  tweetnaclBox.seal(other, SAMPLE, nonce, key)
  const [opened, untouched] = [new Uint8Array(SAMPLE.length), new Uint8Array(SAMPLE.length)]
  const opens = box.open(opened, other, nonce, key)
  other[0]! ^= 1
  const refuses = !box.open(untouched, other, nonce, key)
  other[0]! ^= 1
  const isRight =
    sameBytes(one, other) && sameBytes(opened, SAMPLE) && untouched.every((byte) => byte === 0)
  return opens && refuses && isRight ? box : undefined
}

/** Its checks are made here: in C bytes would be read beyond their ends, or the process would end. */
function checked(sodium: Sodium): Secretbox {
  const { crypto_secretbox_easy: seal, crypto_secretbox_open_easy: open } = sodium
  return {
    seal(out, message, nonce, key) {
      assertSizes(message.length, out.length, { nonce, key })
      seal(out, message, nonce, key)
    },
    open(out, box, nonce, key) {
      assertSizes(out.length, box.length, { nonce, key })
      return open(out, box, nonce, key)
    },
  }
}

function assertSizes(
  message: number,
  box: number,
  by: { readonly nonce: Uint8Array; readonly key: Uint8Array },
): void {
  const [nonce, key] = [by.nonce.length, by.key.length]
  if (box === message + overheadLength && nonce === nonceLength && key === keyLength) return
  const given = `a message of ${message} bytes, a box of ${box}, a nonce of ${nonce}, a key of ${key}`
  throw new RangeError(
    `${given}: a box has ${overheadLength} more than its message, the others ${nonceLength} and ${keyLength}`,
  )
}

const SAMPLE = Uint8Array.of(1, 2, 3)
const SAMPLE_BOX_SIZE = SAMPLE.length + overheadLength
