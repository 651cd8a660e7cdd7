/** The links of a relay over loopback: who is let in, what each may cost, and how it ends. */
import { once } from 'node:events'
import { connect as dial, type Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { newIdentity } from '../../../bus/index.ts'
import { concat } from '../../../bus/core/bytes.ts'
import { LinkOutbox } from '../../../bus/io/link-outbox.ts'
import { writeGroups, writeMulticast, writeRung, writeSign } from '../../../bus/core/wire/link.ts'
import { counting } from '../core/crypto.ts'
import { LinkPeer } from './link-peer.ts'
import { ThinLink, ThinPeer } from './thin-link.ts'
import { busAt, key, linkAt, realm, relayWith, WAIT } from './world.ts'

describe('a relay turns away', () => {
  it.each([
    ['another key', { key: counting(32, 5) }, /4401: the key of the realm/, 'proofRefused'],
    ['another realm', { realm: 'home' }, /4404: this relay serves another realm/, 'realmRefused'],
    ['another scope', { scope: 'link' }, /4405: this relay serves another scope/, 'scopeRefused'],
  ] as const)('%s', async (...[, options, reason, counter]) => {
    const relay = await relayWith()
    const failed = busAt(relay.url, options)
    await expect(failed).rejects.toMatchObject({ code: 'DENIED' })
    await expect(failed).rejects.toThrow(reason)
    expect(relay.stats()).toMatchObject({ links: 0, [counter]: 1 })
  })

  it('whom its owner does not admit, and everybody while his policy fails', async () => {
    const friend = newIdentity()
    const id = Buffer.from(friend.publicKey).toString('hex')
    const relay = await relayWith({ admit: ({ identity }) => identity === id })
    await busAt(relay.url, { identity: friend })
    await expect(busAt(relay.url)).rejects.toThrow(/4403: this peer is not admitted here/)
    const broken = await relayWith({
      admit: () => {
        throw new Error('the policy is broken')
      },
    })
    await expect(busAt(broken.url)).rejects.toMatchObject({ code: 'DENIED' })
    expect(broken.stats()).toMatchObject({ admitRefused: 1, links: 0 })
  })

  it('a proof that is signed by somebody else, or answers another nonce', async () => {
    const relay = await relayWith()
    for (const fault of ['signature', 'nonce'] as const) {
      const refused = LinkPeer.open(relay.url, { name: realm, root: key }, { fault })
      await expect(refused).rejects.toThrow('4401')
    }
    expect(relay.stats()).toMatchObject({ proofRefused: 2, links: 0 })
  })

  it('who does not prove himself in time, and who sends something else first', async () => {
    const relay = await relayWith({ limits: { handshakeTime: 800 } })
    const silent = new WebSocket(relay.url, 'sixcast.1')
    expect((await once(silent, 'close'))[0]).toBe(4408)
    const hasty = new WebSocket(relay.url, 'sixcast.1')
    await once(hasty, 'open')
    hasty.send(writeGroups('join', ['ff11:0:0:0:0:0:8000:1'])[0]!)
    expect((await once(hasty, 'close'))[0]).toBe(4400)
    expect(relay.stats()).toMatchObject({ handshakeLate: 1, malformed: 1, groups: 0 })
  })

  it('slow headers after the same time', async () => {
    const relay = await relayWith({ limits: { handshakeTime: 200 } })
    const { port } = new URL(relay.url)
    const socket: Socket = dial(Number(port), '::1')
    await once(socket, 'connect')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n')
    socket.on('error', () => undefined).resume()
    await once(socket, 'close')
  })

  it('links beyond its bounds, pages of strangers, and other protocols, before any link', async () => {
    const relay = await relayWith({
      limits: { links: 3, linksPerAddress: 2 },
      origins: ['http://ok'],
    })
    const refusal = async (protocol: string, origin?: string): Promise<string> => {
      const socket = new WebSocket(relay.url, protocol, origin === undefined ? {} : { origin })
      const [error] = (await once(socket, 'error')) as [Error]
      return error.message
    }
    expect(await refusal('chat')).toMatch(/400/)
    expect(await refusal('sixcast.1', 'http://bad')).toMatch(/403/)
    const fair = new WebSocket(relay.url, ['chat', 'sixcast.1'], { origin: 'http://ok' })
    await once(fair, 'open')
    expect(fair.protocol).toBe('sixcast.1')
    await linkAt(relay.url)
    expect(await refusal('sixcast.1')).toMatch(/429/)
    fair.terminate()
    await vi.waitFor(async () => void (await linkAt(relay.url)), WAIT)
    expect(relay.stats()).toMatchObject({ addressFull: 1, originRefused: 1, protocolRefused: 1 })
    const small = await relayWith({ limits: { links: 1 } })
    await linkAt(small.url)
    await expect(busAt(small.url)).rejects.toThrow(/answers 503/)
    expect(small.stats()).toMatchObject({ linksFull: 1 })
  })
})

describe('a link', () => {
  it.each([
    ['text', (socket: WebSocket): void => socket.send('hello'), 4400],
    ['bytes that are no records', (socket: WebSocket): void => socket.send(counting(9, 9)), 4400],
    [
      'a message that is too large',
      (socket: WebSocket): void => socket.send(new Uint8Array(65_537)),
      1009,
    ],
    ['more fragments than a message has', fragments, 1008],
  ])('ends by %s', async (_, send, code) => {
    const relay = await relayWith()
    const link = await linkAt(relay.url)
    send(link.socket)
    expect(await link.ended).toBe(code)
    await vi.waitFor(() => expect(relay.stats()).toMatchObject({ links: 0, malformed: 1 }), WAIT)
  })

  it('that says nothing is asked, and ended when it does not answer', async () => {
    const relay = await relayWith({ limits: { idleTime: 1500 } })
    const [mute, alive] = [await linkAt(relay.url), await linkAt(relay.url)]
    alive.onPing = () => alive.socket.send(writeSign('pong'))
    expect(await mute.ended).toBe(4409)
    await vi.waitFor(() => expect(relay.stats()).toMatchObject({ links: 1, idle: 1 }), WAIT)
  })

  it('that sends a message byte by byte, and never ends it, is ended as if it said nothing', async () => {
    const relay = await relayWith({ limits: { idleTime: 1500 } })
    const { port } = new URL(relay.url)
    const slow = await ThinLink.open(Number(port), new ThinPeer({ name: realm, root: key }))
    // The head of a message of 65,535 bytes, and then one of them now and again.
    slow.raw(new Uint8Array([0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0]))
    const dripping = setInterval(() => slow.raw(new Uint8Array(1)), 100)
    await vi.waitFor(() => expect(relay.stats()).toMatchObject({ links: 0, idle: 1 }), WAIT)
    clearInterval(dripping)
    slow.end()
  })

  it('that floods is read at its rate, and others are not held up', async () => {
    const relay = await relayWith({ limits: { bytesPerSecond: 500_000 } })
    const link = await linkAt(relay.url)
    const [a, b] = [await busAt(relay.url), await busAt(relay.url)]
    const messages = b.subscribe('x')
    const record = writeMulticast('ff11:0:0:0:0:0:8000:1', link.packet(60_000))!
    for (let i = 0; i < 80; i++) link.socket.send(record)
    a.publish('x', 'through')
    for await (const { value } of messages) {
      expect(value).toBe('through')
      break
    }
    // Of nearly five megabytes one comes at once, the rest in eight seconds.
    const { bytesIn, throttled } = relay.stats()
    expect(bytesIn).toBeLessThan(80 * record.length)
    expect(throttled).toBeGreaterThan(0)
  })

  it('pays for each name that it says, since each costs a digest', async () => {
    const relay = await relayWith({ limits: { bytesPerSecond: 100_000 } })
    const link = await linkAt(relay.url)
    const rungs = Array.from({ length: 2500 }, (_, seed) => writeRung(false, counting(16, seed)))
    const message = concat(...rungs)
    for (let i = 0; i < 2; i++) link.socket.send(message)
    await vi.waitFor(() => expect(relay.stats().throttled).toBeGreaterThan(0), WAIT)
    expect(relay.stats().links).toBe(1)
  })

  it('that does not read loses datagrams and is ended; what waits for it is bounded', async () => {
    const limits = { bufferSize: 200_000, stuckTime: 300 }
    const relay = await relayWith({ limits })
    const [reader, other] = [await linkAt(relay.url), await linkAt(relay.url)]
    const group = 'ff11:0:0:0:0:0:8000:1'
    for (const link of [reader, other]) link.socket.send(writeGroups('join', [group])[0]!)
    await vi.waitFor(() => expect(relay.stats().groups).toBe(1), WAIT)
    reader.socket.pause()
    const sender = await linkAt(relay.url)
    const record = writeMulticast(group, sender.packet(50_000))!
    let sent = 0
    const sending = setInterval(() => {
      sender.socket.send(record)
      sent += 1
    }, 5)
    await vi.waitFor(() => expect(relay.stats().stuck).toBe(1), { timeout: 15_000 })
    clearInterval(sending)
    const { bufferFull, datagramsDown } = relay.stats()
    expect(bufferFull).toBeGreaterThan(0)
    // The other one has missed nothing.
    await vi.waitFor(() => expect(other.datagrams).toBe(sent), WAIT)
    expect(datagramsDown).toBeGreaterThan(other.datagrams)
    reader.socket.resume()
  }, 30_000)

  it('keeps its private port when it comes back, unless somebody else has it', async () => {
    const { url } = await relayWith()
    const link = await linkAt(url)
    const port = link.port
    await link[Symbol.asyncDispose]()
    expect((await linkAt(url, port)).port).toBe(port)
    expect((await linkAt(url, port)).port).not.toBe(port)
    expect((await linkAt(url, 80)).port).toBeGreaterThan(32_767)
  })
})

function fragments(socket: WebSocket): void {
  for (let i = 0; i < 100; i++) socket.send(new Uint8Array(1), { fin: i === 99 })
}

describe('a peer whose link takes less than it sends', () => {
  it('counts the datagrams that found no room', async () => {
    const relay = await relayWith()
    const bus = await busAt(relay.url)
    const offer = vi.spyOn(LinkOutbox.prototype, 'offer').mockReturnValue(false)
    try {
      await vi.waitFor(() => {
        bus.publish('a', 1)
        expect(bus.stats().linkFull).toBeGreaterThan(0)
      }, WAIT)
    } finally {
      offer.mockRestore()
    }
  })
})
