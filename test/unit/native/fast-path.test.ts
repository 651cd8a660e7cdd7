/** When there is a fast path, what it sets on a socket, and how it ends. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FastPath, fastPath } from '../../../bus/native/fast-path.ts'
import { descriptorOf, type SocketOption } from '../../../bus/native/setsockopt.ts'

describe('the fast path', () => {
  it('is not there where it is not wanted, or a part is missing, and says so', async () => {
    const unwanted = await fastPath(false)
    expect(unwanted.use).toEqual({ inUse: false, reason: 'it is turned off' })
    const missing = new FastPath('koffi is not installed')
    expect(missing.use).toEqual({ inUse: false, reason: 'koffi is not installed' })
    const socket = await opened()
    expect([missing.cut(socket, 1232), missing.join(socket)]).toEqual([false, false])
  })

  it('sets UDP_SEGMENT to the size, and UDP_GRO', async () => {
    const options: SocketOption[] = []
    const path = new FastPath((_socket, option) => options.push(option) > 0)
    const socket = await opened()
    expect(path.use.inUse).toBe(true)
    expect([path.cut(socket, 1200), path.join(socket)]).toEqual([true, true])
    expect(options).toEqual([
      { level: 17, name: 103, value: 1200 },
      { level: 17, name: 104, value: 1 },
    ])
  })

  it('is over for good when it has failed, with the reason, also in what programs hold', async () => {
    const path = new FastPath(() => true)
    const { use } = path
    path.fail('the system sends no joined datagrams (EIO)')
    expect(use).toEqual({ inUse: false, reason: 'the system sends no joined datagrams (EIO)' })
    expect(path.cut(await opened(), 1232)).toBe(false)
  })

  it('tells once when it is over, and never where it was not in use', () => {
    const told: string[] = []
    const [path, missing] = [new FastPath(() => true), new FastPath('koffi is not installed')]
    for (const one of [path, missing]) one.whenOver((reason) => told.push(reason))
    path.fail('EIO')
    path.fail('EINVAL')
    missing.fail('EIO')
    expect(told).toEqual(['EIO'])
    expect([path.reason, missing.reason]).toEqual(['EIO', 'koffi is not installed'])
  })

  it('has one reason for a process, whichever it is', async () => {
    const [one, two] = [await fastPath(true), await fastPath(true)]
    expect(one.reason).toMatch(/UDP_SEGMENT|koffi|kernel|joins no datagrams/)
    expect(two.use).toEqual(one.use)
    one.fail('only this one')
    expect(two.reason).not.toBe(one.reason)
  })
})

describe('the descriptor of a socket', () => {
  it('is known while it is open', async () => {
    const socket = await opened()
    expect(descriptorOf(socket)).toBeGreaterThan(2)
    expect(descriptorOf(await opened())).not.toBe(descriptorOf(socket))
  })

  it('is not known before it is bound, nor when it is closed', async () => {
    const socket = createSocket('udp6')
    expect(descriptorOf(socket)).toBeUndefined()
    socket.bind(0, '::1')
    await once(socket, 'listening')
    socket.close()
    expect(descriptorOf(socket)).toBeUndefined()
  })
})

async function opened(): Promise<Socket> {
  const socket = createSocket({ type: 'udp6', ipv6Only: true })
  onTestFinished(() => void socket.close())
  socket.bind(0, '::1')
  await once(socket, 'listening')
  return socket
}
