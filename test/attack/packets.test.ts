/** Packets that an outsider makes, changes, cuts, lengthens and turns back. */
import { describe, expect } from 'vitest'
import { concat } from '../../bus/core/bytes.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { BODY_OFFSET } from '../../bus/core/wire/packet.ts'
import { junkDatagram } from '../fuzz/junk.ts'
import { Member } from '../fuzz/member.ts'
import { realm } from '../fuzz/target.ts'
import { Attack } from '../unit/core/attacking.ts'
import { crypto } from '../unit/core/crypto.ts'
import { attack } from './attack.ts'
import { dice, flipped, futures, namesAnother, Twin } from './twins.ts'

/** A length field that fits what is left or added. */
function withLength(packet: Uint8Array): Uint8Array {
  const fitted = packet.slice()
  new DataView(fitted.buffer).setUint16(0, fitted.length - 2)
  return fitted
}

function each(twin: Twin, change: (packet: Uint8Array) => void): void {
  for (const packet of Object.values(twin.recorded)) change(packet as Uint8Array)
}

describe('packets of an outsider', () => {
  attack(
    'header bits',
    { by: 'outsider', holds: 'each of the 208 bits before a body, turned, leaves no trace' },
    () => {
      let count = 0
      const { attacked, spared } = futures((twin) => {
        const before = twin.attack.target.delivered
        each(twin, (packet) => {
          for (let bit = 0; bit < BODY_OFFSET * 8; bit++) {
            const changed = flipped(packet, bit)
            if (namesAnother(changed, twin)) continue
            twin.attack.send(changed)
            count += 1
          }
        })
        expect(twin.attack.target.delivered).toBe(before)
      })
      // Of four packets, without the 64 bits of the instance and those that lead to another stream.
      expect(count).toBeGreaterThan(4 * (BODY_OFFSET * 8 - 64) - 40)
      expect(attacked).toEqual(spared)
    },
  )

  attack(
    'another sender in the header',
    { by: 'outsider', holds: 'it waits in the quarantine for a second, and is never delivered' },
    () => {
      const twin = new Twin()
      const { attack: world, recorded } = twin
      const before = world.target.delivered
      for (let bit = 48; bit < 144; bit++) {
        const changed = flipped(recorded.data, bit)
        if (namesAnother(changed, twin)) world.send(changed)
      }
      expect(world.target.peer.held.packets).toBeGreaterThan(50)
      world.wait(2500)
      expect(world.target.peer.held).toMatchObject({ packets: 0, size: 0 })
      expect(world.target.delivered).toBe(before)
      expect(world.target.present.size).toBe(1)
    },
  )

  attack(
    'ten thousand random changes',
    { by: 'outsider', holds: 'no changed packet is taken, and the peer goes on as if none came' },
    () => {
      const random = dice('changes')
      const { attacked, spared } = futures((twin) => {
        const packets = Object.values(twin.recorded) as Uint8Array[]
        for (let i = 0; i < 10_000; i++) {
          const packet = random.pick(packets)
          const bits = Array.from({ length: random.integer(1, 8) }, () =>
            random.integer(16, packet.length * 8 - 1),
          )
          // Twice the same bit would be no change.
          if (new Set(bits).size < bits.length) continue
          const changed = flipped(packet, ...bits)
          if (!namesAnother(changed, twin)) twin.attack.send(changed, (i % 200) + 1)
        }
      })
      expect(attacked).toEqual(spared)
    },
  )

  attack(
    'shortened packets',
    { by: 'outsider', holds: 'every length of every packet is refused without a trace' },
    () => {
      const { attacked, spared } = futures((twin) => {
        each(twin, (packet) => {
          for (let size = 0; size < packet.length; size++) {
            twin.attack.send(packet.slice(0, size))
            if (size >= BODY_OFFSET) twin.attack.send(withLength(packet.slice(0, size)))
          }
        })
      })
      expect(attacked).toEqual(spared)
    },
  )

  attack(
    'lengthened packets',
    { by: 'outsider', holds: 'bytes behind a body make it another one, which is refused' },
    () => {
      const { attacked, spared } = futures((twin) => {
        const before = twin.attack.count('forged')
        each(twin, (packet) => {
          for (const more of [1, 16, 64, 900]) {
            twin.attack.send(withLength(concat(packet, new Uint8Array(more))))
          }
        })
        // The hello and the bindings' number are known already: dropped before any cryptography.
        expect(twin.attack.count('forged')).toBeGreaterThanOrEqual(before)
      })
      expect(attacked).toEqual(spared)
    },
  )

  attack(
    'packets sealed with another key',
    { by: 'outsider', holds: 'the name of the realm alone opens nothing' },
    () => {
      const { attacked, spared } = futures((twin) => {
        const keys = new RealmKeys(crypto, { name: realm.name, root: new Uint8Array(32).fill(8) })
        const stranger = new Member(dice('stranger'), keys)
        const before = twin.attack.count('forged')
        for (let i = 0; i < 20; i++) {
          twin.attack.send(stranger.hello({ echoes: [twin.attack.target.challenge] }))
        }
        expect(twin.attack.count('forged') - before).toBe(20)
      })
      expect(attacked).toEqual(spared)
    },
  )

  attack(
    'packets in the clear',
    { by: 'outsider', holds: 'a sealed peer takes nothing of an open realm of its name' },
    () => {
      const { attacked, spared } = futures((twin) => {
        const keys = new RealmKeys(crypto, { name: realm.name, root: undefined })
        const open = new Member(dice('open'), keys)
        const before = twin.attack.count('version')
        for (let i = 0; i < 20; i++) {
          twin.attack.send(open.hello({ echoes: [twin.attack.target.challenge] }))
          twin.attack.send(open.control(new Uint8Array(0)))
          twin.attack.send(open.data(1, 2, { flags: 0, body: new Uint8Array(20) }))
        }
        expect(twin.attack.count('version') - before).toBe(60)
      })
      expect(attacked).toEqual(spared)
    },
  )

  attack(
    'sealed packets to an open realm',
    { by: 'outsider', holds: 'an open peer takes nothing that is sealed: nobody is drawn across' },
    () => {
      const world = new Attack({}, { open: true })
      const keys = new RealmKeys(crypto, { name: realm.name, root: realm.root })
      const sealed = new Member(dice('sealed'), keys)
      world.send(sealed.hello({ echoes: [world.target.challenge] }))
      world.send(sealed.control(new Uint8Array(0)))
      expect([world.count('version'), world.target.present.size]).toEqual([2, 0])
    },
  )

  attack(
    'reflection',
    { by: 'outsider', holds: "a peer's own packets, sent back from elsewhere, do nothing" },
    () => {
      const sent: Uint8Array[] = []
      const { attacked, spared } = futures((twin) => {
        const { target } = twin.attack
        const watch = target.watch
        target.watch = (to, datagram) => void (watch?.(to, datagram), sent.push(datagram.slice()))
        for (let i = 0; i < 20; i++) {
          for (const datagram of sent.splice(0)) twin.attack.send(datagram, 7)
          twin.attack.send(target.sent, 8)
        }
        target.watch = watch
      })
      expect(attacked).toEqual(spared)
    },
  )

  attack(
    'a false alarm of a clone',
    { by: 'outsider', holds: 'only who has the keys of this process can pass as a copy of it' },
    () => {
      const { attacked, spared } = futures((twin) => {
        const { target } = twin.attack
        const header = { version: 1, hint: 0, recorded: [], instances: [] }
        const random = dice('clone')
        for (let i = 0; i < 1000; i++) {
          const junk = junkDatagram(random, { ...header, self: target.peer.instance })
          twin.attack.send(junk)
          // Its own packet, under numbers that it never gave out.
          const own = target.sent.slice()
          new DataView(own.buffer).setUint32(20, 1_000_000 + i)
          own[2] = 0x12
          twin.attack.send(own)
        }
        expect(twin.attack.count('clones')).toBe(0)
        expect(twin.attack.count('forged')).toBeGreaterThanOrEqual(1000)
      })
      expect(attacked).toEqual(spared)
    },
  )

  attack(
    'several packets in one datagram',
    { by: 'outsider', holds: 'a good packet between bad ones counts once, the bad ones never' },
    () => {
      const { attacked, spared } = futures((twin) => {
        const { data, control, hello } = twin.recorded
        for (let bit = 300; bit < 400; bit++) {
          const bad = flipped(data, bit)
          twin.attack.send(concat(bad, control, flipped(hello, bit), data, new Uint8Array(30)))
        }
      })
      expect(attacked).toEqual(spared)
    },
  )
})
