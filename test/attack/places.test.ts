/** Places that somebody tells of: what a peer can be made to send there, and by whom. */
import { describe, expect } from 'vitest'
import type { Place } from '../../bus/core/wire/places.ts'
import type { Member } from '../fuzz/member.ts'
import { addressOf, Reaching } from '../unit/core/reaching.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import { attack } from './attack.ts'

const VICTIM = 999
/** As many as one record of ours has. */
const PLACES_MAX = 32

class Telling {
  readonly reaching: Reaching = new Reaching()
  readonly villain: Member = this.reaching.met(1)
  /** What has left for places that somebody tells of. */
  hellos = 0
  bytes = 0

  constructor() {
    this.reaching.since()
  }

  places(numbers: readonly number[]): Uint8Array {
    const entries = numbers.map((number): Place => {
      return { instance: BigInt(number), address: addressOf(number), port: 5000 }
    })
    return this.villain.control(controlBytes({ type: 'places', entries }))
  }

  tell(numbers: readonly number[]): this {
    this.reaching.hear(this.places(numbers), 1)
    return this
  }

  wait(ms: number): this {
    this.reaching.wait(ms)
    // A peer that is there: it is not forgotten.
    this.reaching.report(this.villain, 1, { multicast: true })
    for (const { to, size } of this.reaching.sent.splice(0)) {
      if (to.startsWith(`${addressOf(1)} `)) continue
      this.hellos += 1
      this.bytes += size
    }
    return this
  }
}

describe('a member that tells of places', () => {
  attack(
    'one victim, without end',
    { by: 'member', holds: 'three hellos in half a minute' },
    () => {
      const telling = new Telling()
      for (let i = 0; i < 2900; i++) telling.tell([VICTIM]).wait(10)
      expect(telling.hellos).toBe(3)
      for (let i = 0; i < 300; i++) telling.tell([VICTIM]).wait(10)
      expect(telling.hellos).toBeLessThanOrEqual(6)
    },
  )

  attack(
    'more of them than there can be',
    { by: 'member', holds: 'ninety-six hellos in half a minute, and room for what others tell' },
    () => {
      const telling = new Telling()
      const { attack: world } = telling.reaching
      for (let i = 0; i < 2900; i++) {
        const first = VICTIM + (i % 200) * PLACES_MAX
        telling.tell(Array.from({ length: PLACES_MAX }, (_, at) => first + at)).wait(10)
      }
      expect(telling.hellos).toBe((3 * world.target.limits.toldPeers) / 2)
      expect(telling.bytes).toBeLessThan(96 * 400)
      expect(world.count('toldFull')).toBeGreaterThan(80_000)
      const honest = telling.reaching.met(2)
      telling.reaching.since()
      const entries = [{ instance: 7n, address: addressOf(7), port: 5000 }]
      telling.reaching.hear(honest.control(controlBytes({ type: 'places', entries })), 2).wait(100)
      expect(telling.reaching.since().hellos).toContain(`2001:db8:0:0:0:0:0:7 5000`)
    },
  )

  attack(
    'a victim of everybody, in a large group',
    { by: 'member', holds: 'who knows more than it reaches by unicast greets nobody' },
    () => {
      const telling = new Telling()
      const { attack: world } = telling.reaching
      for (let i = 0; i < world.target.limits.unicastPeers; i++) world.member()
      telling.tell([VICTIM]).wait(100).wait(2000)
      expect(telling.hellos).toBe(0)
      expect(world.count('toldRefused')).toBe(1)
    },
  )

  attack(
    'addresses of this host and of groups',
    { by: 'member', holds: 'nothing leaves for them' },
    () => {
      const telling = new Telling()
      const { reaching } = telling
      const odd = ['::1', '::', 'ff02::1', 'ff0e::1', '::ffff:7f00:1', 'fe80::1', '::7f00:1']
      const ports = [0, 1, 53, 123, 1023]
      const entries = [
        ...odd.map((address, at): Place => ({ instance: BigInt(at + 1), address, port: 5000 })),
        ...ports.map((port, at): Place => ({
          instance: BigInt(at + 50),
          address: addressOf(60 + at),
          port,
        })),
      ]
      reaching.hear(telling.villain.control(controlBytes({ type: 'places', entries })), 1)
      telling.wait(100).wait(2000)
      expect(telling.hellos).toBe(0)
      expect(reaching.attack.count('toldRefused')).toBe(entries.length)
    },
  )
})

describe('places that an outsider tells of', () => {
  attack('recorded ones', { by: 'outsider', holds: 'nothing is sent' }, () => {
    const telling = new Telling()
    const recorded = telling.places([VICTIM])
    telling.reaching.hear(recorded, 1)
    telling.wait(100).wait(2000)
    const { hellos } = telling
    for (let i = 0; i < 1000; i++) telling.reaching.hear(recorded, i % 9)
    for (let i = 0; i < 40; i++) telling.wait(1000)
    for (let i = 0; i < 1000; i++) telling.reaching.hear(recorded, i % 9)
    telling.wait(2000)
    expect([hellos, telling.hellos]).toEqual([3, 3])
  })
})
