/**
 * The hello: who an instance is, signed by its identity.
 *
 * It is the only packet whose key needs no earlier packet: it is sealed with the realm's control
 * key itself, so its stream and number are random (with the instance: 144 random bits of nonce).
 *
 *     uint8 flags | identity (32) | salt (16) | challenge (8) | varint control number
 *     varint interval, ms | varint unicast port | varint stream count | block name
 *     varint n, n x block tag "key=value" | varint n, n x asked instance (8)
 *     varint n, n x echoed challenge (8) | block rights | signature (64)
 *
 * The signature covers "sixcast/1/hello", the realm's id, the packet's header and the body before
 * the signature.
 */
import { Reader, Writer } from './cursor.ts'
import { RIGHTS_SIZE_MAX } from './grant.ts'

export const HelloFlag = {
  /** The instance says goodbye: nothing follows from it. */
  bye: 1,
  /** Everybody who hears this is asked for a hello. */
  askAll: 2,
  /** It comes by unicast in answer to one that came to the group: multicast reaches its sender. */
  alone: 4,
} as const

const IDENTITY_SIZE = 32
export const SALT_SIZE = 16
const CHALLENGE_SIZE = 8
export const SIGNATURE_SIZE = 64
/** Most challenges echoed, and most instances asked, in one hello. */
export const HELLO_LIST_MAX = 32
export const NAME_SIZE_MAX = 64
export const TAGS_MAX = 8
export const TAG_SIZE_MAX = 32

export interface Hello {
  readonly flags: number
  readonly identity: Uint8Array
  readonly salt: Uint8Array
  /** What the sender wants echoed, to see that a hello answers it. */
  readonly challenge: bigint
  /** The sender's control packets up to this number are past: only later ones count. */
  readonly controlNumber: number
  readonly intervalMs: number
  readonly port: number
  readonly streamCount: number
  readonly name: Uint8Array
  readonly tags: readonly Uint8Array[]
  readonly asked: readonly bigint[]
  readonly echoes: readonly bigint[]
  /** A chain of grants in a realm with an owner, else empty. */
  readonly rights: Uint8Array
}

/** A decoded hello with its signature and the part of the body that the signature covers. */
export interface SignedHello {
  readonly hello: Hello
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

/** Largest hello body: what the smallest packet of 1,232 bytes has room for when it is sealed. */
export const HELLO_SIZE_MAX = 1190

/** What every hello has, at its longest, without name, tags, lists and rights. */
const FIXED_SIZE = 1 + IDENTITY_SIZE + SALT_SIZE + CHALLENGE_SIZE + 4 * 8 + SIGNATURE_SIZE

/** How many asked instances and echoed challenges together fit beside the rest. */
export function listRoom(hello: Pick<Hello, 'name' | 'tags' | 'rights'>): number {
  const { name, tags, rights } = hello
  const blocks = [name, rights, ...tags].reduce((size, block) => size + 2 + block.length, 0)
  return Math.floor((HELLO_SIZE_MAX - FIXED_SIZE - blocks - 3) / 8)
}

/** The body without its signature. */
export function writeHello(hello: Hello): Uint8Array {
  const writer = new Writer(scratch)
  writer.uint8(hello.flags).put(hello.identity).put(hello.salt).uint64(hello.challenge)
  writer.varint(hello.controlNumber).varint(hello.intervalMs).varint(hello.port)
  writer.varint(hello.streamCount).block(hello.name)
  writer.varint(hello.tags.length)
  for (const tag of hello.tags) writer.block(tag)
  writeInstances(writer, hello.asked)
  writeInstances(writer, hello.echoes)
  return writer.block(hello.rights).written.slice()
}

export function readHello(body: Uint8Array): SignedHello | undefined {
  const reader = new Reader(body)
  const hello: Hello = {
    flags: reader.uint8(),
    identity: reader.take(IDENTITY_SIZE),
    salt: reader.take(SALT_SIZE),
    challenge: reader.uint64(),
    controlNumber: reader.varint(),
    intervalMs: reader.varint(),
    port: reader.varint(),
    streamCount: reader.varint(),
    name: reader.block(NAME_SIZE_MAX),
    tags: readTags(reader),
    asked: readInstances(reader),
    echoes: readInstances(reader),
    rights: reader.block(RIGHTS_SIZE_MAX),
  }
  const signed = body.subarray(0, reader.offset)
  const signature = reader.take(SIGNATURE_SIZE)
  if (reader.failed || reader.left > 0 || hello.port > 0xffff) return undefined
  return { hello, signed, signature }
}

function readTags(reader: Reader): Uint8Array[] {
  const count = reader.count(1)
  if (count > TAGS_MAX) reader.failed = true
  const tags: Uint8Array[] = []
  for (let i = 0; i < count && !reader.failed; i++) tags.push(reader.block(TAG_SIZE_MAX))
  return tags
}

function writeInstances(writer: Writer, instances: readonly bigint[]): void {
  writer.varint(instances.length)
  for (const instance of instances) writer.uint64(instance)
}

function readInstances(reader: Reader): bigint[] {
  const count = reader.count(8)
  if (count > HELLO_LIST_MAX) reader.failed = true
  const instances: bigint[] = []
  for (let i = 0; i < count && !reader.failed; i++) instances.push(reader.uint64())
  return instances
}

/** Most hellos are much shorter than the longest: a copy takes less than a buffer for each. */
const scratch = new Uint8Array(HELLO_SIZE_MAX)
