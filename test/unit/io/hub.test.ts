/** The transport of scope host where there is no multicast: hubs on loopback, and the ways up and down. */
import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import type { Bus, Message } from '../../../bus/api/options.ts'
import type { Endpoint } from '../../../bus/core/output.ts'
import { hubPorts } from '../../../bus/core/path/hub.ts'
import { connect } from '../../../bus/io/connect.ts'
import { HubTransport } from '../../../bus/io/hub.ts'
import { HubPort } from '../../../bus/io/hub-port.ts'
import type { Transport, TransportEvent, TransportListener } from '../../../bus/io/transport.ts'
import { crypto } from '../core/crypto.ts'

const clock = { now: () => performance.now(), after: later }

function later(delayMs: number, then: () => void): () => void {
  const timer = setTimeout(then, delayMs)
  return () => clearTimeout(timer)
}

async function opened(key: Uint8Array, name: string): Promise<Bus> {
  const bus = await connect({ key, name, multicast: false })
  onTestFinished(() => bus.close({ linger: 0 }).then(() => undefined))
  return bus
}

/** Ports of nobody: they follow from a key that nobody has. */
function freshPorts(): number[] {
  return hubPorts((label) => crypto.hash(Uint8Array.of(...randomBytes(32), ...label)), 1)
}

test('buses meet by hubs, also when those have gone', async () => {
  const key = randomBytes(32)
  const buses: Bus[] = []
  for (let count = 0; count < 6; count++) buses.push(await opened(key, `bus ${count}`))
  const heard = buses.map((bus) => bus.subscribe<string>('all')[Symbol.asyncIterator]())
  const publisher = buses[5]!
  expect(publisher.path).toBe('hub')
  await publisher.matched('all', { count: 5, timeout: 20_000 })
  publisher.publish('all', 'first')
  for (const one of heard) {
    const { value } = await one.next()
    expect((value as Message<string>).value).toBe('first') // no gaps were asked for
  }
  expect(new Set([...publisher.presence].map(({ path }) => path))).toEqual(new Set(['unicast']))
  await Promise.all(buses.slice(0, 2).map((bus) => bus.close({ linger: 0 })))
  const newcomer = await opened(key, 'newcomer')
  await newcomer.matched('all', { count: 4, timeout: 20_000 })
  expect([...newcomer.presence]).toHaveLength(4)
})

test('a bus of another realm is not met', async () => {
  const [one, other] = [
    await opened(randomBytes(32), 'one'),
    await opened(randomBytes(32), 'other'),
  ]
  other.subscribe('x', () => undefined)
  await expect(one.matched('x', { count: 1, timeout: 1000 })).rejects.toThrow(/timeout|within/i)
})

test('of six one after the other takes a port, and a port that is free again', async () => {
  const ports = freshPorts()
  const taken: string[] = []
  const all = ['a', 'b', 'c', 'd', 'e'].map((name) => {
    const given = { ports, clock, datagram: () => undefined }
    const port = new HubPort({ ...given, taken: () => void taken.push(name) })
    onTestFinished(() => port.close())
    return port
  })
  for (const one of all) one.open()
  expect(taken).toEqual(['a', 'b', 'c', 'd'])
  expect(all.map(({ port }) => port)).toEqual([...ports, 0])
  await all[1]!.close()
  await expect.poll(() => taken, { timeout: 5000 }).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(all[4]!.port).toBe(ports[1])
})

/** A transport that says what it is told to say. */
class Told implements Transport {
  readonly datagramSize = 60_000
  readonly port = 1
  readonly pending = 0
  readonly sent: (string | Endpoint)[] = []
  listener: TransportListener | undefined
  readonly #first: TransportEvent | undefined

  constructor(first?: TransportEvent) {
    this.#first = first
  }

  open(listener: TransportListener): Promise<void> {
    this.listener = listener
    if (this.#first) listener.event(this.#first)
    return Promise.resolve()
  }

  join(): void {}
  leave(): void {}
  rejoin(): void {}

  send(to: string | Endpoint): void {
    this.sent.push(to)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

async function over(base: Told): Promise<{
  hub: HubTransport
  events: TransportEvent[]
  named: number[][]
  ports: readonly number[]
  pass: (ms: number) => void
}> {
  const ports = freshPorts()
  let now = 0
  const hub = new HubTransport({
    base,
    multicast: true,
    ports,
    clock: { ...clock, now: () => now },
  })
  onTestFinished(() => hub.close())
  const [events, named]: [TransportEvent[], number[][]] = [[], []]
  await hub.open({ datagram: () => undefined, event: (event) => void events.push(event) })
  hub.meet((endpoints) => void named.push(endpoints.map(({ port }) => port)))
  return { hub, events, named, ports, pass: (ms) => void (now += ms) }
}

test('with multicast it has no port, names nobody, and sends all there is', async () => {
  const base = new Told()
  const { hub, events, named } = await over(base)
  for (let count = 0; count < 3; count++) hub.send('ff11::1', new Uint8Array(1))
  expect([hub.path, events, named.flat(), base.sent.length]).toEqual(['multicast', [], [], 3])
})

test('without it all ports but its own are named, and groups are tried once a second', async () => {
  const base = new Told({ type: 'unreachable', reason: 'lo: ENETUNREACH' })
  const { hub, events, named, ports, pass } = await over(base)
  expect(hub.path).toBe('hub')
  expect(events).toEqual([{ type: 'warning', message: expect.stringContaining('ENETUNREACH') }])
  expect(named).toEqual([ports.slice(1)])
  pass(5000)
  const to = { address: '::1', port: 9 }
  for (let count = 0; count < 3; count++) hub.send('ff11::1', new Uint8Array(1))
  hub.send(to, new Uint8Array(1))
  pass(1000)
  hub.send('ff11::1', new Uint8Array(1))
  expect(base.sent).toEqual(['ff11::1', to, 'ff11::1'])
})

test('when multicast comes or goes, everybody is greeted by the other way', async () => {
  const base = new Told()
  const { hub, events, named, ports } = await over(base)
  base.listener?.event({ type: 'unreachable', reason: 'gone' })
  expect(hub.path).toBe('hub')
  expect(named.at(-1)).toEqual(ports.slice(1))
  base.listener?.event({ type: 'reachable' })
  expect(hub.path).toBe('multicast')
  expect(named.at(-1)).toEqual([])
  expect(events).toEqual([
    { type: 'path', path: 'hub', reason: 'gone', greets: true },
    { type: 'path', path: 'multicast', reason: 'multicast is there', greets: true },
  ])
})
