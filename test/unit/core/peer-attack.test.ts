/** Single attacks on a peer, by outsiders and by members: what they cannot do. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { Writer } from '../../../bus/core/wire/cursor.ts'
import { HeartbeatFlag } from '../../../bus/core/wire/control.ts'
import { Flag } from '../../../bus/core/wire/packet.ts'
import { writeFragmentPrefix } from '../../../bus/core/wire/record.ts'
import { Attack, body, startedEntry } from './attacking.ts'
import { controlBytes } from './wire/any.ts'

setFlagsFromString('--expose-gc')
// A string that is compiled has no type.
const collect = runInNewContext('gc') as () => void

const SAFE = Number.MAX_SAFE_INTEGER

function memory(): number {
  // The second time takes what the first has set free.
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe('an outsider', () => {
  it('cannot bring a dead instance back with its recorded hello', () => {
    const attack = new Attack()
    const member = attack.stranger()
    const hello = member.hello({ echoes: [attack.target.challenge] })
    attack.send(hello)
    expect(attack.target.present.size).toBe(1)
    attack.send(member.hello({ flags: 1 }))
    expect(attack.target.present.size).toBe(0)
    for (let i = 0; i < 2000; i++) attack.send(attack.stranger().hello()) // out of its memory
    attack.send(hello).wait(50).send(hello)
    expect(attack.target.present.size).toBe(0)
  })

  it('cannot have a recorded packet counted twice', () => {
    const attack = new Attack()
    const member = attack.member()
    attack.announce(member, ['plant/1/x'])
    const control = member.control(
      controlBytes({ type: 'beacon', intervalMs: 500, streamCount: 1 }),
    )
    const started = startedEntry(1)
    const asker = attack.target.peer.instance
    attack.send(control)
    attack.send(member.control(controlBytes({ type: 'started', asker, entries: [started] })))
    const data = member.data(1, 1, { flags: 0, body: body(0) })
    attack.send(data).send(data).send(control)
    expect([attack.target.delivered, attack.count('duplicate'), attack.count('replayed')]).toEqual([
      1, 1, 1,
    ])
    member.number += 20_000
    attack.send(member.control(new Uint8Array(0))).send(control)
    expect(attack.count('unknown')).toBe(1)
  })

  it('changes nothing with what does not authenticate', () => {
    const attack = new Attack()
    const member = attack.member()
    attack.announce(member, ['plant/1/x']).wait(300)
    const quiet = member.control(new Uint8Array(0))
    const data = member.data(1, 5, { flags: 0, body: body(4) })
    const before = [attack.target.sentPackets, attack.target.peer.deadline]
    for (const packet of [quiet, data]) {
      for (let bit = 26 * 8; bit < packet.length * 8; bit++) {
        const changed = packet.slice()
        changed[bit >>> 3]! ^= 1 << (bit & 7)
        attack.send(changed)
      }
    }
    expect([attack.target.sentPackets, attack.target.peer.deadline]).toEqual(before)
    expect(attack.count('forged')).toBe((quiet.length + data.length - 52) * 8)
    expect(attack.send(quiet).count('replayed')).toBe(0)
  })

  it('makes a peer say hello only so often, however many instances it makes up', () => {
    const attack = new Attack()
    const before = attack.target.sentPackets
    for (let i = 0; i < 1000; i++) {
      attack.wait(10).send(attack.stranger().control(new Uint8Array(0)))
    }
    const hellos = attack.target.sentPackets - before
    expect(hellos).toBeLessThan(10 * (20 + 4))
    // The others share the hellos that are sent: up to 32 are asked by each.
    expect(attack.count('askBudget')).toBeGreaterThan(200)
  })

  it('has its hellos dropped unread once too many have failed', () => {
    const attack = new Attack({ failedHellosBySource: 50 })
    const hello = attack.stranger().hello()
    hello[40]! ^= 1
    for (let i = 0; i < 60; i++) {
      hello[20]! = i
      attack.send(hello)
    }
    expect([attack.count('forged'), attack.count('helloBudget')]).toEqual([50, 10])
    attack.send(hello, 2)
    expect(attack.count('forged')).toBe(51)
    attack.wait(1000).send(hello)
    expect(attack.count('forged')).toBe(52)
  })

  it('of an open realm has badly signed hellos dropped unread, too', () => {
    const attack = new Attack({}, { open: true })
    const echoes = [attack.target.challenge]
    for (let i = 0; i < 60; i++)
      attack.send(attack.stranger().hello({ echoes, badSignature: true }))
    expect([attack.count('unverified'), attack.count('helloBudget')]).toEqual([50, 10])
    expect(attack.target.present.size).toBe(0)
  })

  it('has each packet in quarantine dropped when its own time is over', () => {
    const attack = new Attack()
    const stranger = attack.stranger()
    stranger.streams.set(1, { topic: 'plant/1/x', mode: 0, number: 0, index: 0 })
    const beacon = { type: 'beacon', intervalMs: 500, streamCount: 0 } as const
    attack.send(stranger.control(controlBytes(beacon)))
    attack.wait(900).send(stranger.control(controlBytes(beacon)))
    attack.wait(400)
    expect(attack.count('quarantineExpired')).toBe(1)
    attack.wait(900)
    expect(attack.count('quarantineExpired')).toBe(2)
  })
})

describe('a member', () => {
  it('cannot say goodbye for another', () => {
    const attack = new Attack()
    const [victim, villain] = [attack.member(), attack.member()]
    attack.send(villain.hello({ flags: 1, stolen: victim.sender.instance }))
    expect([attack.target.present.size, attack.count('forged')]).toEqual([2, 1])
    attack.send(villain.hello({ flags: 1, badSignature: true }))
    expect([attack.target.present.size, attack.count('unverified')]).toEqual([2, 1])
  })

  it('moves nobody with control that is meant for another', () => {
    const attack = new Attack()
    const member = attack.member()
    attack.wait(3000)
    const before = attack.target.sentPackets
    const target = 1n
    const entry = { stream: 1, ask: 1, from: 1, ageMs: 9000, back: 0, attempt: 3 }
    const records = [
      controlBytes({ type: 'want', target, first: 1, count: 9 }),
      controlBytes({ type: 'attach', target, entries: [entry] }),
      controlBytes({ type: 'cursor', target, entries: [{ stream: 1, next: 9, lost: 0 }] }),
    ]
    for (const record of records) attack.send(member.control(record))
    expect(attack.target.sentPackets).toBe(before)
  })

  it('costs no memory and no time with ranges and counts as large as can be', () => {
    const attack = new Attack()
    const member = attack.member()
    attack.announce(member, ['plant/1/x', 'plant/2/x']).wait(200)
    const target = attack.target.peer.instance
    const entries = [1, 2].map((stream) => startedEntry(stream, { head: SAFE, behind: SAFE }))
    const far = [{ stream: 1, head: SAFE, index: SAFE, receivers: SAFE }]
    const flags = HeartbeatFlag.final
    const before = memory()
    const start = performance.now()
    for (let i = 0; i < 1000; i++) {
      attack.send(member.control(controlBytes({ type: 'want', target, first: 0, count: SAFE })))
      attack.send(member.control(controlBytes({ type: 'started', asker: target, entries })))
      const heartbeat = { type: 'heartbeat', flags, grttUs: SAFE, entries: far } as const
      attack.send(member.control(controlBytes(heartbeat)))
      attack.send(member.data(2, 1 + i * 2 ** 30, { flags: 0, body: body(SAFE - 1000 + i) }))
      attack.wait(1)
    }
    attack.wait(1000)
    expect(memory() - before).toBeLessThan(1024 * 1024)
    expect(performance.now() - start).toBeLessThan(3000)
  })

  it('is one of at most as many as the limit, under a hundred thousand identities', () => {
    const attack = new Attack()
    for (let i = 0; i < 2000; i++) attack.member()
    const before = memory()
    for (let i = 0; i < 98_000; i++) attack.member()
    expect([attack.target.present.size, attack.count('peersFull')]).toEqual([1024, 98_976])
    expect(memory() - before).toBeLessThan(8 * 1024 * 1024)
    // The names that it never let in are no hindrance once the others have left.
    attack.wait(10_000)
    expect(attack.target.present.size).toBe(0)
    attack.member()
    expect(attack.target.present.size).toBe(1)
  }, 60_000)

  it('has as many streams remembered as the limits say, of one and of all', () => {
    const attack = new Attack({ streams: 20, bindings: 50 })
    const topics = Array.from({ length: 30 }, (_, i) => `plant/${i}/x`)
    const members = [attack.member(), attack.member(), attack.member()] as const
    attack.announce(members[0], topics)
    expect(attack.count('streamsFull')).toBe(10)
    attack.announce(members[1], topics).announce(members[2], topics)
    expect(attack.count('streamsFull')).toBe(10 + 10 + 20)
    attack.send(members[0].hello({ flags: 1 })).announce(attack.member(), topics)
    expect(attack.count('streamsFull')).toBe(40 + 10)
  })

  it('holds no more than the limit with messages that it never finishes', () => {
    const attack = new Attack({ assemblySize: 256 * 1024, messageSize: 64 * 1024 })
    const member = attack.member()
    const topics = Array.from({ length: 200 }, (_, i) => `plant/${i}/x`)
    attack.announce(member, topics, 1)
    const before = memory()
    for (let at = 0; at < 20; at++) {
      for (let stream = 1; stream <= topics.length; stream++) {
        const writer = new Writer(1100)
        const place = { index: 0, sentAt: 0, totalSize: 60_000, offset: at * 1000 }
        writeFragmentPrefix(writer, place)
        const packet = { flags: Flag.fragment, body: writer.put(new Uint8Array(1000)).written }
        attack.send(member.data(stream, at + 1, packet))
      }
    }
    expect(attack.count('assemblyFull')).toBeGreaterThan(100)
    expect(memory() - before).toBeLessThan(1024 * 1024)
  })

  it('keeps no stream waiting for packet number 0, and no packets for it', () => {
    const attack = new Attack()
    const member = attack.member()
    attack.announce(member, ['plant/1/x']).wait(100)
    const asker = attack.target.peer.instance
    const entries = [startedEntry(1, { start: 0 })]
    for (let i = 0; i < 300; i++) {
      attack.send(member.control(controlBytes({ type: 'started', asker, entries })))
      attack.send(member.data(1, 10 + i, { flags: 0, body: body(i) })).wait(100)
    }
    expect(attack.target.delivered).toBeGreaterThan(0)
  })
})
