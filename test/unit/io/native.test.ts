/** What a bus says of its fast path, by each of its ways. */
import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test, vi } from 'vitest'
import { connect, type ConnectOptions } from '../../../bus/index.ts'
import { connectOver } from '../../../bus/io/connect.ts'
import { memoryNetwork } from '../../../bus/io/memory.ts'
import { FastPath, fastPath } from '../../../bus/native/fast-path.ts'

test('a bus says that it has none where that was asked for', async () => {
  await using bus = await connect({ ...options, native: false })
  expect(bus.native).toEqual({ inUse: false, reason: 'it is turned off' })
})

test('a bus has what the machine lets it have where nothing was said', async () => {
  await using bus = await connect(options)
  expect(bus.native).toEqual((await fastPath(true)).use)
})

test('a bus that sends nothing by multicast has none', async () => {
  const none = { inUse: false, reason: 'no datagram goes by UDP multicast' }
  const unicast = { ...options, scope: 'link', unicastPort: port, multicast: false } as const
  await using alone = await connect(unicast)
  expect(alone.native).toEqual(none)
  await using memory = await connectOver(memoryNetwork().transport(), options)
  expect(memory.native).toEqual(none)
})

test('a bus tells by an event when the system refuses to send joined datagrams', async () => {
  const asked = vi.spyOn(FastPath.prototype, 'whenOver')
  onTestFinished(() => asked.mockRestore())
  await using bus = await connect(options)
  const [fast] = asked.mock.contexts as FastPath[] // Whose method it is.
  expect(bus.native).toMatchObject({ inUse: true })
  const found = (async () => {
    for await (const event of bus.events()) if (event.type === 'native') return event
    return undefined
  })()
  fast!.fail('the system sends no joined datagrams (EIO)')
  const over = { inUse: false, reason: 'the system sends no joined datagrams (EIO)' }
  expect(await found).toEqual({ type: 'native', ...over })
  expect(bus.native).toEqual(over)
})

test('refuses anything but yes and no', async () => {
  const wrong = { ...options, native: 'fast' } as unknown as ConnectOptions
  await expect(connect(wrong)).rejects.toThrow(/option "native" is "fast": true or false/)
})

const port = 20_000 + (process.pid % 10_000)
const options: ConnectOptions = {
  key: new Uint8Array(randomBytes(32)),
  realm: 'native',
  port,
  linger: 0,
}
