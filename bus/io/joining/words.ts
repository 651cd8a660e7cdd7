/**
 * What a newcomer and an inviter say to each other, as ordinary messages of their own realm.
 *
 * The newcomer signs its request with the identity that it wants to be known by, and names a key
 * of the moment; the answer is boxed to that key. So the answer is good for nobody else, and not
 * even for who learns the code later and has recorded everything.
 */
import nacl from 'tweetnacl'
import { isObject } from '../../api/rules.ts'
import { concat } from '../../core/bytes.ts'
import { utf8 } from '../../core/text.ts'
import { NAME_SIZE_MAX } from '../../core/wire/hello.ts'

export const REQUESTS = 'join/requests'
const LABEL = utf8('sixcast/1/join-request')
/** More than an invitation ever holds. */
const SEALED_LENGTH_MAX = 16_384

export interface JoinRequest {
  /** 64 hexadecimal digits. */
  readonly identity: string
  readonly name: string
  /** X25519, for this one answer. */
  readonly box: Uint8Array
  /** By the identity. */
  readonly signature: Uint8Array
}

/** Why nobody is let in: the code has been used, is too old, or is for another identity. */
export type JoinRefusal = 'used' | 'expired' | 'other'

export type JoinAnswer =
  | { readonly refused: JoinRefusal }
  | { readonly box: Uint8Array; readonly nonce: Uint8Array; readonly sealed: Uint8Array }

/** The topic of the answer: whoever asks listens there first. */
export function answerTopic(box: Uint8Array): string {
  return `join/answers/${text64(box)}`
}

/** What the newcomer signs. */
export function signedOf(
  room: Uint8Array,
  { name, box }: Pick<JoinRequest, 'name' | 'box'>,
): Uint8Array {
  return concat(LABEL, room, box, utf8(name))
}

export function requestValue({ identity, name, box, signature }: JoinRequest): object {
  return { version: 1, identity, name, box: text64(box), signature: text64(signature) }
}

/** Undefined when it is no request. */
export function requestOf(value: unknown): JoinRequest | undefined {
  if (!isObject(value) || value['version'] !== 1) return undefined
  const { identity, name } = value
  const box = bytes64(value['box'], 32)
  const signature = bytes64(value['signature'], 64)
  if (typeof identity !== 'string' || !/^[0-9a-f]{64}$/.test(identity)) return undefined
  if (typeof name !== 'string' || utf8(name).length > NAME_SIZE_MAX) return undefined
  return box && signature ? { identity, name, box, signature } : undefined
}

/** Seals what a newcomer gets to the key that it has named. */
export function answerValue(content: object, to: Uint8Array): object {
  const { publicKey, secretKey } = nacl.box.keyPair()
  const nonce = nacl.randomBytes(nacl.box.nonceLength)
  const sealed = nacl.box(utf8(JSON.stringify(content)), nonce, to, secretKey)
  return { version: 1, box: text64(publicKey), nonce: text64(nonce), sealed: text64(sealed) }
}

export function refusalValue(refused: JoinRefusal): object {
  return { version: 1, refused }
}

/** Undefined when it is no answer. */
export function answerOf(value: unknown): JoinAnswer | undefined {
  if (!isObject(value) || value['version'] !== 1) return undefined
  const { refused } = value
  if (refused === 'used' || refused === 'expired' || refused === 'other') return { refused }
  const box = bytes64(value['box'], 32)
  const nonce = bytes64(value['nonce'], nacl.box.nonceLength)
  const sealed = bytes64(value['sealed'])
  return box && nonce && sealed ? { box, nonce, sealed } : undefined
}

/** The content of an answer; undefined when it does not open. */
export function opened(
  { box, nonce, sealed }: Exclude<JoinAnswer, { refused: JoinRefusal }>,
  secretKey: Uint8Array,
): Uint8Array | undefined {
  return nacl.box.open(sealed, nonce, box, secretKey) ?? undefined
}

function text64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

function bytes64(value: unknown, size?: number): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length > SEALED_LENGTH_MAX) return undefined
  if (!/^[\w-]+$/.test(value)) return undefined
  const bytes = new Uint8Array(Buffer.from(value, 'base64url'))
  return size === undefined || bytes.length === size ? bytes : undefined
}
