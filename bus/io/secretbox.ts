/** NaCl secretbox by sodium-native, where it loads: the same bytes as tweetnacl makes, and quicker. */
import { type Secretbox, tweetnaclBox } from './tweetnacl.ts'

interface Sodium {
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
  // The functions themselves: the eight checks that the package makes before each call of one take
  // as long as the call, and are made here.
  return (await load('sodium-native/binding.js')) ?? load('sodium-native')
}

/** What another version of the package may have under this name is not taken on trust. */
async function load(name: string): Promise<Secretbox | undefined> {
  try {
    // The package ships no types, and may be absent: it is optional.
    const { default: sodium } = (await import(name)) as { default: Sodium }
    const box = checked(sodium)
    return sealsAlike(box) ? box : undefined
  } catch {
    return undefined
  }
}

function checked({
  crypto_secretbox_easy: seal,
  crypto_secretbox_open_easy: open,
}: Sodium): Secretbox {
  return {
    seal(out, message, nonce, key) {
      assertSizes(message.length, out.length, nonce.length, key.length)
      seal(out, message, nonce, key)
    },
    open(out, box, nonce, key) {
      assertSizes(out.length, box.length, nonce.length, key.length)
      return open(out, box, nonce, key)
    },
  }
}

/** In C they would be read beyond their ends, or the process would end. */
function assertSizes(message: number, box: number, nonce: number, key: number): void {
  if (box === message + MAC_SIZE && nonce === NONCE_SIZE && key === KEY_SIZE) return
  const given = `a message of ${message} bytes, a box of ${box}, a nonce of ${nonce}, a key of ${key}`
  throw new RangeError(
    `${given}: the box has ${MAC_SIZE} more than the message, the others 24 and 32`,
  )
}

function sealsAlike(box: Secretbox): boolean {
  const message = Uint8Array.of(1, 2, 3)
  const [nonce, key] = [new Uint8Array(NONCE_SIZE).fill(4), new Uint8Array(KEY_SIZE).fill(5)]
  const [one, other] = [new Uint8Array(SAMPLE_SIZE), new Uint8Array(SAMPLE_SIZE)]
  box.seal(one, message, nonce, key)
  tweetnaclBox.seal(other, message, nonce, key)
  const opened = new Uint8Array(message.length)
  const opens = box.open(opened, one, nonce, key)
  one[0]! ^= 1
  const refuses = !box.open(opened, one, nonce, key)
  one[0]! ^= 1
  return opens && refuses && one.every((byte, at) => byte === other[at])
}

const MAC_SIZE = 16
const NONCE_SIZE = 24
const KEY_SIZE = 32
const SAMPLE_SIZE = 3 + MAC_SIZE
