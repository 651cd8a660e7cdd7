/** What every transport promises, as tests that run over any of them. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import {
  quietMs,
  randomGroup,
  sockets,
  window,
  World,
  type TransportKind,
} from './transport-world.ts'

export function transportSuite(kind: TransportKind): void {
  describe(`transport contract: ${kind.name}`, () => {
    memberships(kind)
    datagrams(kind)
    endings(kind)
  })
}

function memberships(kind: TransportKind): void {
  test('delivers a group datagram once to each member, and to the sender if it is one', async () => {
    await using world = new World(kind)
    const [a, b, c] = [await world.peer(), await world.peer(), await world.peer()]
    const group = randomGroup()
    for (const peer of [a, b, c]) peer.transport.join(group)
    await world.joined()
    a.transport.send(group, world.datagram(1))
    for (const peer of [a, b, c]) await peer.hears([1])
    await sleep(quietMs)
    for (const peer of [a, b, c]) expect(peer.numbers()).toEqual([1])
  })

  test('joins once however often it is told, so that one leave ends it', async () => {
    await using world = new World(kind)
    const [sender, member] = [await world.peer(), await world.peer()]
    const group = randomGroup()
    member.transport.join(group)
    member.transport.join(group)
    await world.joined()
    sender.transport.send(group, world.datagram(1))
    await member.hears([1])
    member.transport.leave(group)
    member.transport.leave(group)
    await world.joined()
    sender.transport.send(group, world.datagram(2))
    await sleep(quietMs)
    expect(member.numbers()).toEqual([1])
    member.transport.join(group)
    await world.joined()
    sender.transport.send(group, world.datagram(3))
    await member.hears([1, 3])
  })

  test('hears a group after rejoin as before, and ignores rejoin of a group not joined', async () => {
    await using world = new World(kind)
    const [sender, member] = [await world.peer(), await world.peer()]
    const [group, other] = [randomGroup(), randomGroup()]
    member.transport.join(group)
    member.transport.rejoin(group)
    member.transport.rejoin(other)
    await world.joined()
    sender.transport.send(group, world.datagram(1))
    sender.transport.send(other, world.datagram(2))
    await member.hears([1])
    await sleep(quietMs)
    expect(member.numbers()).toEqual([1])
  })

  test('joins a thousand groups and hears each of them', async () => {
    await using world = new World(kind)
    const [sender, member] = [await world.peer(), await world.peer()]
    const groups = Array.from({ length: 1_000 }, randomGroup)
    for (const group of groups) member.transport.join(group)
    await world.joined()
    for (const [number, group] of groups.entries()) {
      sender.transport.send(group, world.datagram(number))
      if (number % window === window - 1) await member.hearsCount(number + 1)
    }
    await member.hears(groups.map((_, number) => number))
    expect(member.warnings()).toEqual([])
  })
}

function datagrams(kind: TransportKind): void {
  test('delivers unicast to the private port of one peer only', async () => {
    await using world = new World(kind)
    const [a, b, c] = [await world.peer(), await world.peer(), await world.peer()]
    const group = randomGroup()
    for (const peer of [b, c]) peer.transport.join(group)
    await world.joined()
    a.transport.send(group, world.datagram(1))
    await b.hears([1])
    // What a peer needs to answer: the address from the datagram, the port from its greeting.
    const address = b.heard[0]?.from.address ?? ''
    b.transport.send({ address, port: a.transport.port }, world.datagram(2))
    await a.gets(2)
    await c.hears([1])
    await sleep(quietMs)
    expect(b.numbers()).toEqual([1])
    expect(c.numbers()).toEqual([1])
  })

  test('answers to the source of a unicast datagram arrive', async () => {
    await using world = new World(kind)
    const [a, b] = [await world.peer(), await world.peer()]
    const group = randomGroup()
    a.transport.join(group)
    await world.joined()
    b.transport.send(group, world.datagram(1))
    await a.hears([1])
    const address = a.heard[0]?.from.address ?? ''
    a.transport.send({ address, port: b.transport.port }, world.datagram(2))
    const source = await b.gets(2)
    expect(source.port).toBe(a.transport.port)
    b.transport.send(source, world.datagram(3))
    await a.hears([1, 3])
  })

  test('carries a datagram of the largest size whole', async () => {
    await using world = new World(kind)
    const [sender, member] = [await world.peer(), await world.peer()]
    const group = randomGroup()
    member.transport.join(group)
    await world.joined()
    const size = sender.transport.datagramSize
    const large = randomBytes(size)
    large.set(world.datagram(1, size).subarray(0, world.datagram(1).length))
    sender.transport.send(group, large)
    await member.hears([1])
    const bytes = member.heard[0]?.bytes ?? new Uint8Array()
    expect(bytes.length).toBe(size)
    expect(Buffer.compare(bytes, large)).toBe(0)
  })

  test('gives every listener bytes of its own', async () => {
    await using world = new World(kind)
    const [a, b] = [await world.peer(), await world.peer()]
    const group = randomGroup()
    for (const peer of [a, b]) peer.transport.join(group)
    await world.joined()
    const sent = world.datagram(1)
    a.transport.send(group, sent)
    await a.hears([1])
    await b.hears([1])
    a.heard[0]?.bytes.fill(0)
    expect(sent).toEqual(world.datagram(1))
    expect(Buffer.compare(b.heard[0]?.bytes ?? new Uint8Array(), sent)).toBe(0)
  })

  test('keeps the order of each sender in a long burst, and counts nothing as pending after', async () => {
    await using world = new World(kind)
    const [a, b, member] = [await world.peer(), await world.peer(), await world.peer()]
    const group = randomGroup()
    member.transport.join(group)
    await world.joined()
    const total = 5_000
    for (let number = 0; number < total; number += 1) {
      // Even numbers by one sender, odd ones by the other.
      const sender = number % 2 === 0 ? a : b
      sender.transport.send(group, world.datagram(number, 1_000))
      if (number % window === window - 1) await member.hearsCount(number + 1)
    }
    await member.hearsCount(total)
    for (const parity of [0, 1]) {
      const heard = member.numbers().filter((number) => number % 2 === parity)
      expect(heard).toEqual(Array.from({ length: total / 2 }, (_, at) => at * 2 + parity))
    }
    expect(a.transport.pending + b.transport.pending).toBe(0)
  })

  test('does not deliver within the call to send', async () => {
    await using world = new World(kind)
    const peer = await world.peer()
    const group = randomGroup()
    peer.transport.join(group)
    await world.joined()
    peer.transport.send(group, world.datagram(1))
    expect(peer.heard).toEqual([])
    await peer.hears([1])
  })
}

function endings(kind: TransportKind): void {
  test('has a private port from open on', async () => {
    await using world = new World(kind)
    const transport = kind.create()
    expect(transport.port).toBe(0)
    const [a, b] = [await world.peer(transport), await world.peer()]
    expect(a.transport.port).toBeGreaterThan(0)
    expect(a.transport.port).not.toBe(b.transport.port)
  })

  test('is silent when told to send what nobody can get', async () => {
    await using world = new World(kind)
    const peer = await world.peer()
    peer.transport.send({ address: 'nowhere', port: 9 }, world.datagram(1))
    peer.transport.send({ address: '127.0.0.1', port: 9 }, world.datagram(1))
    peer.transport.send({ address: '::1', port: 0 }, world.datagram(1))
    peer.transport.send({ address: '::1', port: 70_000 }, world.datagram(1))
    await sleep(quietMs)
    expect(peer.transport.pending).toBe(0)
    // That there is no relay is told, whatever is sent.
    expect(peer.events.filter(({ type }) => type !== 'unlinked')).toEqual([])
  })

  test('is silent before open and after close', async () => {
    await using world = new World(kind)
    const group = randomGroup()
    const [early, member] = [kind.create(), await world.peer()]
    member.transport.join(group)
    await world.joined()
    early.send(group, world.datagram(1))
    await early.close()
    const late = await world.peer()
    late.transport.join(group)
    await late.transport.close()
    await late.transport.close()
    late.transport.send(group, world.datagram(2))
    late.transport.join(randomGroup())
    late.transport.leave(group)
    member.transport.send(group, world.datagram(3))
    await member.hears([3])
    await sleep(quietMs)
    expect(member.numbers()).toEqual([3])
    expect(late.heard).toEqual([])
  })

  test('opens only once', async () => {
    await using world = new World(kind)
    const peer = await world.peer()
    await expect(peer.transport.open(peer)).rejects.toMatchObject({ code: 'CLOSED' })
    await peer.transport.close()
    await expect(peer.transport.open(peer)).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('close releases all that could keep the process alive', async () => {
    await expect.poll(sockets).toBe(0)
    {
      await using world = new World(kind)
      const [sender, member] = [await world.peer(), await world.peer()]
      for (let number = 0; number < 600; number += 1) {
        const group = randomGroup()
        member.transport.join(group)
        sender.transport.send(group, world.datagram(number))
      }
    }
    await expect.poll(sockets).toBe(0)
  })
}

/** For transports that hear only what they joined; a wildcard socket hears all its host's groups. */
export function foreignSuite(kind: TransportKind): void {
  test('keeps group datagrams from who has not joined', async () => {
    await using world = new World(kind)
    const [sender, member, stranger] = [await world.peer(), await world.peer(), await world.peer()]
    const group = randomGroup()
    member.transport.join(group)
    stranger.transport.join(randomGroup())
    await world.joined()
    sender.transport.send(group, world.datagram(1))
    await member.hears([1])
    await sleep(quietMs)
    expect(stranger.numbers()).toEqual([])
  })
}
