/** Answers to questions: what an outsider, a relay and a member can do to them. */
import { describe, expect } from 'vitest'
import { bytesOf64, concat } from '../../bus/core/bytes.ts'
import { ControlKeys, derive } from '../../bus/core/seal/control-keys.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { utf8 } from '../../bus/core/text.ts'
import { BODY_OFFSET } from '../../bus/core/wire/packet.ts'
import { VARINT_MAX } from '../../bus/core/wire/varint.ts'
import { Member } from '../fuzz/member.ts'
import { realm } from '../fuzz/target.ts'
import { AskingPeer } from '../unit/core/asking.ts'
import { crypto } from '../unit/core/crypto.ts'
import { Responding } from '../unit/core/responding.ts'
import { attack } from './attack.ts'
import { memory } from './memory.ts'
import { flipped } from './twins.ts'

const BODY = Uint8Array.of(1, 0, 1, 0, 77)

describe('an answer', () => {
  attack(
    'forged without the key of the realm',
    { by: 'outsider', holds: 'it opens for nobody, is counted, and nothing is acknowledged' },
    () => {
      const world = new AskingPeer()
      const { sender } = world.member(1)
      const other = new RealmKeys(crypto, { name: realm.name, root: new Uint8Array(32).fill(9) })
      const liar = new Member(world.attack.random, other)
      const asker = world.attack.target.sender!
      for (const answerer of [sender, liar.sender]) {
        const sealer = new Sealer(crypto, other, answerer.instance)
        const key = other.directKeyOf(asker, 'own/x', answerer)
        const id = { kind: 4, flags: 0, stream: 1, number: 1 }
        world.attack.send(sealer.seal(id, BODY, key))
      }
      world.wait(50)
      expect([world.answers, world.acknowledged()]).toEqual([[], []])
      // The other one waits for a hello that never comes.
      expect(world.count('forged')).toBe(1)
      expect(world.attack.target.peer.held.packets).toBe(1)
    },
  )

  attack(
    'with any bit of it turned',
    { by: 'outsider', holds: 'it is not delivered, and the true one is' },
    () => {
      const world = new AskingPeer()
      const packet = world.packet(1, { id: 1 })
      for (let bit = 16; bit < packet.length * 8; bit++) {
        const changed = flipped(packet, bit)
        // The instance is another's: that is another attack.
        if (bit < 48 || bit >= 112) world.attack.send(changed)
      }
      expect(world.answers).toEqual([])
      expect(world.attack.send(packet) && world.answers.map(({ id }) => id)).toEqual([1])
      expect(packet.length).toBeGreaterThan(BODY_OFFSET)
    },
  )

  attack(
    'recorded and sent again ten thousand times',
    { by: 'outsider', holds: 'it counts once, and acknowledgements of it are few' },
    () => {
      const world = new AskingPeer()
      const packet = world.packet(1, { id: 1 })
      const [seconds, bytes] = [2, world.attack.target.sentBytes]
      for (let i = 0; i < 10_000; i++) {
        world.attack.send(packet)
        if (i % 100 === 0) world.wait((seconds * 1000) / 100)
      }
      expect([world.answers.length, world.count('replayed')]).toEqual([1, 9999])
      const sent = world.attack.target.sentBytes - bytes
      expect(sent).toBeLessThan(10_000 * packet.length * 0.1)
    },
  )

  attack(
    'recorded, to an asker that has started anew',
    { by: 'outsider', holds: 'it is an answer to another life, and does not open' },
    () => {
      const before = new AskingPeer()
      const packet = before.packet(1, { id: 1 })
      const world = new AskingPeer({}, ['own/x'], { dice: 'another life' })
      const known = world.member(1)
      const moved = packet.slice()
      new DataView(moved.buffer).setBigUint64(6, known.sender.instance)
      for (const one of [packet, moved]) world.attack.send(one)
      world.wait(50)
      expect([world.answers, world.acknowledged(), world.count('forged')]).toEqual([[], [], 1])
    },
  )

  attack(
    'turned back to who has sent it',
    { by: 'outsider', holds: 'it is its own, and one that it never sent is forged' },
    () => {
      const world = new Responding()
      world.answer(1, 10)
      const { datagram } = world.pieces[0]!
      const own = world.count('own')
      world.attack.send(datagram)
      expect(world.count('own')).toBe(own + 1)
      const later = datagram.slice()
      later[23]! += 1
      world.attack.send(later)
      expect([world.count('forged'), world.count('clones')]).toEqual([1, 0])
    },
  )

  attack(
    'read by a relay on its way',
    { by: 'on path', holds: 'it opens under nothing that follows from the control key' },
    () => {
      const world = new AskingPeer()
      const packet = world.packet(1, { id: 1 })
      const relay = new ControlKeys(crypto, world.attack.keys.parts)
      const asker = world.attack.target.sender!
      const { sender } = world.member(1)
      const label = (of: string, { instance, salt, identity }: typeof sender): Uint8Array => {
        return concat(utf8(of), relay.id, bytesOf64(instance), salt, identity)
      }
      const bases = [relay.control, relay.controlKeyOf(asker), relay.controlKeyOf(sender)]
      const keys = bases.flatMap((base) => [
        base,
        ...['sixcast/1/direct', 'sixcast/1/sender'].flatMap((of) =>
          [asker, sender].map((one) => derive(crypto, base, label(of, one))),
        ),
      ])
      const sealer = new Sealer(crypto, relay, 0n)
      expect(keys.filter((key) => sealer.open(packet, key))).toEqual([])
      const true_ = world.attack.keys.directKeyOf(asker, 'own/x', sender)
      expect(sealer.open(packet, true_)).toBeDefined()
    },
  )

  attack(
    'by a stream that is none, or is of another topic',
    { by: 'member', holds: 'it opens for nobody' },
    () => {
      const world = new AskingPeer({}, ['own/x', 'own/y'])
      for (const stream of [0, 2, 3, 2 ** 32 - 1]) world.say(1, { id: 1, stream })
      world.wait(50)
      expect([world.answers, world.acknowledged(), world.count('forged')]).toEqual([[], [], 4])
    },
  )

  attack(
    'that is never finished, by a thousand of them',
    { by: 'member', holds: 'what they hold is bounded, and others are answered meanwhile' },
    () => {
      const world = new AskingPeer({ answerAge: 3000 })
      const heap = memory()
      const liar = { size: 256, totalSize: 1024 * 1024 }
      for (let id = 1; id <= 1000; id++) {
        world.say(1, { ...liar, id, previous: id === 1 ? 0 : id - 1 })
      }
      expect(world.held).toBeLessThanOrEqual(16 * 1024 * 1024)
      expect(world.count('answersHeldFull')).toBeGreaterThan(900)
      world.say(2, { id: 1 }, { id: 2 })
      expect(world.answers.map(({ id }) => id)).toEqual([1, 2])
      world.wait(9000)
      expect(world.held).toBe(0)
      expect(memory() - heap).toBeLessThan(8 * 1024 * 1024)
    },
  )
})

