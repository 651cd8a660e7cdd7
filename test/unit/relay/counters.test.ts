/** What a relay counts: each counter after just what it stands for, and by just so much. */
import { randomInt } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connect } from '../../../bus/index.ts'
import { Groups } from '../../../bus/core/path/group.ts'
import { writeGroups, writeMulticast, writeSign } from '../../../bus/core/wire/link.ts'
import { Ports } from '../../../relay/ports.ts'
import type { Segment } from '../../../relay/segment.ts'
import { at, Carrier, keys, Member } from './carrying.ts'
import { busAt, key, linkAt, open, realm, relayWith, WAIT } from './world.ts'

/** A group of the scope `host`. */
const GROUP = 'ff11:0:0:0:0:0:8000:1'
const { control } = new Groups('link', 0, (label) => keys.groupBytes(label))
afterEach(() => void vi.restoreAllMocks())

describe('the traffic of links', () => {
  it('is counted by messages and bytes, in and out', async () => {
    const relay = await relayWith()
    const [from, to] = [await linkAt(relay.url), await linkAt(relay.url)]
    to.socket.send(writeGroups('join', [GROUP])[0]!)
    await vi.waitFor(() => expect(relay.stats().groups).toBe(1), WAIT)
    const out = { messages: 0, bytes: 0 }
    for (const { socket } of [from, to]) {
      socket.on('message', (data: Buffer) => {
        out.messages += 1
        out.bytes += data.length
      })
    }
    const before = relay.stats()
    const sent = [writeSign('pong'), writeMulticast(GROUP, from.packet(500))!, writeSign('pong')]
    for (const message of sent) from.socket.send(message)
    await vi.waitFor(() => expect(to.datagrams).toBe(1), WAIT)
    await vi.waitFor(() => expect(relay.stats().messagesIn).toBe(before.messagesIn + 3), WAIT)
    const after = relay.stats()
    expect(after.bytesIn - before.bytesIn).toBe(sent.reduce((sum, { length }) => sum + length, 0))
    expect(after.messagesOut - before.messagesOut).toBe(out.messages)
    expect(after.bytesOut - before.bytesOut).toBe(out.bytes)
    expect(after).toMatchObject({ datagramsUp: 1, datagramsDown: 1 })
  })

  it('is still counted when its links have gone', async () => {
    const relay = await relayWith()
    const link = await linkAt(relay.url)
    const { messagesIn, messagesOut, bytesOut } = relay.stats()
    expect(Math.min(messagesIn, messagesOut)).toBeGreaterThan(0)
    await link[Symbol.asyncDispose]()
    await vi.waitFor(() => expect(relay.stats().links).toBe(0), WAIT)
    expect(relay.stats()).toMatchObject({ messagesIn, messagesOut, bytesOut })
  })
})

describe('unicastCrossed', () => {
  it('counts what is brought to one peer elsewhere, and nothing else', () => {
    const carrier = new Carrier({}, ['a', 'b'])
    const [one, two] = [new Member(1), new Member(2)]
    const hears = (face: string, member: Member, last: number): void =>
      carrier.bridge.fromGroup(LATER, control, { bytes: member.hello(), from: at(last), face })
    carrier.bridge.tick(LATER)
    hears('a', one, 1)
    hears('b', two, 2)
    const before = carrier.counted()['unicastCrossed'] ?? 0
    carrier.wants()
    const answer = { bytes: two.control(), from: at(2), face: 'b' }
    carrier.bridge.fromPort(LATER, one.port, answer)
    expect(carrier.wants().filter(({ type }) => type === 'unicast')).toHaveLength(1)
    // Nobody of the other network has this port.
    carrier.bridge.fromPort(LATER, 50_001, { ...answer, bytes: two.control() })
    expect(carrier.wants().filter(({ type }) => type === 'unicast')).toHaveLength(0)
    expect((carrier.counted()['unicastCrossed'] ?? 0) - before).toBe(1)
  })
})

describe('ports', () => {
  it('that are used up end the link that wants one: noPort', async () => {
    const relay = await relayWith()
    vi.spyOn(Ports.prototype, 'open').mockReturnValue(0)
    await expect(linkAt(relay.url)).rejects.toThrow('4429')
    expect(relay.stats()).toMatchObject({ noPort: 1, links: 0, linksOpened: 0 })
  })

  it('are used up when the system gives none', () => {
    const openPort = (): number => {
      throw new Error('EMFILE')
    }
    const ports = new Ports({ openPort } as unknown as Segment) // nothing else of it is called
    expect(ports.open(0)).toBe(0)
    expect(ports.open(40_000)).toBe(0)
    expect(ports.hold(40_000)).toBe(false)
  })

  it('that somebody else has on the host are not held for peers elsewhere: portTaken', async () => {
    const [port, other] = [randomInt(20_000, 25_000), randomInt(25_000, 30_000)]
    const far = await relayWith({ multicast: true, port: other })
    const near = await relayWith({ multicast: true, port, links: far.url })
    await vi.waitFor(() => expect(near.stats().trunks).toBe(1), WAIT)
    // The link's port is one of this host, and the far relay has it.
    const linked = await busAt(far.url)
    const local = await connect({ realm, key, port })
    open.push(local)
    const messages = linked.subscribe('x', { gaps: true })
    await local.matched('x', { timeout: 8000 })
    local.publish('x', 'all the same')
    for await (const item of messages) {
      expect(item).toMatchObject({ type: 'message', value: 'all the same' })
      break
    }
    expect(await local.close({ linger: 5000 })).toMatchObject({ unconfirmed: [] })
    expect(near.stats().portTaken).toBe(1)
    expect(far.stats().portTaken).toBe(1)
  })
})

describe('tooLarge', () => {
  it('counts what a network does not take; links are given it all the same', async () => {
    const relay = await relayWith({ multicast: true, port: randomInt(20_000, 30_000) })
    const [from, to] = [await linkAt(relay.url), await linkAt(relay.url)]
    to.socket.send(writeGroups('join', [GROUP])[0]!)
    await vi.waitFor(() => expect(relay.stats().groups).toBeGreaterThan(0), WAIT)
    from.socket.send(writeMulticast(GROUP, from.packet(60_000))!)
    await vi.waitFor(() => expect(to.datagrams).toBe(1), WAIT)
    expect(relay.stats().tooLarge).toBe(0)
    from.socket.send(writeMulticast(GROUP, from.packet(60_001))!)
    await vi.waitFor(() => expect(to.datagrams).toBe(2), WAIT)
    expect(relay.stats().tooLarge).toBe(1)
  })
})

const LATER = 60_000
