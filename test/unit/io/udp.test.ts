/** What the UDP transport adds to the contract of all transports, on sockets inside this host. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { listInterfaces, type NetworkInterface } from '../../../bus/io/interfaces.ts'
import type { Transport, TransportEvent } from '../../../bus/io/transport.ts'
import { udpTransport, type UdpOptions } from '../../../bus/io/udp.ts'

test('has the sizes of its scope, or those it is given', () => {
  expect(udpTransport({ scope: 'host', port }).datagramSize).toBe(60_000)
  expect(udpTransport({ scope: 'link', port }).datagramSize).toBe(1_232)
  expect(udpTransport({ scope: 'link', port, datagramSize: 1_400 }).datagramSize).toBe(1_400)
})

test('warns once of a receive buffer that the system cut', async () => {
  const { events } = await opened({ receiveBuffer: 1 << 30 })
  expect(events).toEqual([{ type: 'warning', message: expect.stringContaining('rmem_max') }])
})

test('warns once of datagrams that are too large, with the sizes', async () => {
  const { transport, events } = await opened()
  for (let count = 0; count < 3; count += 1) transport.send(group, new Uint8Array(70_000))
  transport.send({ address: '::1', port: transport.port }, new Uint8Array(70_000))
  expect(transport.pending).toBe(4)
  await sleep(10)
  expect(transport.pending).toBe(0)
  expect(events).toEqual([{ type: 'warning', message: expect.stringMatching(/60000.*65527/s) }])
})

test('keeps few sockets, however many groups it sends to', async () => {
  await expect.poll(sockets).toBe(0)
  const { transport } = await opened()
  for (let number = 0; number < 3_000; number += 1) {
    transport.send(`ff11::8000:${number.toString(16)}`, new Uint8Array(10))
    if (number % 100 === 0) await sleep(0)
  }
  // The connected ones, the one that other groups share, and the two that read.
  await expect.poll(sockets).toBe(256 + 1 + 2)
  await transport.close()
  await expect.poll(sockets).toBe(0)
})

test('closes while it opens', async () => {
  await expect.poll(sockets).toBe(0)
  const transport = udpTransport({ scope: 'host', port })
  const opening = transport.open({ datagram() {}, event() {} })
  await transport.close()
  await expect(opening).rejects.toMatchObject({ code: expect.stringMatching(/CLOSED|NO_PATH/) })
  await expect.poll(sockets).toBe(0)
})

test('tells PORT_IN_USE from a port that others share', async () => {
  const owner = createSocket({ type: 'udp6', ipv6Only: true })
  owner.bind(port + 1, '::')
  await once(owner, 'listening')
  onTestFinished(() => void owner.close())
  const sharing = udpTransport({ scope: 'host', port: port + 1 })
  const refusal = { code: 'PORT_IN_USE', message: expect.stringContaining(`port ${port + 1}`) }
  await expect(sharing.open({ datagram() {}, event() {} })).rejects.toMatchObject(refusal)
})

test('tells NO_INTERFACE and NO_PATH by what there is', async () => {
  const ears = { datagram() {}, event() {} }
  const unknown = udpTransport({ scope: 'host', port, interfaces: ['nosuch0'] })
  await expect(unknown.open(ears)).rejects.toMatchObject({ code: 'NO_INTERFACE' })
  const none = udpTransport({ scope: 'link', port, interfaceList: () => [] })
  await expect(none.open(ears)).rejects.toMatchObject({
    code: 'NO_PATH',
    message: expect.stringMatching(/link-local.*tried none, .*: turn IPv6 on/),
  })
})

test.each([
  [
    'host',
    undefined,
    /scope host: looked for the loopback .*: as root, run: ip -6 route add local/,
  ],
  ['link', undefined, /scope link: looked for .* link-local .* there is lo: bring one up/],
  [
    'link',
    ['l*'],
    /scope link: looked for interfaces named l\* .*: give it an address and a route/,
  ],
] as const)('says what was looked for at scope %s, and what to do', async (scope, names, text) => {
  // Its number is nobody's, so that nothing can leave by it.
  const lo = { name: 'lo', index: 999_999, zone: '999999', linkLocal: false }
  const one = { ...lo, addresses: ['::1'], loopback: true, multicast: false }
  const lost = udpTransport({ scope, port, interfaceList: () => [one], interfaces: names })
  const ears = { datagram() {}, event() {} }
  const refusal = { code: 'NO_PATH', message: expect.stringMatching(text) }
  await expect(lost.open(ears)).rejects.toMatchObject(refusal)
})

test('goes on when the interface leaves and comes back, and says so once each', async () => {
  const world = changingMachine()
  const { transport, events, heard } = await opened(world.options)
  const { transport: sender } = await opened()
  world.become([])
  expect(events).toEqual([
    { type: 'interface', name: world.name, up: false },
    { type: 'unreachable', reason: 'no interface is up' },
  ])
  transport.send(group, Uint8Array.of(1))
  transport.join('ff11::8000:77')
  world.become([])
  expect(events).toHaveLength(2)
  world.become(world.normal)
  expect(events.slice(2)).toEqual([
    { type: 'interface', name: world.name, up: true },
    { type: 'reachable' },
  ])
  sender.send('ff11::8000:77', Uint8Array.of(7))
  await hears(heard, 7)
})

test('renews its sockets when the interface has another number or other addresses', async () => {
  const world = changingMachine()
  const { transport, events, heard } = await opened(world.options)
  transport.join(group)
  transport.send(group, Uint8Array.of(1))
  await hears(heard, 1)
  const more = world.normal.map((one) => ({ ...one, addresses: [...one.addresses, 'fd00::77'] }))
  world.become(more)
  expect(events).toEqual([])
  transport.send(group, Uint8Array.of(2))
  await hears(heard, 2)
  world.become(world.normal.map((one) => ({ ...one, index: one.index + 1 })))
  world.become(world.normal)
  expect(events).toEqual(Array(2).fill({ type: 'interface', name: world.name, up: true }))
  transport.send(group, Uint8Array.of(3))
  await hears(heard, 3)
})

test('sends nothing by an interface whose name has passed to another', async () => {
  const world = changingMachine()
  const { transport, events } = await opened(world.options)
  world.become(world.normal.map((one) => ({ ...one, index: one.index + 1 })))
  transport.send(group, Uint8Array.of(1))
  await sleep(10)
  expect(events.slice(1)).toEqual([{ type: 'unreachable', reason: `${world.name}: ENODEV` }])
  world.become(world.normal)
  transport.send(group, Uint8Array.of(2))
  await sleep(10)
  expect(events.at(-1)).toEqual({ type: 'reachable' })
})

test('does not hear at scope host what a stranger sends to the port', async () => {
  // This host is a stranger to itself when the list of its addresses is empty.
  const world = changingMachine()
  const hidden = world.normal.map((one) => ({ ...one, addresses: [] }))
  const { transport, heard } = await opened({ ...world.options, interfaceList: () => hidden })
  transport.join(group)
  transport.send(group, Uint8Array.of(1))
  const local = createSocket({ type: 'udp6', ipv6Only: true })
  onTestFinished(() => void local.close())
  await sendFrom(local, transport.port)
  await sleep(30)
  const loopback = world.normal.some((one) => one.loopback)
  expect(new Set(heard.map((bytes) => bytes[0]))).toEqual(new Set(loopback ? [1, 9] : [9]))
})

interface Opened {
  readonly transport: Transport
  readonly events: TransportEvent[]
  readonly heard: Uint8Array[]
}

async function opened(options: Partial<UdpOptions> = {}): Promise<Opened> {
  const events: TransportEvent[] = []
  const heard: Uint8Array[] = []
  const transport = udpTransport({ scope: 'host', port, receiveBuffer: 65_536, ...options })
  onTestFinished(() => transport.close())
  await transport.open({
    datagram: (bytes) => heard.push(bytes),
    event: (event) => events.push(event),
  })
  return { transport, events, heard }
}

/** A machine with the interface that this one has chosen, which can be taken away. */
interface ChangingMachine {
  readonly options: Partial<UdpOptions>
  readonly normal: readonly NetworkInterface[]
  readonly name: string
  become(interfaces: readonly NetworkInterface[]): void
}

function changingMachine(): ChangingMachine {
  const all = listInterfaces()
  const outward = all.filter((one) => !one.loopback && one.linkLocal && one.multicast)
  const normal = [...outward, ...all.filter((one) => one.loopback)].slice(0, 1)
  let now: readonly NetworkInterface[] = normal
  let tick = (): void => {}
  return {
    normal,
    name: normal[0]?.name ?? '',
    options: {
      interfaceList: () => now,
      timer: (callback) => {
        tick = callback
        return () => {}
      },
    },
    become(interfaces) {
      now = interfaces
      tick()
    },
  }
}

/** Waits until a datagram of this one byte is among those heard. */
async function hears(heard: readonly Uint8Array[], value: number): Promise<void> {
  await expect.poll(() => heard.map((bytes) => bytes[0])).toContain(value)
}

async function sendFrom(socket: Socket, to: number): Promise<void> {
  await new Promise((resolve) => socket.send(Uint8Array.of(9), to, '::1', resolve))
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'UDPWrap').length
}

const group = `ff11::8000:${(process.pid % 65_536).toString(16)}`
const port = 30_000 + (process.pid % 2_000)
