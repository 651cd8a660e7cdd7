/** Attacks on what a relay carries in a realm with an owner: by who has a key, and no rights. */
import { describe, expect } from 'vitest'
import { Estate, HOUR, Speaker, Toll } from '../unit/relay/owned.ts'
import { attack } from './attack.ts'

const NONE = new Uint8Array(0)

describe('a relay of a realm with an owner', () => {
  attack('without rights', { by: 'member', holds: 'nothing of it is carried' }, async () => {
    const estate = Estate.found()
    const toll = new Toll(estate)
    const thief = new Speaker(estate, 1)
    const packets = [thief.hello(NONE), thief.control(), thief.data()]
    expect(packets.map((packet) => toll.carries(packet))).toEqual([false, false, false])
    expect(toll.carriesUp(thief.data())).toBe(false)
    expect(toll.counted().denied).toBe(4)
  })

  attack(
    'with rights that another has granted, who is not the owner',
    { by: 'member', holds: 'they count for nothing' },
    async () => {
      const estate = Estate.found()
      const other = Estate.found()
      const toll = new Toll(estate)
      const thief = new Speaker(estate, 1)
      const forged = await other.chain(thief.identity.publicKey)
      expect([toll.carries(thief.hello(forged)), toll.carries(thief.control())]).toEqual([
        false,
        false,
      ])
    },
  )

  attack(
    "with a copy of somebody else's rights",
    { by: 'member', holds: 'neither as itself nor in the name of the other it is carried' },
    async () => {
      const estate = Estate.found()
      const toll = new Toll(estate)
      const honest = new Speaker(estate, 1)
      const chain = await estate.chain(honest.identity.publicKey)
      expect(toll.carries(honest.hello(chain))).toBe(true)
      const thief = new Speaker(estate, 2)
      expect(toll.carries(thief.hello(chain))).toBe(false)
      // Another life of the honest one, whose hello it cannot sign.
      const posing = new Speaker(estate, 3, honest.identity)
      expect(toll.carries(posing.hello(chain, thief.identity))).toBe(false)
      expect([posing, thief].map((one) => toll.carries(one.control()))).toEqual([false, false])
      expect(toll.carries(honest.control())).toBe(true)
    },
  )

  attack(
    'with rights that have ended',
    { by: 'member', holds: 'it is carried no more' },
    async () => {
      const estate = Estate.found()
      const toll = new Toll(estate)
      const member = new Speaker(estate, 1)
      const chain = await estate.chain(member.identity.publicKey)
      expect(toll.carries(member.hello(chain))).toBe(true)
      toll.ahead = 2 * HOUR
      const packets = [member.control(), member.data(), member.hello(chain)]
      expect(packets.map((packet) => toll.carries(packet))).toEqual([false, false, false])
    },
  )

  attack(
    'with a recorded hello of wider rights',
    { by: 'member', holds: 'the rights that begin later count' },
    async () => {
      const estate = Estate.found()
      const toll = new Toll(estate)
      const member = new Speaker(estate, 1)
      const wide = { from: new Date(Date.now() - HOUR) }
      const before = member.hello(await estate.chain(member.identity.publicKey, wide))
      toll.carries(before)
      expect(toll.carriesUp(member.data())).toBe(true)
      toll.carries(member.hello(await estate.chain(member.identity.publicKey, { publish: [] })))
      expect(toll.carriesUp(member.data())).toBe(false)
      toll.carries(before)
      expect(toll.carriesUp(member.data())).toBe(false)
    },
  )

  attack(
    'with data of somebody who may publish nothing',
    { by: 'member', holds: 'control and answers are carried, data and parity are not' },
    async () => {
      const estate = Estate.found()
      const toll = new Toll(estate)
      const reader = new Speaker(estate, 1)
      toll.carries(reader.hello(await estate.chain(reader.identity.publicKey, { publish: [] })))
      expect(toll.carries(reader.control())).toBe(true)
      expect(toll.carriesUp(reader.direct())).toBe(true)
      expect(toll.carriesUp(reader.data())).toBe(false)
      expect(toll.counted().denied).toBe(1)
    },
  )

  attack(
    'by a thousand hellos with the rights of another',
    {
      by: 'member',
      holds: 'fifty signatures a second are verified at most, and others come in',
    },
    async () => {
      const estate = Estate.found()
      const toll = new Toll(estate)
      const honest = new Speaker(estate, 1)
      const chain = await estate.chain(honest.identity.publicKey)
      for (let i = 0; i < 1000; i++) {
        const posing = new Speaker(estate, 2 + i, honest.identity)
        if (toll.carries(posing.hello(chain, null), 1)) throw new Error('carried')
      }
      // One of them is that of the chain.
      expect(toll.verified).toBeLessThanOrEqual(51)
      expect(toll.counted().helloBudget).toBe(950)
      expect(toll.carries(honest.hello(chain), 2)).toBe(true)
    },
  )

  attack(
    'who was removed, in the epoch that is over',
    { by: 'member', holds: 'it is carried no more, nor let in again, whatever rights it has' },
    async () => {
      const estate = Estate.found()
      const toll = new Toll(estate)
      const [stays, out] = [new Speaker(estate, 1), new Speaker(estate, 2)]
      const [of, ofOut] = await Promise.all(
        [stays, out].map(({ identity }) => estate.chain(identity.publicKey)),
      )
      toll.carries(stays.hello(of!))
      toll.carries(out.hello(ofOut!))
      const next = estate.rotated()
      toll.keys.enter(next.parts)
      stays.turn(next)
      toll.carries(stays.hello(of!))
      toll.now += 30_000
      toll.settle()
      const again = new Speaker(estate, 3, out.identity)
      const packets = [out.control(), out.data(), out.hello(ofOut!), again.hello(ofOut!)]
      expect(packets.map((packet) => toll.carries(packet))).toEqual([false, false, false, false])
      expect(toll.carries(stays.control())).toBe(true)
    },
  )
})
