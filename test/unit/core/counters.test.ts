/** Counters: each has a test that reads it, and those that no other test is about are counted here. */
import { describe, expect, it } from 'vitest'
import { COUNTER_NAMES, type CounterName } from '../../../bus/core/metrics.ts'
import { Kind, LENGTH_SIZE } from '../../../bus/core/wire/packet.ts'
import { HeartbeatFlag } from '../../../bus/core/wire/control.ts'
import { readSources } from '../../setup/source.ts'
import { Answering, range } from './answering.ts'
import { Attack, body, startedEntry } from './attacking.ts'
import { controlBytes } from './wire/any.ts'

const tests = readSources(['test'])
  .filter(({ path }) => path.endsWith('.test.ts'))
  .map(({ text }) => text)
  .join('\n')

/** Whether a test reads a counter. A word that others use, too, has to be read as one. */
function isRead(name: string): boolean {
  if (/[A-Z]/.test(name)) return new RegExp(`\\b${name}\\b`).test(tests)
  const call = `\\w*count\\w*\\((?:[^()]|\\([^()]*\\))*'${name}'`
  const got = `metrics\\.get\\('${name}'\\)`
  const field = `(?:metrics(?:\\(\\))?|counts|counters|stats\\(\\))\\??\\.${name}\\b`
  const among = `\\{[^{}]*\\b${name}: *(?:\\d|expect)`
  return new RegExp(`${call}|${got}|${field}|${among}`, 'i').test(tests)
}

/** A member that publishes with this mode, and a subscriber who has begun with its first packet. */
function receiving(mode = 0): {
  readonly world: Attack
  readonly member: ReturnType<Attack['member']>
} {
  const world = new Attack()
  const member = world.member()
  world.announce(member, ['plant/1/x'], mode).wait(100)
  const asker = world.target.peer.instance
  const entries = [startedEntry(1)]
  world.send(member.control(controlBytes({ type: 'started', asker, entries })))
  return { world, member }
}

describe('every counter', () => {
  it('is read by a test', () => {
    expect(COUNTER_NAMES.filter((name) => !isRead(name))).toEqual([])
  })

  it('would be missed', () => {
    expect([isRead(['no', 'Such'].join('')), isRead('invented')]).toEqual([false, false])
  })
})

describe('counters of what comes', () => {
  it('count datagrams and bytes, whatever is in them', () => {
    const world = new Attack()
    const before = [world.count('packetsReceived'), world.count('bytesReceived')]
    world.send(new Uint8Array(30)).send(new Uint8Array(12))
    const after = [world.count('packetsReceived'), world.count('bytesReceived')]
    expect(after.map((count, i) => count - before[i]!)).toEqual([2, 42])
  })

  it('tell packets that end too early, that are of no known kind, and the own ones', () => {
    const world = new Attack()
    const member = world.member()
    const packet = member.control(new Uint8Array(9))
    world.send(packet.subarray(0, -1))
    expect(world.count('truncated')).toBe(1)
    const odd = packet.slice()
    odd[LENGTH_SIZE]! = (odd[LENGTH_SIZE]! & 0xf0) | (Kind.page + 1)
    world.send(odd)
    expect(world.count('reserved')).toBe(1)
    const own: Uint8Array[] = []
    world.target.watch = (_, datagram) => void own.push(datagram.slice())
    world.wait(3000)
    const before = world.count('own')
    world.send(own[0]!)
    expect(world.count('own')).toBe(before + 1)
  })
})

describe('counters of what is lost', () => {
  it('tell the network from what nobody has proven', () => {
    const lost = (mode: number, numbers: readonly number[]): CounterName[] => {
      const { world, member } = receiving(mode)
      for (const number of numbers) {
        world.send(member.data(1, number, { flags: 0, body: body(number - 1) }))
      }
      const head = numbers.at(-1)!
      const entries = [{ stream: 1, head, index: head, receivers: 1 }]
      const beat = { type: 'heartbeat', flags: 0, grttUs: 9, entries } as const
      for (let past = 0; past < 12_000; past += 500) {
        world.send(member.control(controlBytes(beat))).wait(500)
      }
      const names = ['lostNetwork', 'lostUnproven', 'lostHistory'] as const
      return names.filter((name) => world.count(name) === 1)
    }
    expect(lost(0, [1, 3])).toEqual(['lostNetwork'])
    expect(lost(1 << 4, [1])).toEqual(['lostUnproven'])
  })
})

describe('counters of what is sent', () => {
  it('tell of newest values that were never sent, since newer ones came', () => {
    const world = new Attack()
    world.wait(400)
    const { peer } = world.target
    const message = { topic: 'own/x', segments: ['own', 'x'], codec: 0, urgent: false }
    for (let i = 0; i < 3; i++) {
      peer.publish(world.now, { ...message, payload: new Uint8Array(1), delivery: 'latest' })
    }
    expect(world.count('messagesConflated')).toBe(2)
  })

  it('tell of parity, in answer to several that lack something', () => {
    const world = new Answering({ attached: 2 }).publish(64)
    world.ask(1, [3, 9], { parity: true }).wait(100)
    expect([world.count('paritySent'), world.parity.length]).toEqual([2, 2])
  })

  it('tell of signatures, made and looked at', () => {
    const { world, member } = receiving(2 << 4)
    for (const number of range(1, 3)) {
      world.send(member.signed(1, number, { content: body(number - 1) }))
    }
    expect([world.count('packetsVerified'), world.target.delivered]).toEqual([3, 3])
    const { peer } = world.target
    const message = { topic: 'own/x', segments: ['own', 'x'], codec: 0, urgent: true }
    const payload = new Uint8Array(1)
    peer.publish(world.now, { ...message, payload, delivery: 'reliable', proof: 'each' })
    world.target.drain(world.now)
    expect(world.count('packetsSigned')).toBe(1)
  })
})

describe('counters of bounds', () => {
  it('tell of receivers that are not remembered', () => {
    const world = new Answering({ attached: 3, limits: { receivers: 2 } })
    expect(world.count('receiversFull')).toBe(1)
  })

  it('tell of signatures that nobody looks at, since too many wait', () => {
    const world = new Attack({ signatures: 0 })
    world.send(world.stranger().hello({ echoes: [world.target.challenge] }))
    expect([world.count('signaturesFull'), world.target.present.size]).toEqual([1, 0])
  })

  it('tell of control records that found no room', () => {
    const world = new Attack({ controlSize: 0 })
    const member = world.member()
    world.announce(member, ['plant/1/x']).wait(100)
    const far = [{ stream: 1, head: 0, index: 0, receivers: 1 }]
    const flags = HeartbeatFlag.final
    world.send(member.control(controlBytes({ type: 'heartbeat', flags, grttUs: 9, entries: far })))
    world.wait(500)
    expect(world.count('controlFull')).toBeGreaterThan(0)
  })
})
