/** One nonce, two texts: what would give both away must not happen, over restarts and repairs. */
import { describe, expect } from 'vitest'
import { defaultLimits } from '../../bus/core/limits.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { bodyOf, Kind, nonceOf, NUMBER_MAX, readHeader } from '../../bus/core/wire/packet.ts'
import { realm, Target } from '../fuzz/target.ts'
import { trueCrypto, watched } from '../sim/crypto.ts'
import { Random } from '../../bus/testing/random.ts'
import { Answering, range } from '../unit/core/answering.ts'
import { Attack } from '../unit/core/attacking.ts'
import { counting, hex } from '../unit/core/crypto.ts'
import { attack } from './attack.ts'

/** A life of one identity, with a clock that always begins at nought and numbers that begin at 1. */
function live(random: Random, crypto = trueCrypto): Target {
  const keys = new RealmKeys(crypto, { name: realm.name, root: realm.root })
  const identity = counting(32)
  return new Target(random, keys, { limits: defaultLimits, crypto, identity })
}

/** Says something on every stream, another thing in each life. */
function speak(target: Target, from: number, word: number): void {
  for (let topic = 0; topic < 3; topic++) {
    for (let i = 0; i < 4; i++) {
      const segments = ['own', `${topic}`]
      const payload = Uint8Array.of(word, word >>> 8, topic, i)
      const message = { topic: segments.join('/'), segments, codec: 0, payload, urgent: true }
      target.peer.publish(from, { ...message, delivery: 'reliable' })
    }
  }
  target.peer.turnEnds(from)
  for (let now = from; now < from + 1500; now += 20) target.advance(now)
}

describe('a nonce', () => {
  attack(
    'restarts with a clock that stands still',
    {
      by: 'accident',
      holds: '100 lives of one identity seal no two texts under one key and nonce',
    },
    () => {
      // Throws when a key and nonce come with a second text.
      const crypto = watched(trueCrypto)
      const instances = new Set<bigint>()
      for (let i = 0; i < 100; i++) {
        const target = live(new Random(i, 'life'), crypto)
        speak(target, 0, i)
        instances.add(target.peer.instance)
      }
      expect(instances.size).toBe(100)
    },
  )

  attack(
    'several processes of one identity at once',
    { by: 'accident', holds: 'each start has a salt of its own, and with it keys of its own' },
    () => {
      const crypto = watched(trueCrypto)
      const random = new Random(1, 'together')
      const lives = Array.from({ length: 8 }, () => live(random, crypto))
      for (const [i, target] of lives.entries()) speak(target, 0, i)
      expect(new Set(lives.map(({ peer }) => peer.instance)).size).toBe(8)
    },
  )

  attack(
    'packets sent again',
    { by: 'member', holds: 'a repair is the stored packet, byte for byte, whoever asks how often' },
    () => {
      const world = new Answering({ attached: 3 }).publish(50).wait(100)
      for (let i = 0; i < 20; i++) {
        world.ask(1, range(1, 50)).wait(40)
        world.ask(2, range(1, 50), { solo: true }).wait(40)
      }
      const first = new Map<number, string>()
      let again = 0
      for (const { number, datagram } of world.data) {
        const bytes = hex(datagram)
        if (first.has(number)) again += 1
        else first.set(number, bytes)
        expect(bytes).toBe(first.get(number))
      }
      expect([first.size, again > 100]).toEqual([50, true])
    },
  )

  attack(
    'a clone of a running process',
    { by: 'accident', holds: 'it cannot be prevented, but both notice it, and say so' },
    () => {
      // The same dice from the start: what a copied machine has.
      const [one, two] = [live(new Random(9, 'clone')), live(new Random(9, 'clone'))]
      expect(two.peer.instance).toBe(one.peer.instance)
      const heard: Uint8Array[] = []
      two.watch = (_, datagram) => void heard.push(datagram.slice())
      for (let i = 0; i < 4; i++) speak(two, i * 1600, i)
      for (const datagram of heard) one.hear(0, datagram, { address: 'fe80::2', port: 9 })
      expect(one.peer.metrics.get('clones')).toBeGreaterThan(0)
      expect(one.delivered).toBe(0)
    },
  )

  attack(
    'hellos',
    { by: 'accident', holds: 'stream and number of each are random: 80 bits beside the instance' },
    () => {
      const world = new Attack()
      const nonces = new Set<string>()
      let hellos = 0
      world.target.watch = (_, datagram) => {
        if (readHeader(datagram).kind !== Kind.hello) return
        hellos += 1
        nonces.add(hex(nonceOf(datagram)))
      }
      for (let i = 0; i < 200; i++) world.send(world.stranger().hello({ flags: 2 })).wait(60)
      expect(hellos).toBeGreaterThan(150)
      expect(nonces.size).toBe(hellos)
    },
  )

  attack(
    'numbers at their end',
    { by: 'accident', holds: 'the last number is 2^48 - 1, and the field holds no more' },
    () => {
      const world = new Attack()
      const member = world.member()
      const last = member.control(new Uint8Array(0), NUMBER_MAX)
      expect(readHeader(last).number).toBe(NUMBER_MAX)
      const before = world.count('replayed')
      world.send(last).send(last)
      // What would come after it is behind the window: refused, not begun anew.
      world.send(member.control(new Uint8Array(0), 1))
      expect([world.count('replayed') - before, world.count('unknown')]).toEqual([1, 1])
    },
  )

  attack(
    'equal texts',
    { by: 'outsider', holds: 'what is said twice looks as different as anything else' },
    () => {
      const world = new Attack()
      const boxes = new Set<string>()
      let packets = 0
      world.target.watch = (_, datagram) => {
        if (readHeader(datagram).kind !== Kind.data) return
        packets += 1
        boxes.add(hex(bodyOf(datagram)))
      }
      const message = { topic: 'own/x', segments: ['own', 'x'], codec: 0, urgent: true } as const
      for (let i = 0; i < 20; i++) {
        const payload = new Uint8Array(64)
        world.target.peer.publish(world.now, { ...message, payload, delivery: 'best-effort' })
        world.target.drain(world.now)
        world.wait(50)
      }
      expect([packets, boxes.size]).toEqual([20, 20])
    },
  )
})
