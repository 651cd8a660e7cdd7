/** What a dashboard counts of what passes, and that all of it is bounded. */
import { describe, expect, it } from 'vitest'
import { concat } from '../../../../bus/core/bytes.ts'
import { type ControlRecord, writeBinding } from '../../../../bus/core/wire/control.ts'
import { Writer } from '../../../../bus/core/wire/cursor.ts'
import { Kind, VERSION_SEALED } from '../../../../bus/core/wire/packet.ts'
import type { Passed } from '../../../../relay/arrival.ts'
import { STREAMS_MAX, Streams } from '../../../../relay/dashboard/streams.ts'
import { PEERS_MAX, Watch } from '../../../../relay/dashboard/watch.ts'
import type { Source } from '../../../../relay/gate.ts'
import { counting } from '../../core/crypto.ts'
import { controlBytes } from '../../core/wire/any.ts'

const SEGMENT: Source = { address: 'fe80::1', face: 'eth0' }
const TRUNK: Source = { address: 'relay 1f', face: 'relay 1f' }
const LINK: Source = { link: 40_123 }
const SEALED = counting(30)

function packet(kind: number, instance: bigint, given: Partial<Passed['header']> = {}): Passed {
  const header = { version: VERSION_SEALED, kind, flags: 0, epoch: 0, hint: 1 }
  const id = { instance, stream: 0, number: 1, ...given }
  return { header: { ...header, ...id }, packet: new Uint8Array(100) }
}

function hello(
  instance: bigint,
  given: { name?: string; signed?: boolean; flags?: number } = {},
): Passed {
  const { name = 'lamp', signed = true, flags = 0 } = given
  const body = {
    flags,
    identity: counting(32),
    salt: counting(16),
    challenge: 1n,
    controlNumber: 0,
    intervalMs: 1000,
    port: 1,
    streamCount: 0,
    name: new TextEncoder().encode(name),
    tags: [],
    asked: [],
    echoes: [],
    rights: new Uint8Array(0),
  }
  const made = { hello: body, signed: SEALED, signature: SEALED }
  return {
    ...packet(Kind.hello, instance),
    hello: { ...made, isSigned: () => signed, failed: () => undefined },
  }
}

function control(instance: bigint, number: number, ...records: ControlRecord[]): Passed {
  const body = concat(...records.map(controlBytes))
  return { ...packet(Kind.control, instance, { number }), body }
}

function binding(stream: number, tag: bigint): ControlRecord {
  const entry = { stream, tag, mode: 0, packetSize: 1232, ageMs: 0, sealedName: SEALED }
  const writer = new Writer(200)
  writeBinding(writer.varint(1), entry)
  const signed = writer.written
  return { type: 'bindings', entries: [entry], signed, signature: counting(64) }
}

const nak = { type: 'nak', flags: 0, rttUs: 0, missed: 0, all: 0, stream: 3 } as const

describe('what passes', () => {
  it('is counted by the way it comes and goes', () => {
    const watch = new Watch()
    for (const from of [SEGMENT, TRUNK, LINK, LINK]) watch.heard(0, packet(Kind.data, 1n), from)
    watch.left('link 40123', 70)
    expect(watch.flow('segment eth0')).toMatchObject({ packetsIn: 1, bytesIn: 100, bytesOut: 0 })
    expect(watch.flow('trunk 1f')).toMatchObject({ packetsIn: 1 })
    const link = { packetsIn: 2, bytesIn: 200, datagramsOut: 1, bytesOut: 70 }
    expect(watch.flow('link 40123')).toEqual(link)
    watch.gone('link 40123')
    expect(watch.flow('link 40123')).toMatchObject({ packetsIn: 0, datagramsOut: 0 })
  })
})

describe('a peer', () => {
  it('is shown by its signed name, and by every way it is heard', () => {
    const watch = new Watch()
    watch.heard(0, hello(1n), SEGMENT)
    watch.heard(500, hello(1n, { name: 'thief', signed: false }), LINK)
    watch.heard(1000, packet(Kind.data, 1n, { stream: 3 }), LINK)
    const [peer, ...others] = watch.peers(2000)
    expect(others).toEqual([])
    expect(peer).toMatchObject({ name: 'lamp', instance: '0000000000000001' })
    expect(peer?.heard).toEqual([
      ['segment eth0', 2000],
      ['link 40123', 1000],
    ])
  })

  it('goes when it says so itself, or after three of its intervals and a while', () => {
    const watch = new Watch()
    watch.heard(0, hello(1n), SEGMENT)
    watch.heard(0, hello(2n), SEGMENT)
    watch.heard(1, hello(1n, { flags: 1, signed: false }), SEGMENT)
    expect(watch.peers(15_000)).toHaveLength(2)
    watch.heard(15_000, hello(1n, { flags: 1 }), SEGMENT)
    expect(watch.peers(15_000)).toHaveLength(1)
    expect(watch.peers(15_001)).toHaveLength(0)
  })

  it('is one of so many: the first is forgotten', () => {
    const watch = new Watch()
    for (let i = 1; i <= PEERS_MAX + 1; i++) watch.heard(i, hello(BigInt(i)), SEGMENT)
    const peers = watch.peers(PEERS_MAX)
    expect(peers).toHaveLength(PEERS_MAX)
    expect(peers.some(({ instance }) => BigInt(`0x${instance}`) === 1n)).toBe(false)
  })
})

describe('a topic', () => {
  it('has the packets of its streams, what came again, what was asked for and what was lost', () => {
    const watch = new Watch()
    watch.heard(0, hello(1n), SEGMENT)
    watch.heard(0, hello(2n), LINK)
    for (const number of [1, 2, 4, 2]) {
      watch.heard(1, packet(Kind.data, 1n, { stream: 3, number }), SEGMENT)
    }
    // A copy by another way is not sent again.
    watch.heard(1, packet(Kind.data, 1n, { stream: 3, number: 4 }), LINK)
    expect(watch.topics()).toMatchObject([{ tag: '', sealed: '', packets: 5 }])
    watch.heard(2, control(1n, 1, binding(3, 0xabn)), SEGMENT)
    const asks = { ...nak, target: 1n, first: 3, missing: Uint8Array.of(0b1010_0001) }
    const gave = { type: 'cursor', target: 1n, entries: [{ stream: 3, next: 9, lost: 2 }] } as const
    watch.heard(3, control(2n, 1, asks, gave), LINK)
    // The same packet by another way counts once.
    watch.heard(3, control(2n, 1, asks, gave), SEGMENT)
    const [topic] = watch.topics()
    expect(topic).toMatchObject({ tag: '00000000000000ab', publishers: 1, packets: 5, bytes: 500 })
    expect(topic).toMatchObject({ again: 1, asked: 3, lost: 2 })
    expect(topic?.sealed).toHaveLength(2 * SEALED.length)
  })

  it('is not heard of by those who have not said hello', () => {
    const watch = new Watch()
    watch.heard(0, packet(Kind.data, 1n, { stream: 3 }), SEGMENT)
    watch.heard(0, control(1n, 1, binding(3, 1n)), SEGMENT)
    expect(watch.topics()).toEqual([])
  })

  it('is one of so many: who has been silent longest is forgotten', () => {
    const streams = new Streams()
    const say = (stream: number): void => {
      streams.packet({ instance: 1n, stream, number: 1 }, { face: 'a', size: 10 })
    }
    for (let stream = 1; stream <= STREAMS_MAX; stream++) say(stream)
    say(1)
    say(STREAMS_MAX + 1)
    // The second had one packet, the first has two.
    expect(streams.topics()).toMatchObject([{ packets: STREAMS_MAX + 1 }])
  })
})
