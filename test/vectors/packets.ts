/** Vectors of whole packets and datagrams, in a sealed and in an open realm. */
import { concat } from '../../bus/core/bytes.ts'
import type { RealmKeys } from '../../bus/core/seal/keys.ts'
import { type PacketId, Sealer } from '../../bus/core/seal/sealer.ts'
import { History } from '../../bus/core/stream/history.ts'
import { sumOf } from '../../bus/core/stream/parity.ts'
import { utf8 } from '../../bus/core/text.ts'
import { type Hello, HelloFlag, writeHello } from '../../bus/core/wire/hello.ts'
import { Flag, Kind, nonceOf, NUMBER_MAX } from '../../bus/core/wire/packet.ts'
import { symbolOf } from '../../bus/core/wire/parity.ts'
import { counting, crypto } from '../unit/core/crypto.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import { identity, openRealm, sealedRealm, sender, sign, statement, topic } from './samples.ts'

export function packetVectors(): object {
  return {
    about: 'length, then the header, which is the nonce, then the secretbox (tag first)',
    sealed: packetsOf(sealedRealm),
    open: packetsOf(openRealm),
  }
}

export function helloVectors(): object {
  return { sealed: hellosOf(sealedRealm), open: hellosOf(openRealm) }
}

function packetsOf(realm: RealmKeys): object {
  const sealer = new Sealer(crypto, realm, sender.instance)
  const dataKey = realm.dataKeyOf(sender, topic)
  const controlKey = realm.controlKeyOf(sender)
  const one = (id: PacketId, body: Uint8Array, key: Uint8Array) => {
    const packet = sealer.seal(id, body, key)
    const header = { ...id, version: sealer.version, epoch: realm.epoch, hint: realm.hint }
    return { header, instance: sender.instance, key, nonce: nonceOf(packet), body, packet }
  }
  const beacon = controlBytes({ type: 'beacon', intervalMs: 750, streamCount: 1 })
  const data = one({ kind: Kind.data, flags: 0, stream: 1, number: 1 }, counting(20), dataKey)
  const last = { kind: Kind.data, flags: Flag.fragment, stream: 0xffffffff, number: NUMBER_MAX }
  const control = one({ kind: Kind.control, flags: 0, stream: 0, number: 9 }, beacon, controlKey)
  return {
    packets: [data, one(last, counting(1), dataKey), control],
    parity: parityOf(one, { dataKey, controlKey }),
    datagram: {
      about: 'two packets and padding',
      bytes: concat(data.packet, control.packet, new Uint8Array(5)),
    },
  }
}

/** Three packets, a row over the first two of them and one over all. */
function parityOf(
  one: (id: PacketId, body: Uint8Array, key: Uint8Array) => { readonly packet: Uint8Array },
  { dataKey, controlKey }: { dataKey: Uint8Array; controlKey: Uint8Array },
): object {
  const history = new History()
  const packets = [20, 7, 31].map((size, i) => {
    const flags = i === 2 ? Flag.fragment : 0
    const id = { kind: Kind.data, flags, stream: 2, number: i + 1 }
    const { packet } = one(id, counting(size), dataKey)
    history.append({ packet, at: 0, index: i, charge: 0 })
    return packet
  })
  const rows = [
    { row: 0, last: 2, sentAt: 0 },
    { row: 191, last: 3, sentAt: 0 },
  ].map((row) => {
    const id = { kind: Kind.parity, flags: row.row, stream: 2, number: row.last }
    return one(id, sumOf(history, row, 0)!, controlKey)
  })
  return { packets, symbols: packets.map((packet) => symbolOf(packet)), rows }
}

const plainHello: Hello = {
  flags: HelloFlag.askAll,
  identity: identity.publicKey,
  salt: sender.salt,
  challenge: 0x1122334455667788n,
  controlNumber: 5,
  intervalMs: 750,
  port: 40_000,
  streamCount: 3,
  name: utf8('pump-1'),
  tags: [utf8('role=pump'), utf8('hall=3')],
  asked: [],
  echoes: [],
  rights: new Uint8Array(0),
}

function hellosOf(realm: RealmKeys): object[] {
  const answer = { flags: 0, asked: [0xfedcba9876543210n], echoes: [1n, 2n ** 64n - 1n] }
  const bye = { flags: HelloFlag.bye, tags: [] }
  return [plainHello, { ...plainHello, ...answer }, { ...plainHello, ...bye }].map((hello) => {
    const sealer = new Sealer(crypto, realm, sender.instance)
    const id = { kind: Kind.hello, flags: 0, stream: 0xdeadbeef, number: 0x0102030405 }
    const body = writeHello(hello)
    const signed = statement('sixcast/1/hello', realm, [sealer.headerBytes(id), body])
    const signature = sign(signed)
    const packet = sealer.seal(id, concat(body, signature), realm.control)
    return { hello, secretKey: identity.secretKey, body, statement: signed, signature, packet }
  })
}
