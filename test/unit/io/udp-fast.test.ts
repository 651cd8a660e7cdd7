/** Sending to groups by the fast path, on sockets inside this host: what is one system call, and what is not. */
import { type Socket, Socket as DatagramSocket } from 'node:dgram'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import type { FastPath } from '../../../bus/native/fast-path.ts'
import { FastPath as Path } from '../../../bus/native/fast-path.ts'
import type { SocketOption } from '../../../bus/native/setsockopt.ts'
import { udpTransport } from '../../../bus/io/udp.ts'
import type { Transport } from '../../../bus/io/transport.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

test('sends what one turn sends to a group by one call', async () => {
  const { transport, sends, cuts } = await world()
  for (let count = 0; count < 70; count++) transport.send(group, new Uint8Array(1000))
  expect(transport.pending).toBe(70)
  await vi.waitFor(() => expect(transport.pending).toBe(0))
  expect(sends()).toEqual([64, 6])
  expect(cuts).toEqual([1000])
})

test('tells the kernel of another size, and leaves a datagram that is alone to the other socket', async () => {
  const { transport, sends, cuts } = await world()
  for (const size of [500, 500, 300, 400]) transport.send(group, new Uint8Array(size))
  await vi.waitFor(() => expect(transport.pending).toBe(0))
  transport.send(group, new Uint8Array(300))
  transport.send(group, new Uint8Array(300))
  await vi.waitFor(() => expect(transport.pending).toBe(0))
  expect(sends()).toEqual([3, 1, 2])
  expect(cuts).toEqual([500, 300])
})

test('sends one by one, from then on, what the system does not send joined', async () => {
  const { transport, sends, fast } = await world((call, list, done) => {
    if (!Array.isArray(list)) return call(list, done)
    process.nextTick(done, Object.assign(new Error('no'), { code: 'EIO' }))
  })
  for (let round = 0; round < 2; round++) {
    for (let count = 0; count < 3; count++) transport.send(group, new Uint8Array(1000))
    await vi.waitFor(() => expect(transport.pending).toBe(0))
  }
  expect(sends()).toEqual([3, 1, 1, 1, 1, 1, 1])
  expect(fast.use).toEqual({ inUse: false, reason: 'the system sends no joined datagrams (EIO)' })
})

test('sends one by one where the kernel cannot cut', async () => {
  const { transport, sends, fast } = await world(undefined, () => false)
  for (let count = 0; count < 3; count++) transport.send(group, new Uint8Array(1000))
  await vi.waitFor(() => expect(transport.pending).toBe(0))
  expect(sends()).toEqual([1, 1, 1])
  expect(fast.reason).toBe('the system does not cut datagrams')
})

test('closes the sockets that cut, too, and sends what it was given before', async () => {
  const { transport, sends } = await world()
  transport.send(group, new Uint8Array(1000))
  transport.send(group, new Uint8Array(1000))
  await transport.close()
  expect(sends()).toEqual([2])
  await expect.poll(sockets).toBe(0)
})

type Done = (error: Error | null) => void
type Intercept = (call: (list: unknown, done: Done) => void, list: unknown, done: Done) => void

/** A transport with a fast path whose options nobody sets; `sends`: datagrams of each call. */
async function world(
  intercept?: Intercept,
  cut: (option: SocketOption) => boolean = () => true,
): Promise<{ transport: Transport; sends: () => number[]; cuts: number[]; fast: FastPath }> {
  await expect.poll(sockets).toBe(0)
  const cuts: number[] = []
  const fast = new Path((_socket: Socket, option) => {
    if (option.name === UDP_SEGMENT) cuts.push(option.value)
    return option.name === UDP_SEGMENT ? cut(option) : false
  })
  const transport = udpTransport({ scope: 'host', port }, { fast })
  onTestFinished(() => transport.close())
  await transport.open({ datagram: () => undefined, event: () => undefined })
  const { send: original } = DatagramSocket.prototype as unknown as {
    readonly send: (this: Socket, ...given: readonly unknown[]) => void
  }
  const spy = vi.spyOn(DatagramSocket.prototype, 'send')
  spy.mockImplementation(function send(this: Socket, ...given: unknown[]): void {
    const call = (list: unknown, done: Done): void => original.call(this, list, done)
    if (intercept) intercept(call, given[0], given.at(-1) as Done)
    else original.call(this, ...given)
  })
  const sends = (): number[] =>
    spy.mock.calls.map(([list]: readonly unknown[]) => (Array.isArray(list) ? list.length : 1))
  return { transport, sends, cuts, fast }
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'UDPWRAP' || kind === 'UDPWrap')
    .length
}

const UDP_SEGMENT = 103
const group = 'ff11::fa57:8000:1'
const port = 20_000 + (process.pid % 10_000)
