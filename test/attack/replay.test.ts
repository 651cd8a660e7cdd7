/** Recorded packets sent again: at once, later, to newcomers, after restarts, in other realms. */
import { describe, expect } from 'vitest'
import { concat } from '../../bus/core/bytes.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { Member } from '../fuzz/member.ts'
import { realm } from '../fuzz/target.ts'
import { Attack, body, startedEntry } from '../unit/core/attacking.ts'
import { crypto } from '../unit/core/crypto.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import { attack } from './attack.ts'
import { dice, Twin } from './twins.ts'

/** A whole life, recorded: hello, binding, start, ten messages, heartbeat. */
function life(world: Attack, member: Member): Uint8Array[] {
  const asker = world.target.peer.instance
  const entries = [startedEntry(1)]
  member.streams.set(1, { topic: 'plant/1/x', mode: 0, number: 0, index: 0 })
  const packets = [
    member.hello({ echoes: [world.target.challenge], streamCount: 1 }),
    member.control(member.bindings([member.entry(1, 'plant/1/x', 0)])),
    member.control(controlBytes({ type: 'started', asker, entries })),
  ]
  for (let number = 1; number <= 10; number++) {
    packets.push(member.data(1, number, { flags: 0, body: body(number - 1) }))
  }
  const beat = [{ stream: 1, head: 10, index: 10, receivers: 1 }]
  packets.push(
    member.control(controlBytes({ type: 'heartbeat', flags: 0, grttUs: 1000, entries: beat })),
  )
  return packets
}

function play(world: Attack, packets: readonly Uint8Array[]): Attack {
  for (const [place, packet] of packets.entries()) {
    world.send(packet)
    // The binding of a life: its start is told when it has been asked for.
    if (place === 1) world.wait(12)
  }
  return world
}

