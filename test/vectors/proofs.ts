/** Vectors of proof: packets that are signed by themselves, and those that a checkpoint vouches for. */
import { Flag, Kind } from '../../bus/core/wire/packet.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { ProofOut } from '../../bus/core/stream/proof-out.ts'
import { utf8 } from '../../bus/core/text.ts'
import { writeFragmentPrefix, writePrefix, writeRecord } from '../../bus/core/wire/record.ts'
import { Writer } from '../../bus/core/wire/cursor.ts'
import { concat } from '../../bus/core/bytes.ts'
import { digestInput, LEAF_SIZE, LEAVES_MAX } from '../../bus/core/wire/signed.ts'
import { crypto } from '../unit/core/crypto.ts'
import { identity, openRealm, sealedRealm, sender, sign, statement, topic } from './samples.ts'
import type { RealmKeys } from '../../bus/core/seal/keys.ts'

const stream = 0x01020304
/** Numbers run on beyond 32 bits. */
const first = 2 ** 40
const sentAt = 1_700_000_000_000

interface Packet {
  readonly number: number
  readonly flags: number
  /** As it is sealed. */
  readonly body: Uint8Array
  readonly packet: Uint8Array
  readonly content: Uint8Array
  readonly digest: Uint8Array
  readonly leaf: Uint8Array
  /** Of a signed packet. */
  readonly statement?: Uint8Array
  readonly signature?: Uint8Array
}

export function proofVectors(): object {
  const about = 'identity signs; statement = "sixcast/1/packet" || realm id || digest'
  return {
    about,
    identity: identity.publicKey,
    secretKey: identity.secretKey,
    instance: sender.instance,
    topic,
    stream,
    sealed: ofRealm(sealedRealm),
    open: ofRealm(openRealm),
  }
}

function ofRealm(realm: RealmKeys): object {
  return {
    each: proven(realm, 'each', [whole(70, 'one'), part(71)]),
    // The first is signed by itself; those behind it are open until the checkpoint.
    checkpoint: proven(realm, 'checkpoint', [whole(70, 'one'), whole(71, 'two'), part(72)]),
  }
}

interface Content {
  readonly flags: number
  readonly content: Uint8Array
}

function whole(index: number, text: string): Content {
  const writer = new Writer(100)
  writePrefix(writer, index, sentAt)
  writeRecord(writer, 1, utf8(text))
  return { flags: 0, content: writer.written.slice() }
}

function part(index: number): Content {
  const writer = new Writer(100)
  writeFragmentPrefix(writer, { index, sentAt, totalSize: 99, offset: 7 })
  return { flags: Flag.fragment, content: concat(writer.written, utf8('part')) }
}

/** What a publisher sends of these contents, and the checkpoint behind them where there is one. */
function proven(
  realm: RealmKeys,
  rule: 'each' | 'checkpoint',
  contents: readonly Content[],
): readonly Packet[] {
  const sealer = new Sealer(crypto, realm, sender.instance)
  const key = realm.dataKeyOf(sender, topic)
  const packets: Packet[] = []
  let signed: Pick<Packet, 'digest' | 'statement' | 'signature'> | undefined
  let content = new Uint8Array(0)
  const digest = (flags: number, number: number, rest: Uint8Array): Uint8Array =>
    crypto.hash(digestInput({ instance: sender.instance, stream, number, flags }, rest))
  const out = new ProofOut({
    rule,
    leavesMax: LEAVES_MAX,
    sizeMax: Infinity,
    messagesMax: Infinity,
    overhead: realm.overhead,
    digest,
    seal: (flags, number, body) => {
      const packet = sealer.seal({ kind: Kind.data, flags, stream, number }, body, key)
      const proof = signed ?? { digest: digest(flags, number, body) }
      const leaf = proof.digest.slice(0, LEAF_SIZE)
      packets.push({ number, flags, content, body: body.slice(), ...proof, leaf, packet })
      return packet
    },
    sign: (of, then) => {
      const says = statement('sixcast/1/packet', realm, [of])
      signed = { digest: of, statement: says, signature: sign(says) }
      then(0, signed.signature!)
      signed = undefined
    },
    signed: () => undefined,
  })
  for (const [i, one] of contents.entries()) {
    content = new Uint8Array(one.content)
    out.seal(0, { number: first + i, flags: one.flags, body: content }, 1)
  }
  content = new Uint8Array(0)
  if (out.open > 0) out.checkpoint(0, first + contents.length)
  return packets
}