describe('an acknowledgement', () => {
  attack(
    'of answers to somebody else',
    { by: 'member', holds: 'they are sent again until who was answered has them' },
    () => {
      const world = new Responding()
      world.answer(1, 10)
      const answerer = world.attack.target.peer.instance
      world.say(2, [{ answerer, runs: [{ first: 1, count: 1 }] }])
      world.log()
      world.wait(500)
      expect(world.log().length).toBeGreaterThan(0)
      world.acknowledge(1, 1).log()
      world.wait(500)
      expect(world.log()).toEqual([])
    },
  )

  attack(
    'without the key of its sender',
    { by: 'outsider', holds: 'it is forged, and counts for nothing' },
    () => {
      const world = new AskingPeer()
      const member = world.member(1)
      const packet = member.control(Uint8Array.of(14, 1, 0))
      packet[packet.length - 1]! ^= 1
      const forged = world.count('forged')
      world.attack.send(packet)
      expect(world.count('forged')).toBe(forged + 1)
    },
  )

  attack(
    'of ranges as large as can be, ten thousand of them',
    { by: 'member', holds: 'each is looked at once, names nothing, and is answered by nothing' },
    () => {
      const world = new Responding()
      for (let i = 0; i < 50; i++) world.answer(1, 10)
      const answerer = world.attack.target.peer.instance
      const runs = [1, 2, 51, VARINT_MAX].map((first) => ({ first, count: VARINT_MAX }))
      const { size } = world
      const start = performance.now()
      const sent = world.attack.target.sentPackets
      for (let i = 0; i < 2500; i++) world.say(1, [{ answerer, runs }])
      expect(world.count('malformed')).toBe(10_000)
      expect([world.size, world.attack.target.sentPackets]).toEqual([size, sent])
      expect(performance.now() - start).toBeLessThan(10_000)
    },
  )
})
