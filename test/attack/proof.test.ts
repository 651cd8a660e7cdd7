/** Speaking for another member on topics whose publishers sign, and the address of a member. */
import { describe, expect } from 'vitest'
import { concat } from '../../bus/core/bytes.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { defaultLimits } from '../../bus/core/limits.ts'
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { readControl } from '../../bus/core/wire/control.ts'
import { Writer } from '../../bus/core/wire/cursor.ts'
import { NakFlag } from '../../bus/core/wire/nak.ts'
import { writePrefix, writeRecord } from '../../bus/core/wire/record.ts'
import { Flag, Kind, readHeader } from '../../bus/core/wire/packet.ts'
import type { Member } from '../fuzz/member.ts'
import { Attack, body, startedEntry } from '../unit/core/attacking.ts'
import { crypto } from '../unit/core/crypto.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import { attack } from './attack.ts'

const CHECKPOINT = 1 << 4
const EACH = 2 << 4
/** Of a message that expires. */
const LIFE_MS = 100

/** A member whose stream is signed, and somebody else with the realm's key. */
class Siege extends Attack {
  readonly victim: Member
  /** The sizes of the payloads that were delivered: those of the truth are 1. */
  readonly sizes: number[] = []
  readonly gaps: string[] = []
  readonly asked: { readonly first: number; readonly flags: number }[] = []

  constructor(mode: number, limits = {}) {
    super(limits)
    this.victim = this.member()
    this.announce(this.victim, ['plant/1/x'], mode).wait(50)
    const asker = this.target.peer.instance
    const entries = [startedEntry(1)]
    this.send(this.victim.control(controlBytes({ type: 'started', asker, entries })))
    this.target.notice = (output) => {
      if (output.type === 'deliver') this.sizes.push(output.payload.length)
      if (output.type === 'gap') this.gaps.push(`${output.from}-${output.to} ${output.cause}`)
    }
    this.target.watch = (_, datagram) => this.#read(datagram)
  }

  /** A packet of the victim's stream that it never sent: `size` tells its message from the truth. */
  forge(number: number, flags = 0, content: Uint8Array = body(number - 1, 9)): this {
    return this.send(this.victim.data(1, number, { flags, body: content }), 66)
  }

  /** The victim's own, unsigned. */
  unsigned(number: number): this {
    return this.send(this.victim.data(1, number, { flags: 0, body: body(number - 1) }))
  }

  /** The victim's own: vouches for the `count` packets before it. */
  checkpoint(number: number, count: number): this {
    const leaves = Array.from({ length: count }, (_, i) => {
      const at = number - count + i
      return this.victim.leaf(1, at, body(at - 1))
    })
    return this.send(this.victim.signed(1, number, { leaves }))
  }

  signed(number: number, signer?: Uint8Array, place = 1): this {
    const content = body(number - 1, signer ? 9 : 1)
    return this.send(this.victim.signed(1, number, { content, ...(signer && { signer }) }), place)
  }

  /** Time passes, in which the victim says that it is there. */
  live(ms: number): void {
    const beacon = { type: 'beacon', intervalMs: 500, streamCount: 1 } as const
    for (let past = 0; past < ms; past += 500) {
      this.send(this.victim.control(controlBytes(beacon))).wait(500)
    }
  }

  #read(datagram: Uint8Array): void {
    if (readHeader(datagram).kind !== Kind.control) return
    const { keys, target } = this
    if (!target.sender) return
    const sealer = new Sealer(crypto, keys, target.peer.instance)
    const key = keys.controlKeyOf(target.sender)
    const opened = sealer.open(datagram, key)
    if (!opened) return
    readControl(opened, (record) => {
      if (record.type === 'nak') this.asked.push({ first: record.first, flags: record.flags })
    })
  }
}

