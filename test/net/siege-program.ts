/**
 * An attacker as a program, with real sockets. It follows orders on standard input, one JSON object
 * a line, and answers each with a line.
 *
 *   {"count": n, "datagrams": [base64, ...], "groups": [...]}    an outsider: sends so many of these
 *   {"count": n, "ask": instance}    a member of the realm whose key is the argument, as hexadecimal
 *                                    digits: asks so often for all packets of that peer's stream 1
 */
import { createSocket, type Socket } from 'node:dgram'
import { createInterface } from 'node:readline'
import { Groups } from '../../bus/core/path/group.ts'
import type { Sender } from '../../bus/core/seal/control-keys.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { readHello } from '../../bus/core/wire/hello.ts'
import { Kind, readHeader } from '../../bus/core/wire/packet.ts'
import { connectOver } from '../../bus/io/connect.ts'
import { DEFAULT_PORT } from '../../bus/io/settings.ts'
import type { Transport } from '../../bus/io/transport.ts'
import { udpTransport } from '../../bus/io/udp.ts'
import { crypto } from '../unit/core/crypto.ts'
import { controlBytes } from '../unit/core/wire/any.ts'

export interface SiegeOrder {
  readonly count: number
  readonly datagrams?: readonly string[]
  readonly groups?: readonly string[]
  readonly ask?: string
}

/** So many datagrams, then the sockets' events have their turn. */
const EACH_TURN = 64

const [key] = process.argv.slice(2)
const questions =
  key === undefined ? undefined : await join(new Uint8Array(Buffer.from(key, 'hex')))
process.stdout.write('{"ready":true}\n')
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as SiegeOrder // The test's own.
  const begun = performance.now()
  const { groups, make } = questions?.(order) ?? outsider(order)
  const bytes = await fire(order.count, groups, make)
  const ms = Math.round(performance.now() - begun)
  process.stdout.write(`${JSON.stringify({ sent: order.count, bytes, ms })}\n`)
}
process.exit()

interface Volley {
  readonly groups: readonly string[]
  readonly make: (turn: number) => Uint8Array
}

function outsider({ datagrams = [], groups = [] }: SiegeOrder): Volley {
  const made = datagrams.map((one) => Buffer.from(one, 'base64'))
  return { groups, make: (turn) => made[turn % made.length]! }
}

/** As fast as the sockets take them; resolves with the bytes of all. */
async function fire(count: number, groups: readonly string[], make: Volley['make']) {
  const sockets = await Promise.all(groups.map(connected))
  let bytes = 0
  for (let turn = 0; turn < count; turn++) {
    const datagram = make(turn)
    sockets[turn % sockets.length]!.send(datagram)
    bytes += datagram.length
    if (turn % EACH_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  for (const socket of sockets) socket.close()
  return bytes
}

function connected(group: string): Promise<Socket> {
  const socket = createSocket('udp6')
  return new Promise((resolve) => {
    socket.connect(DEFAULT_PORT, `${group}%eth0`, () => resolve(socket))
  })
}

/** Its peer keeps to the rules, and so is admitted; what is asked in its name beside keeps to none. */
async function join(root: Uint8Array): Promise<(order: SiegeOrder) => Volley> {
  const keys = new RealmKeys(crypto, { name: 'lab', root: root.slice() })
  const transport = udpTransport({ scope: 'link', port: DEFAULT_PORT })
  const sender = senderBy(transport, keys)
  const bus = await connectOver(transport, { realm: 'lab', key: root, scope: 'link' })
  bus.subscribe('load', () => undefined)
  const self = await sender
  const sealer = new Sealer(crypto, keys, self.instance)
  const controlKey = keys.controlKeyOf(self)
  const group = new Groups('link', 0, (label) => keys.groupBytes(label)).control
  // Far ahead of what its peer counts: that is of long ago then, and nothing but questions is heard.
  let number = 2 ** 40
  return ({ ask = '' }) => {
    const about = { type: 'nak', flags: 0, rttUs: 0, missed: 0, all: 0 } as const
    const all = { stream: 1, first: 1, missing: new Uint8Array(512).fill(255) }
    const body = controlBytes({ ...about, target: BigInt(`0x${ask}`), ...all })
    const id = { kind: Kind.control, flags: 0, stream: 0 }
    return {
      groups: [group],
      make: () => sealer.seal({ ...id, number: number++ }, body, controlKey),
    }
  }
}

/** What the keys of a peer are made of, as its first hello says. */
function senderBy(transport: Transport, keys: RealmKeys): Promise<Sender> {
  const send = transport.send.bind(transport)
  return new Promise((resolve) => {
    transport.send = (to, datagram) => {
      send(to, datagram)
      const { kind, instance } = readHeader(datagram)
      if (kind !== Kind.hello) return
      const read = readHello(new Sealer(crypto, keys, instance).open(datagram, keys.control)!)
      const { identity, salt } = read!.hello
      resolve({ instance, identity: identity.slice(), salt: salt.slice() })
    }
  })
}

/** What an order has come to. */
export interface SiegeAnswer {
  readonly sent: number
  readonly bytes: number
  readonly ms: number
}
