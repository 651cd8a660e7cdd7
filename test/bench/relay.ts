/**
 * What the relay gains by joining the datagrams of a turn before it writes them: deliveries to 1,000
 * links, against a server that calls ws.send for each datagram and client.
 *
 * Both serve the same thousand clients, in turns, and the processor time of the server alone counts:
 * the clients run in a process of their own. Run: `npm run bench:relay`
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import {
  readLinkMessage,
  RELAY_ADDRESS,
  writeChallenge,
  writeDatagram,
  writeGroups,
  writeMulticast,
  writeWelcome,
  writeWelcomeTerms,
} from '../../bus/core/wire/link.ts'
import { BODY_OFFSET, Kind, VERSION_SEALED, writeHeader } from '../../bus/core/wire/packet.ts'
import { serve } from '../../relay/index.ts'
import { counting } from '../unit/core/crypto.ts'
import { ThinLink, ThinPeer } from '../unit/relay/thin-link.ts'

const REALM = { name: 'bench', root: counting(32) }
const GROUP = 'ff11:0:0:0:0:0:8000:1'
const CLIENTS = 1000
/** That of the last packet. */
let number = 0
const ROUNDS = 3
const DATAGRAM_SIZE = 150
const FROM = { address: RELAY_ADDRESS, port: 40_000 }
const { hint: HINT } = new ThinPeer(REALM).keys
/** Datagrams of one turn of the sender, and how many turns. */
const LOADS: readonly Load[] = [
  { perTurn: 1, turns: 20 },
  { perTurn: 10, turns: 8 },
  { perTurn: 50, turns: 4 },
]

interface Load {
  readonly perTurn: number
  readonly turns: number
}

/** A server, and the process with its clients. */
interface Side {
  readonly clients: ChildProcess
  readonly end: () => Promise<void>
}

if (process.argv[2] === 'clients') await runClients(Number(process.argv[3]))
else await compare()

async function compare(): Promise<void> {
  const sides = { relay: await relaySide(), naive: await naiveSide() }
  process.stdout.write(`deliveries of ${DATAGRAM_SIZE} bytes to ${CLIENTS} clients\n`)
  for (const load of LOADS) {
    const speeds = { relay: [] as number[], naive: [] as number[] }
    // In turns, so that a busy machine is busy for both.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const name of ['relay', 'naive'] as const) {
        speeds[name].push(await measure(sides[name].clients, load))
      }
    }
    // The first round warms up.
    const [ours = 0, theirs = 0] = [speeds.relay, speeds.naive].map((all) => median(all.slice(1)))
    const cells = [
      `${load.perTurn} a turn`.padEnd(12),
      `relay ${thousands(ours)}`,
      `ws.send ${thousands(theirs)}`,
      `${(ours / theirs).toFixed(1)} x`,
    ]
    process.stdout.write(`  ${cells.join('   ')}\n`)
  }
  for (const side of Object.values(sides)) await side.end()
}

/** Deliveries for each second of this process's processor time. */
async function measure(clients: ChildProcess, load: Load): Promise<number> {
  const start = process.cpuUsage()
  clients.send(load)
  await once(clients, 'message')
  const { user, system } = process.cpuUsage(start)
  return (load.perTurn * load.turns * CLIENTS * 1e6) / (user + system)
}

async function relaySide(): Promise<Side> {
  const limits = { links: CLIENTS + 10, linksPerAddress: CLIENTS + 10, bytesPerSecond: 10 ** 9 }
  const { name: realm, root: key } = REALM
  const relay = await serve({ realm, key, listen: '[::1]:0', multicast: false, limits })
  const clients = await clientsOf(Number(new URL(relay.url!).port))
  const end = async (): Promise<void> => {
    const { bufferFull } = relay.stats()
    if (bufferFull > 0)
      throw new Error(`${bufferFull} datagrams were dropped: the figures are void`)
    clients.kill()
    await relay.close()
  }
  return { clients, end }
}

/** What a server looks like that nobody has thought about: it lets everybody in and tells all. */
async function naiveSide(): Promise<Side> {
  const server = new WebSocketServer({ host: '::1', port: 0, perMessageDeflate: false })
  await once(server, 'listening')
  server.on('connection', (socket) => {
    socket.send(writeChallenge(counting(32)))
    socket.on('message', (data: Buffer) => tell(server.clients, socket, data))
  })
  const clients = await clientsOf((server.address() as { port: number }).port)
  const end = async (): Promise<void> => {
    clients.kill()
    for (const socket of server.clients) socket.terminate()
    await new Promise((resolve) => server.close(resolve))
  }
  return { clients, end }
}

function tell(clients: ReadonlySet<WebSocket>, from: WebSocket, message: Uint8Array): void {
  readLinkMessage(message, (record) => {
    if (record.type === 'proof') {
      const sizes = { groups: 1, datagramSize: 60_000 }
      const terms = { port: FROM.port, intervalMs: 60_000, ...sizes, resumed: false }
      from.send(writeWelcome(writeWelcomeTerms(terms), counting(32)))
    }
    if (record.type !== 'multicast') return
    const out = writeDatagram(FROM, record.datagram)!
    for (const client of clients) if (client !== from) client.send(out)
  })
}

async function clientsOf(port: number): Promise<ChildProcess> {
  const clients = fork(process.argv[1]!, ['clients', String(port)])
  clients.once('exit', (code) => {
    if (code !== null) process.exit(code)
  })
  await once(clients, 'message')
  return clients
}

/** The process of the clients: one of them sends what it is told to, and all others count. */
async function runClients(port: number): Promise<void> {
  const peer = new ThinPeer(REALM)
  const links: ThinLink[] = []
  while (links.length < CLIENTS) {
    const some = Array.from({ length: 50 }, () => ThinLink.open(port, peer))
    links.push(...(await Promise.all(some)))
  }
  for (const link of links) for (const record of writeGroups('join', [GROUP])) link.send(record)
  const sender = await ThinLink.open(port, peer)
  // Whoever has joined is known by a first datagram that all have got.
  await sendAll(sender, links, { perTurn: 1, turns: 1 })
  process.on('message', (load: Load) => {
    void sendAll(sender, links, load).then(() => process.send!('done'))
  })
  process.send!('ready')
}

async function sendAll(
  sender: ThinLink,
  links: readonly ThinLink[],
  { perTurn, turns }: Load,
): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    const packets = Array.from({ length: perTurn }, () => packet((number += 1)))
    const size = packets.reduce((sum, one) => sum + writeDatagram(FROM, one)!.length, 0)
    const wanted = links.map(({ received }) => received + size)
    sender.send(Buffer.concat(packets.map((one) => writeMulticast(GROUP, one)!)))
    while (links.some(({ received }, i) => received < wanted[i]!)) await sleep(1)
  }
}

/** Its body is nothing to a relay. */
function packet(of: number): Uint8Array {
  const bytes = new Uint8Array(DATAGRAM_SIZE)
  const marks = { version: VERSION_SEALED, kind: Kind.data, flags: 0, epoch: 0, hint: HINT }
  writeHeader(bytes, { ...marks, instance: 1n, stream: 1, number: of }, DATAGRAM_SIZE - BODY_OFFSET)
  return bytes
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function thousands(perSecond: number): string {
  return `${Math.round(perSecond / 1000).toLocaleString('en-US')} k/CPU s`
}
