/** Vectors of a realm with an owner: its keys, chains of grants, and a hello that shows one. */
import nacl from 'tweetnacl'
import { concat } from '../../bus/core/bytes.ts'
import { Rights } from '../../bus/core/rights.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { utf8 } from '../../bus/core/text.ts'
import type { ActionName, Grant } from '../../bus/core/wire/grant.ts'
import { writeHello } from '../../bus/core/wire/hello.ts'
import { Kind } from '../../bus/core/wire/packet.ts'
import { signerOf } from '../../bus/io/ed25519.ts'
import { counting, crypto } from '../unit/core/crypto.ts'
import { grantOn, rightsBytes, type Sign } from '../unit/core/granting.ts'
import { identity, realmName, root, sender, sign, statement } from './samples.ts'

const [owner, middle] = [counting(32, 0x10), counting(32, 0x20)].map((secretKey) => {
  const { publicKey } = nacl.sign.keyPair.fromSeed(secretKey)
  return { secretKey, publicKey, sign: signerOf({ publicKey, secretKey }) }
}) as [Pair, Pair]

interface Pair {
  readonly publicKey: Uint8Array
  readonly secretKey: Uint8Array
  readonly sign: Sign
}

const realm = new RealmKeys(crypto, { name: realmName, root, owner: owner.publicKey })
const times = { notBefore: 1_750_000_000, notAfter: 1_850_000_000 }
const direct: Grant = {
  ...grantOn(identity.publicKey, { publish: ['hall/3/**'], subscribe: ['hall/**', 'door'] }),
  serial: 0x0102030405,
  ...times,
}
const handedOn: Grant = {
  ...grantOn(middle.publicKey, { publish: ['hall/**'], subscribe: ['**'] }),
  depth: 1,
  serial: 7,
  ...times,
}
const chains = [
  rightsBytes(realm.id, { grant: direct, sign: owner.sign }),
  rightsBytes(
    realm.id,
    { grant: handedOn, sign: owner.sign },
    { grant: { ...direct, serial: 8 }, sign: middle.sign },
  ),
]
const asked: readonly [ActionName, string][] = [
  ['publish', 'hall/3/temperature'],
  ['publish', 'hall/4/temperature'],
  ['subscribe', 'hall'],
  ['subscribe', 'door'],
  ['subscribe', 'doors'],
  ['expose', 'hall/3/temperature'],
]

export function rightsVectors(): object {
  const label = concat(utf8(`realm:${realmName}`), new Uint8Array(1), owner.publicKey)
  return {
    about: 'realm key = derive(root, "realm:" || name || 00 || owner); else as in keys.json',
    realm: realmName,
    root,
    owner: owner.publicKey,
    realmKey: crypto.hmac(root, label).slice(0, 32),
    id: realm.id,
    control: realm.control,
    chains: chains.map(chainOf),
    hello: helloWith(chains[0]!),
  }
}

function chainOf(bytes: Uint8Array): object {
  const rights = Rights.read(bytes)!
  return {
    rights: bytes,
    holder: rights.holder,
    ...times,
    links: rights.links(owner.publicKey).map(({ issuer, signed, signature }) => {
      return { issuer, statement: statement('sixcast/1/grant', realm, [signed]), signature }
    }),
    allows: asked.map(([action, topic]) => {
      return { action, topic, allowed: rights.allows(action, topic.split('/')) }
    }),
  }
}

function helloWith(rights: Uint8Array): object {
  const sealer = new Sealer(crypto, realm, sender.instance)
  const id = { kind: Kind.hello, flags: 0, stream: 0xdeadbeef, number: 0x0102030405 }
  const body = writeHello({
    flags: 0,
    identity: identity.publicKey,
    salt: sender.salt,
    challenge: 1n,
    controlNumber: 5,
    intervalMs: 750,
    port: 40_000,
    streamCount: 3,
    name: utf8('pump-1'),
    tags: [],
    asked: [],
    echoes: [2n],
    rights,
  })
  const signature = sign(statement('sixcast/1/hello', realm, [sealer.headerBytes(id), body]))
  return { body, signature, packet: sealer.seal(id, concat(body, signature), realm.control) }
}
