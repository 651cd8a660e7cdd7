/** The one native call: what the kernel has of it, and that it leaves nothing behind. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import koffi from 'koffi'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { descriptorOf, loadSetOption, type SetOption } from '../../../bus/native/setsockopt.ts'

let set: SetOption
beforeAll(async () => {
  const loaded = await loadSetOption()
  if (typeof loaded === 'string') throw new Error(loaded)
  set = loaded
})

describe('setsockopt', () => {
  it('puts whole numbers of 32 bits into effect, of this socket alone', async () => {
    const [socket, other] = [await opened(), await opened()]
    for (const size of [1, 255, 256, 1232, 65_000]) {
      expect(set(socket, { level: SOL_UDP, name: UDP_SEGMENT, value: size })).toBe(true)
      expect(optionOf(socket, UDP_SEGMENT)).toEqual({ value: size, size: 4 })
    }
    expect(optionOf(other, UDP_SEGMENT)).toEqual({ value: 0, size: 4 })
  })

  it('says false to what the kernel refuses, and changes nothing', async () => {
    const socket = await opened()
    expect(set(socket, { level: SOL_UDP, name: UDP_SEGMENT, value: 1232 })).toBe(true)
    for (const value of [-1, 65_536, 2 ** 31 - 1]) {
      expect(set(socket, { level: SOL_UDP, name: UDP_SEGMENT, value })).toBe(false)
    }
    expect(set(socket, { level: SOL_UDP, name: 99, value: 1 })).toBe(false)
    expect(optionOf(socket, UDP_SEGMENT).value).toBe(1232)
  })

  it('calls nothing for a socket that is closed: its number may be another file by now', async () => {
    const socket = createSocket({ type: 'udp6', ipv6Only: true })
    await bound(socket)
    socket.close()
    const next = await opened()
    expect(set(socket, { level: SOL_UDP, name: UDP_SEGMENT, value: 1232 })).toBe(false)
    expect(optionOf(next, UDP_SEGMENT).value).toBe(0)
  })

  it('leaves no descriptor and no buffer behind in 100,000 calls', async () => {
    const socket = await opened()
    const [files, buffers] = [descriptors(), process.memoryUsage().arrayBuffers]
    for (let call = 0; call < 100_000; call++) {
      // Each fourth is refused.
      const value = call % 4 === 0 ? -1 : 1000 + (call % 400)
      const taken = set(socket, { level: SOL_UDP, name: UDP_SEGMENT, value })
      if (taken === value < 0) throw new Error(`call ${call} said ${taken}`)
    }
    expect(descriptors()).toBe(files)
    // Four bytes a call would be 400 kB.
    expect(process.memoryUsage().arrayBuffers - buffers).toBeLessThan(200_000)
  })

  it('leaves no descriptor behind with the sockets that it was for', async () => {
    const files = descriptors()
    for (let count = 0; count < 200; count++) {
      const socket = createSocket({ type: 'udp6', ipv6Only: true })
      await bound(socket)
      set(socket, { level: SOL_UDP, name: UDP_SEGMENT, value: 1232 })
      const closed = once(socket, 'close')
      socket.close()
      await closed
    }
    expect(descriptors()).toBe(files)
  })
})

/** What the kernel says, and in how many bytes. */
function optionOf(socket: Socket, name: number): { value: number; size: number } {
  const [value, size] = [new Int32Array([-7]), new Uint32Array([4])]
  expect(ask(descriptorOf(socket), SOL_UDP, name, value, size)).toBe(0)
  return { value: value[0]!, size: size[0]! }
}

async function opened(): Promise<Socket> {
  const socket = createSocket({ type: 'udp6', ipv6Only: true })
  onTestFinished(() => void socket.close())
  await bound(socket)
  return socket
}

async function bound(socket: Socket): Promise<void> {
  socket.bind(0, '::1')
  await once(socket, 'listening')
}

/** How many files this process has open. */
function descriptors(): number {
  return readdirSync('/proc/self/fd').length
}

const ask = koffi.load(null).func('int getsockopt(int, int, int, void *, void *)')
const SOL_UDP = 17
const UDP_SEGMENT = 103