describe('recorded packets', () => {
  attack(
    'replay at once',
    { by: 'outsider', holds: 'each packet counts once, however often it comes' },
    () => {
      const world = new Attack()
      const packets = life(world, world.stranger())
      play(world, packets)
      expect([world.target.delivered, world.target.present.size]).toEqual([10, 1])
      for (let i = 0; i < 20; i++) play(world, packets)
      expect([world.target.delivered, world.target.present.size]).toEqual([10, 1])
      expect(world.count('replayed')).toBeGreaterThan(50)
    },
  )

  attack(
    'replay a minute later',
    { by: 'outsider', holds: 'a peer goes on as if nothing had come' },
    () => {
      const [attacked, spared] = [new Twin(), new Twin()]
      for (const twin of [attacked, spared]) {
        for (let second = 0; second < 60; second++) twin.attack.send(twin.beacon()).wait(1000)
      }
      for (let i = 0; i < 50; i++) {
        for (const packet of Object.values(attacked.recorded)) attacked.attack.send(packet)
      }
      expect(attacked.attack.count('replayed')).toBeGreaterThan(50)
      expect(attacked.future()).toEqual(spared.future())
    },
  )

  attack(
    'replay in another order',
    { by: 'on path', holds: 'order and number come from inside the seal, nothing comes twice' },
    () => {
      const world = new Attack()
      const packets = life(world, world.stranger())
      play(world, packets.slice(0, 3))
      for (const packet of packets.slice(3).toReversed()) world.send(packet).send(packet)
      expect(world.target.delivered).toBe(10)
    },
  )

  attack(
    'a dead session for a newcomer',
    { by: 'outsider', holds: 'who does not answer this challenge is nobody: nothing is delivered' },
    () => {
      const then = new Attack()
      const packets = life(then, then.stranger())
      expect(play(then, packets).target.delivered).toBe(10)
      const now = newcomer('another life')
      for (let i = 0; i < 10; i++) play(now, packets).wait(500)
      expect([now.target.delivered, now.target.present.size]).toEqual([0, 0])
      expect(now.target.peer.held.packets).toBeLessThanOrEqual(256)
    },
  )

  attack(
    'old data for a restarted receiver',
    { by: 'outsider', holds: 'what was sent before its publisher says it begins is not delivered' },
    () => {
      const world = newcomer('restarted receiver')
      const member = world.member()
      const old = life(world, member).slice(3, 13)
      world.announce(member, ['plant/1/x'])
      play(world, old).wait(20)
      const asker = world.target.peer.instance
      const entries = [startedEntry(1, { start: 11, wanted: 10, index: 10, head: 10, behind: 10 })]
      world.send(member.control(controlBytes({ type: 'started', asker, entries })))
      play(world, old).wait(1000)
      expect(world.target.delivered).toBe(0)
      world.send(member.data(1, 11, { flags: 0, body: body(10) }))
      expect(world.target.delivered).toBe(1)
    },
  )

  attack(
    'old data after its sender has restarted',
    { by: 'outsider', holds: 'another life has another instance and other keys' },
    () => {
      const world = new Attack()
      const first = world.stranger()
      const packets = life(world, first)
      play(world, packets).send(first.hello({ flags: 1 }))
      const second = world.member()
      world.announce(second, ['plant/1/x'])
      play(world, packets).wait(1500)
      play(world, packets)
      expect([world.target.delivered, world.target.present.size]).toEqual([10, 1])
      expect([...world.target.present]).toEqual([second.sender.instance])
    },
  )

  attack(
    'old data under the new instance',
    { by: 'outsider', holds: 'the instance is in the nonce and in the key: nothing opens' },
    () => {
      const world = new Attack()
      const first = world.stranger()
      const packets = life(world, first)
      const second = world.member()
      world.announce(second, ['plant/1/x'])
      const before = world.count('forged')
      for (const packet of packets.slice(3, 13)) {
        const moved = packet.slice()
        new DataView(moved.buffer).setBigUint64(6, second.sender.instance)
        world.send(moved)
      }
      expect([world.count('forged') - before, world.target.delivered]).toEqual([10, 0])
    },
  )

  attack(
    'another realm with the same key',
    { by: 'outsider', holds: 'the name is in every key: nothing of one realm opens in the other' },
    () => {
      const world = new Attack()
      const before = world.count('forged')
      // A name of the same hint, so that not even the cheap check helps.
      const keys = new RealmKeys(crypto, { name: nameOfHint(world.keys.hint), root: realm.root })
      expect(keys.hint).toBe(world.keys.hint)
      const stranger = new Member(dice('other realm'), keys)
      play(world, life(world, stranger)).wait(1500)
      expect([world.target.present.size, world.target.delivered]).toEqual([0, 0])
      expect(world.count('forged') - before).toBeGreaterThan(0)
      const named = new RealmKeys(crypto, { name: 'elsewhere', root: realm.root })
      const other = life(world, new Member(dice('elsewhere'), named))
      const foreign = world.count('foreign')
      play(world, other)
      expect(world.count('foreign') - foreign).toBe(other.length)
    },
  )

  attack(
    'a session of another scope or segment',
    { by: 'outsider', holds: 'where its peers did not answer this challenge it is nobody' },
    () => {
      // Keys do not differ between scopes and segments; challenges do.
      const there = newcomer('another segment')
      const packets = life(there, there.stranger())
      expect(play(there, packets).target.delivered).toBe(10)
      const here = new Attack()
      play(here, packets).wait(2000)
      play(here, packets)
      expect([here.target.present.size, here.target.delivered]).toEqual([0, 0])
    },
  )

  attack(
    'the hello of somebody who has left',
    { by: 'outsider', holds: 'the challenge changes when somebody leaves: no echo counts twice' },
    () => {
      const world = new Attack()
      const member = world.stranger()
      const hello = member.hello({ echoes: [world.target.challenge] })
      world.send(hello).send(member.hello({ flags: 1 }))
      expect(world.target.present.size).toBe(0)
      // More than a peer remembers of hellos.
      for (let i = 0; i < 2000; i++) world.send(world.stranger().hello())
      world.send(hello).wait(50).send(hello)
      expect(world.target.present.size).toBe(0)
    },
  )

  attack(
    'a recorded goodbye',
    { by: 'outsider', holds: 'it ends the life that it was said in, and no other' },
    () => {
      const world = new Attack()
      const first = world.stranger()
      const goodbye = first.hello({ flags: 1 })
      world.send(first.hello({ echoes: [world.target.challenge] })).send(goodbye)
      world.wait(500)
      const second = world.member()
      for (let i = 0; i < 10; i++) world.send(goodbye)
      const moved = goodbye.slice()
      new DataView(moved.buffer).setBigUint64(6, second.sender.instance)
      world.send(moved)
      expect([...world.target.present]).toEqual([second.sender.instance])
    },
  )

  attack(
    'control of long ago',
    { by: 'outsider', holds: 'what lies behind the window of 8,160 is refused, seen or not' },
    () => {
      const world = new Attack()
      const member = world.member()
      const withheld = member.control(new Uint8Array(0))
      member.number += 20_000
      world.send(member.control(new Uint8Array(0)))
      const before = world.count('unknown')
      world.send(withheld)
      expect(world.count('unknown') - before).toBe(1)
    },
  )

  attack(
    'two datagrams glued to one',
    { by: 'on path', holds: 'packets stand for themselves, wherever they are cut' },
    () => {
      const world = new Attack()
      const packets = life(world, world.stranger())
      const rest = packets.slice(2)
      play(world, packets.slice(0, 2))
        .send(concat(...rest))
        .send(concat(...rest, ...packets))
      expect([world.target.delivered, world.target.present.size]).toEqual([10, 1])
    },
  )
})

/** A peer that shares the key with the others, and none of their dice. */
function newcomer(label: string): Attack {
  return new Attack({}, { dice: label })
}

function nameOfHint(hint: number): string {
  for (let i = 0; ; i++) {
    const name = `other-${i}`
    const hash = crypto.hash(new TextEncoder().encode(`sixcast/1/hint/${name}`))
    if (hash[0]! * 256 + hash[1]! === hint) return name
  }
}
