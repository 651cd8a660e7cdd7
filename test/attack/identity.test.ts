/** Passing as somebody else: stolen instances, hellos and goodbyes, forged bindings. */
import { describe, expect } from 'vitest'
import { concat } from '../../bus/core/bytes.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { utf8 } from '../../bus/core/text.ts'
import { ControlType } from '../../bus/core/wire/control.ts'
import { readHello, writeHello } from '../../bus/core/wire/hello.ts'
import { bodyOf, Kind, nonceOf } from '../../bus/core/wire/packet.ts'
import { strictVerifier } from '../../bus/io/ed25519.ts'
import type { Member } from '../fuzz/member.ts'
import { Attack, body, startedEntry } from '../unit/core/attacking.ts'
import { crypto, unhex } from '../unit/core/crypto.ts'
import { controlBytes, rawControl } from '../unit/core/wire/any.ts'
import { attack } from './attack.ts'

/** What a member can do in the name of another, since it can derive everybody's keys. */
class Impostor {
  readonly #world: Attack
  readonly #victim: Member
  readonly #sealer: Sealer

  constructor(world: Attack, victim: Member) {
    this.#world = world
    this.#victim = victim
    this.#sealer = new Sealer(crypto, world.keys, victim.sender.instance)
  }

  control(record: Uint8Array): Uint8Array {
    const id = { kind: Kind.control, flags: 0, stream: 0, number: ++this.#victim.number }
    return this.#sealer.seal(id, record, this.#world.keys.controlKeyOf(this.#victim.sender))
  }

  data(topic: string, number: number, content: Uint8Array): Uint8Array {
    const id = { kind: Kind.data, flags: 0, stream: 1, number }
    const key = this.#world.keys.dataKeyOf(this.#victim.sender, topic)
    return this.#sealer.seal(id, content, key)
  }

  /** The victim's own hello, opened, changed and sealed again; its signature stays. */
  hello(recorded: Uint8Array, change: Partial<ReturnType<typeof opened>['hello']>): Uint8Array {
    const { hello, signature } = opened(this.#world, recorded)
    const id = { kind: Kind.hello, flags: 0, stream: this.#world.random.word(), number: 7 }
    const changed = concat(writeHello({ ...hello, ...change }), signature)
    return this.#sealer.seal(id, changed, this.#world.keys.control)
  }
}

function opened(world: Attack, packet: Uint8Array) {
  const box = bodyOf(packet)
  const plain = new Uint8Array(box.length - 16)
  crypto.open(plain, box, nonceOf(packet), world.keys.control)
  return readHello(plain)!
}

describe('passing as somebody else', () => {
  attack(
    'a stolen instance',
    { by: 'member', holds: 'an instance is the hash of identity and salt: it fits nobody else' },
    () => {
      const world = new Attack()
      const [victim, villain] = [world.member(), world.stranger()]
      const before = world.count('forged')
      const echoes = [world.target.challenge]
      world.send(villain.hello({ echoes, stolen: victim.sender.instance }))
      world.send(villain.hello({ echoes, stolen: 1n }))
      expect([world.count('forged') - before, world.target.present.size]).toEqual([2, 1])
    },
  )

  attack(
    'a stolen hello',
    { by: 'member', holds: 'a signature covers header and body: changed or moved it is void' },
    () => {
      const world = new Attack()
      const victim = world.stranger()
      const impostor = new Impostor(world, victim)
      // It was said to others: the echo that would let it in here is missing.
      const recorded = victim.hello({ echoes: [99n] })
      const echoes = [world.target.challenge]
      world.send(impostor.hello(recorded, { echoes }))
      world.send(impostor.hello(recorded, { echoes, port: 9 }))
      expect([world.count('unverified'), world.target.present.size]).toEqual([2, 0])
    },
  )

  attack(
    'a redirected member',
    { by: 'member', holds: 'nobody else can change the port or the name of a member' },
    () => {
      const world = new Attack()
      const victim = world.member()
      const recorded = victim.hello({ echoes: [world.target.challenge] })
      const impostor = new Impostor(world, victim)
      const sent: unknown[] = []
      for (const change of [{ port: 666 }, { name: utf8('villain') }, { controlNumber: 2 ** 40 }]) {
        world.send(impostor.hello(recorded, change), 66)
      }
      world.target.watch = (to) => void sent.push(to)
      world.wait(3000)
      expect(world.count('unverified')).toBe(3)
      expect(sent.filter((to) => typeof to === 'object')).toEqual([])
    },
  )

  attack(
    'a forged goodbye',
    { by: 'member', holds: 'only the identity itself can say goodbye' },
    () => {
      const world = new Attack()
      const [victim, villain] = [world.member(), world.member()]
      const recorded = victim.hello({ echoes: [world.target.challenge] })
      world.send(villain.hello({ flags: 1, stolen: victim.sender.instance }))
      world.send(new Impostor(world, victim).hello(recorded, { flags: 1 }))
      world.send(villain.hello({ flags: 1, badSignature: true }))
      expect(world.target.present.size).toBe(2)
    },
  )

  attack(
    'bindings for another',
    { by: 'member', holds: "pages are signed: nobody announces in another's name" },
    () => {
      const world = new Attack()
      const [victim, villain] = [world.member(), world.member()]
      villain.streams.set(1, { topic: 'plant/evil/x', mode: 0, number: 0, index: 0 })
      const page = villain.bindings([villain.entry(1, 'plant/evil/x', 0)])
      const impostor = new Impostor(world, victim)
      const { groups } = world.target
      const before = groups.size
      world.send(impostor.control(page)).wait(100)
      expect([world.count('unverified'), groups.size]).toEqual([1, before])
      // And one of the villain's own making, with a signature over the wrong instance.
      const { length } = page
      const cut = rawControl(ControlType.bindings, page.slice(page.length - (length - 3)))
      world.send(impostor.control(cut))
      expect(groups.size).toBe(before)
    },
  )

  attack(
    'a relabelled stream',
    { by: 'member', holds: 'a stream keeps the topic that it was first bound to' },
    () => {
      const world = new Attack()
      const member = world.member()
      world.announce(member, ['plant/1/x']).wait(50)
      const asker = world.target.peer.instance
      const entries = [startedEntry(1)]
      world.send(member.control(controlBytes({ type: 'started', asker, entries })))
      world.send(member.control(member.bindings([member.entry(1, 'plant/2/x', 0)])))
      world.send(member.data(1, 1, { flags: 0, body: body(0) }))
      // Sealed with the key of the second topic it does not open.
      const other = new Impostor(world, member).data('plant/2/x', 2, body(1))
      const before = world.count('forged')
      world.send(other)
      expect([world.target.delivered, world.count('forged') - before]).toEqual([1, 1])
    },
  )

  attack(
    'a name that does not fit its tag',
    { by: 'member', holds: 'tag, sealed name and topic belong together, or the page is malformed' },
    () => {
      const world = new Attack()
      const member = world.member()
      const entry = member.entry(1, 'plant/1/x', 0)
      const { groups } = world.target
      const before = groups.size
      const sealedName = member.entry(1, 'plant/2/x', 0).sealedName
      world.send(member.control(member.bindings([{ ...entry, sealedName }])))
      world.send(member.control(member.bindings([{ ...entry, tag: entry.tag ^ 1n }])))
      expect([world.count('malformed'), groups.size]).toEqual([2, before])
    },
  )

  attack(
    'a page moved to another realm or instance',
    { by: 'member', holds: 'what is signed names purpose, realm and instance' },
    () => {
      const world = new Attack()
      const member = world.member()
      const page = member.bindings([member.entry(1, 'plant/1/x', 0)])
      const second = world.stranger()
      world.send(second.hello({ echoes: [world.target.challenge] })).wait(50)
      world.send(second.control(page))
      const elsewhere = new Attack({}, { open: true })
      elsewhere.send(elsewhere.member().control(page))
      expect([world.count('unverified'), elsewhere.count('unverified')]).toEqual([1, 1])
    },
  )

  attack(
    'an identity of small order',
    { by: 'member', holds: 'keys under which anything is signed are nobody' },
    () => {
      const check = strictVerifier()
      const one = unhex(`01${'00'.repeat(31)}`)
      const always = concat(one, new Uint8Array(32))
      for (const message of ['a', 'b']) expect(check(utf8(message), always, one)).toBe(false)
    },
  )

  attack(
    'forged data of another member',
    { by: 'member', holds: 'it IS delivered: the key proves membership, not who sent (see below)' },
    () => {
      const world = new Attack()
      const victim = world.member()
      world.announce(victim, ['plant/1/x']).wait(50)
      const asker = world.target.peer.instance
      const entries = [startedEntry(1)]
      world.send(victim.control(controlBytes({ type: 'started', asker, entries })))
      world.send(new Impostor(world, victim).data('plant/1/x', 1, body(0)))
      // The truth comes second, and loses.
      world.send(victim.data(1, 1, { flags: 0, body: body(0, 5) }))
      expect([world.target.delivered, world.count('duplicate')]).toEqual([1, 1])
    },
  )
})
