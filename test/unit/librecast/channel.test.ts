/** The life of a channel on the loopback interface: nothing here is ever sent. */
import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import {
  openLibrecast,
  type LibrecastChannel,
  type LibrecastMessage,
  type LibrecastOptions,
} from '../../../bus/librecast/index.ts'

describe('a Librecast channel', () => {
  it('tells its name, group, port and interface, and has counted nothing', async () => {
    await using channel = await openLibrecast(quiet)
    expect(channel).toMatchObject({
      name: 'sixcast.test',
      group: 'ff1e:c39f:6a27:67ab:e834:5f0:b6c8:c08f',
      port: 42_420,
      interface: quiet.interface,
    })
    expect(channel.stats()).toEqual({
      sent: 0,
      received: 0,
      dropped: 0,
      failed: 0,
      rejected: { unopened: 0, short: 0, operation: 0, length: 0 },
    })
  })

  it('ends its readers when it is closed, which may be done twice', async () => {
    const channel = await openLibrecast(quiet)
    const reading = read(channel)
    await Promise.all([channel.close(), channel.close()])
    await channel.close()
    expect(await reading).toEqual([])
  })

  it('closes when its signal is given', async () => {
    const stop = new AbortController()
    const channel = await openLibrecast({ ...quiet, signal: stop.signal })
    const reading = read(channel)
    stop.abort()
    expect(await reading).toEqual([])
    await expect(channel.send(new Uint8Array())).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('stays open when a loop over it breaks off', async () => {
    await using channel = await openLibrecast(quiet)
    const messages = channel[Symbol.asyncIterator]()
    expect(await messages.return?.()).toEqual({ done: true, value: undefined })
    await expect(channel.send(new Uint8Array(1233))).rejects.toMatchObject({ code: 'TOO_LARGE' })
  })

  it('is not iterated when a handler has its messages', async () => {
    await using channel = await openLibrecast(quiet, () => {})
    expect(() => channel[Symbol.asyncIterator]()).toThrow(TypeError)
  })

  it.each([
    { form: 'raw', options: {}, room: 1232 },
    { form: 'framed', options: { framed: true }, room: 1199 },
    { form: 'encrypted', options: { key: new Uint8Array(32) }, room: 1192 },
    { form: 'both', options: { framed: true, key: new Uint8Array(32) }, room: 1159 },
    { form: 'larger', options: { datagramSize: 65_527 }, room: 65_527 },
  ])('refuses one byte more than $room in a $form datagram', async ({ options, room }) => {
    await using channel = await openLibrecast({ ...quiet, ...options })
    const sending = channel.send(new Uint8Array(room + 1))
    await expect(sending).rejects.toMatchObject({ code: 'TOO_LARGE' })
    await expect(sending).rejects.toThrow(`at most ${room}`)
  })

  it('refuses an operation without a frame, and what is not bytes', async () => {
    await using channel = await openLibrecast(quiet)
    await expect(channel.send(new Uint8Array(), { operation: 'ping' })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
    const text = 'hello' as unknown as Uint8Array // As a JavaScript program may do.
    await expect(channel.send(text)).rejects.toMatchObject({ code: 'INVALID_VALUE' })
  })
})

const quiet: LibrecastOptions = {
  channel: 'sixcast.test',
  interface: loopback(),
  port: 42_420,
  hops: 0,
}

async function read(channel: LibrecastChannel): Promise<LibrecastMessage[]> {
  const messages: LibrecastMessage[] = []
  for await (const message of channel) messages.push(message)
  return messages
}

function loopback(): string {
  const entries = Object.entries(networkInterfaces())
  return (
    entries.find(([, addresses]) => addresses?.some((address) => address.internal))?.[0] ?? 'lo'
  )
}