describe('a member that speaks for another, on a topic that is signed', () => {
  attack(
    'unsigned packets, and signatures of its own',
    {
      by: 'member',
      holds: 'where each packet is signed nothing of it is delivered, and the truth is',
    },
    () => {
      const siege = new Siege(EACH)
      const villain = siege.member()
      siege.forge(1).signed(1, villain.sender.identity, 66).forge(1, Flag.signed)
      expect([siege.count('forged'), siege.sizes]).toEqual([3, []])
      siege.signed(1).signed(2)
      expect([siege.sizes, siege.gaps]).toEqual([[1, 1], []])
    },
  )

  attack(
    'the same where nothing is repaired',
    { by: 'member', holds: 'a best-effort topic with signatures is as safe' },
    () => {
      const siege = new Siege(EACH | 1)
      const villain = siege.member()
      siege.forge(1).signed(1, villain.sender.identity, 66).signed(1).signed(2)
      expect([siege.sizes, siege.count('forged')]).toEqual([[1, 1], 2])
    },
  )

  attack(
    'a forgery that is quicker than the truth',
    { by: 'member', holds: 'the checkpoint finds it out; the truth is asked for and delivered' },
    () => {
      const siege = new Siege(CHECKPOINT)
      siege.unsigned(1).forge(2).unsigned(2).unsigned(3)
      expect(siege.sizes).toEqual([])
      siege.checkpoint(4, 3)
      expect([siege.sizes, siege.count('forged')]).toEqual([[1], 1])
      siege.wait(20)
      expect(siege.asked.map(({ first }) => first)).toEqual([2])
      // Now that it is known what is true, no forgery takes its place.
      siege.forge(2).unsigned(2)
      expect([siege.sizes, siege.count('forged'), siege.gaps]).toEqual([[1, 1, 1], 2, []])
    },
  )

  attack(
    'made-up packets of what is to come',
    { by: 'member', holds: 'no message expires before its time, however early it seemed missing' },
    () => {
      const siege = new Siege(CHECKPOINT)
      siege.forge(3).wait(300)
      const writer = new Writer(30)
      writePrefix(writer, 0, 1)
      writeRecord(writer, 0, new Uint8Array(1), { lifeMs: LIFE_MS })
      siege.send(siege.victim.signed(1, 1, { content: writer.written }))
      expect([siege.sizes, siege.gaps]).toEqual([[1], []])
    },
  )

  attack(
    'a forgery in the place of a checkpoint',
    { by: 'member', holds: 'a true signature takes its place, whenever it comes' },
    () => {
      const siege = new Siege(CHECKPOINT)
      siege.unsigned(1).unsigned(2).forge(3).forge(3, Flag.signed).checkpoint(3, 2)
      expect([siege.sizes, siege.count('forged')]).toEqual([[1, 1], 2])
    },
  )

  attack(
    'a forgery in the place of a checkpoint that was lost',
    { by: 'member', holds: 'what proves a packet is asked for by that packet' },
    () => {
      const siege = new Siege(CHECKPOINT)
      siege.unsigned(1).unsigned(2).forge(3)
      siege.send(siege.victim.signed(1, 4, { content: body(2) })).wait(200)
      const proof = siege.asked.filter(({ flags }) => flags & NakFlag.proof)
      expect(proof[0]).toEqual({ first: 1, flags: NakFlag.proof | NakFlag.solo })
      siege.checkpoint(3, 2)
      expect([siege.sizes, siege.gaps]).toEqual([[1, 1, 1], []])
    },
  )

  attack(
    'a signature moved to another packet',
    { by: 'member', holds: 'it covers stream, number, flags and every byte' },
    () => {
      const siege = new Siege(EACH)
      const content = concat(siege.victim.signed(1, 7, { content: body(6) }))
      const sealer = new Sealer(crypto, siege.keys, siege.victim.sender.instance)
      const key = siege.keys.dataKeyOf(siege.victim.sender, 'plant/1/x')
      const plain = sealer.open(content, key)!
      siege.forge(1, Flag.signed, plain)
      siege.forge(7, Flag.signed | Flag.fragment, plain)
      siege.forge(7, Flag.signed, concat(plain, Uint8Array.of(0, 0)))
      // What is signed, without its signature, is no packet of its own.
      siege.forge(7, 0, plain.subarray(64))
      expect([siege.sizes, siege.count('forged')]).toEqual([[], 4])
    },
  )

  attack(
    'packets that nobody vouches for',
    { by: 'member', holds: 'they wait within the bound, are forgotten, and cost no true message' },
    () => {
      const reorderSize = 64 * 1024
      const siege = new Siege(CHECKPOINT, { reorderSize })
      for (let number = 2; number < 4000; number += 7) siege.forge(number)
      expect(siege.target.peer.held.earlySize).toBeLessThanOrEqual(reorderSize)
      siege.live(defaultLimits.repairAge + 1000)
      expect(siege.target.peer.held.earlySize).toBe(0)
      expect(siege.count('unproven')).toBeGreaterThan(100)
      siege.unsigned(1).unsigned(2).unsigned(3).checkpoint(4, 3)
      expect([siege.sizes, siege.gaps]).toEqual([[1, 1, 1], []])
    },
  )

  attack(
    'a topic that proves less than is demanded',
    { by: 'member', holds: 'a subscription that insists hears nothing of it, and it is counted' },
    () => {
      const world = new Attack()
      const parsed = parsePattern('signed/**')
      if (!parsed.ok) throw new Error(parsed.fault)
      world.target.peer.subscribe(0, 50, parsed.pattern, { proof: 'each' })
      const member = world.member()
      world.announce(member, ['signed/a', 'signed/b', 'signed/c'], 0)
      const before = world.target.delivered
      world.send(member.data(1, 1, { flags: 0, body: body(0) }))
      expect([world.count('weakProof'), world.target.delivered - before]).toEqual([3, 0])
    },
  )
})

describe('the address of a member', () => {
  attack(
    'an address before the packet has opened',
    { by: 'outsider', holds: 'where a packet that does not open came from is nothing to go by' },
    () => {
      const siege = new Siege(0)
      const { victim, target } = siege
      const addresses = new Set<string>()
      target.watch = (to) => {
        if (typeof to === 'object') addresses.add(to.address)
      }
      // A number that has not been used, and a body that opens under no key.
      const forged = victim.control(
        controlBytes({ type: 'beacon', intervalMs: 500, streamCount: 1 }),
      )
      forged[forged.length - 1]! ^= 1
      siege.send(forged, 66)
      const before = siege.count('forged')
      // Only data follows, of which a part is missing: it is asked for where the member is.
      siege.unsigned(1).unsigned(3).wait(100)
      expect([[...addresses], before]).toEqual([['fe80::1'], 1])
    },
  )
})
