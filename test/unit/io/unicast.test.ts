/** Two buses that have nothing but unicast, on loopback: named at one end, by their ports. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import type { Bus, ConnectOptions, Message } from '../../../bus/api/options.ts'
import { connect } from '../../../bus/io/connect.ts'
import { unicastTransport } from '../../../bus/io/udp-unicast.ts'
import type { TransportEvent } from '../../../bus/io/transport.ts'
import { counting } from '../core/crypto.ts'

const OPTIONS: ConnectOptions = { key: counting(32), scope: 'link', multicast: false }

async function opened(options: ConnectOptions): Promise<Bus> {
  const bus = await connect({ ...OPTIONS, ...options })
  onTestFinished(() => bus.close({ linger: 0 }).then(() => undefined))
  return bus
}

/** A port of this host that was free a moment ago. */
async function freePort(): Promise<number> {
  const socket = createSocket({ type: 'udp6', ipv6Only: true }).bind(0, '::')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

test('a message and a large one come, both ways, and both ends see how', async () => {
  const port = await freePort()
  const there = await opened({ name: 'there', unicastPort: port })
  const here = await opened({ name: 'here', peers: `[::1]:${port}` })
  for (const [from, to] of [
    [here, there],
    [there, here],
  ] as const) {
    const messages = to.subscribe<string>(`to/${to.realm}`)[Symbol.asyncIterator]()
    const large = 'x'.repeat(20_000)
    await from.matched(`to/${to.realm}`, { count: 1, timeout: 20_000 })
    from.publish(`to/${to.realm}`, 'small')
    from.publish(`to/${to.realm}`, large)
    const values = [await messages.next(), await messages.next()].map(
      ({ value }) => (value as Message<string>).value, // no gaps were asked for
    )
    expect(values).toEqual(['small', large])
    await messages.return?.()
  }
  expect([here.path, there.path]).toEqual(['unicast', 'unicast'])
  expect([...here.presence].map(({ name, path }) => ({ name, path }))).toEqual([
    { name: 'there', path: 'unicast' },
  ])
})

test('a name that cannot be looked up is told, and does no harm', async () => {
  const bus = await opened({ peers: ['no-such-host.invalid:7'] })
  for await (const event of bus.events()) {
    if (event.type !== 'unresolved') continue
    expect(event).toMatchObject({
      peer: 'no-such-host.invalid:7',
      reason: expect.stringContaining('.invalid'),
    })
    break
  }
})

test('another port is taken, with a warning, where a process has the one that is wished for', async () => {
  const port = await freePort()
  const [first, second] = [unicastTransport(port), unicastTransport(port)]
  const events: TransportEvent[] = []
  const event = (one: TransportEvent): void => void events.push(one)
  onTestFinished(() => Promise.all([first.close(), second.close()]).then(() => undefined))
  await first.open({ datagram() {}, event })
  expect([first.port, events]).toEqual([port, []])
  await second.open({ datagram() {}, event })
  expect(second.port).not.toBe(port)
  const message = expect.stringContaining(`UDP port ${port} is not to be had (EADDRINUSE)`)
  expect(events).toEqual([{ type: 'warning', message }])
})
