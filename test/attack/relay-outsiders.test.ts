/** Attacks on relays by who has no key: by what it has recorded, by junk, and from any address. */
import { describe, expect } from 'vitest'
import { HelloFlag } from '../../bus/core/wire/hello.ts'
import { Kind } from '../../bus/core/wire/packet.ts'
import { RelayKeys } from '../../relay/keys.ts'
import { Neighbours } from '../../relay/neighbours.ts'
import { crypto } from '../unit/core/crypto.ts'
import { controlBytes } from '../unit/core/wire/any.ts'
import { at, group, keys, Member } from '../unit/relay/carrying.ts'
import { Estate, Toll } from '../unit/relay/owned.ts'
import { attack } from './attack.ts'
import { control } from '../unit/relay/crossroads.ts'
import { junk, LINKS, OUTSIDER, Target } from './relay-target.ts'

describe('a relay between two networks', () => {
  attack(
    'that is sent again what it has brought there itself',
    {
      by: 'outsider',
      holds: 'it goes on: one control packet in a growing number is held back, and no data',
    },
    () => {
      const relay = new Target()
      const [one, two] = [new Member(1), new Member(2)]
      relay.hears('a', one.hello())
      relay.hears('b', two.hello(), { from: at(2) })
      relay.hears('b', two.interest([group(1)], 900_000), { from: at(2) })
      let [crossed, data] = [0, 0]
      let heard: Uint8Array = new Uint8Array(0)
      for (let i = 0; i < 600; i++) {
        relay.now += 500
        const packet = one.control()
        const { copies } = relay.hears('a', packet)
        crossed += copies
        if (copies > 0) heard = packet
        data += relay.hears('a', one.data(), { to: group(1) }).copies
        for (let k = 0; k < 3; k++) relay.hears('b', heard, { from: OUTSIDER })
      }
      expect({ crossed, data }).toEqual({ crossed: 592, data: 600 })
    },
  )

  attack(
    'that is sent control of long ago',
    { by: 'outsider', holds: 'nobody is kept on a network that he has left' },
    () => {
      const relay = new Target()
      const one = new Member(1)
      relay.hears('a', one.hello())
      const old = Array.from({ length: 50 }, () => one.control())
      for (const packet of old) relay.hears('a', packet)
      const crossed = Array.from({ length: 8 }, (_, i) => {
        relay.hears('a', old[i]!, { from: OUTSIDER })
        return relay.hears('b', one.control(), { from: at(5) }).copies
      })
      // One is held back, to see whether it comes by the other network as well.
      expect(crossed).toEqual([0, 0, 1, 0, 1, 1, 1, 1])
    },
  )

  attack(
    'by a hello that was recorded, from another address',
    { by: 'outsider', holds: 'nothing that is for its peer goes there' },
    () => {
      const relay = new Target()
      const [one, two] = [new Member(1), new Member(2)]
      const first = one.hello()
      relay.hears('a', first)
      relay.hears('b', two.hello(), { from: at(2) })
      // At once, while it is the newest that was heard; and later.
      relay.hears('a', first, { from: OUTSIDER })
      expect(relay.bringsTo(one, two)).toEqual([at(1, one.port)])
      relay.hears('a', one.control())
      const second = one.hello()
      relay.hears('a', second)
      for (const hello of [first, second]) relay.hears('a', hello, { from: OUTSIDER })
      expect(relay.bringsTo(one, two)).toEqual([at(1, one.port)])
      const allowed = [at(1), OUTSIDER].map(({ address }) => relay.sendsTo(one, address))
      expect(allowed).toEqual([true, false])
    },
  )

  attack(
    'by a control packet that was recorded, from another address',
    { by: 'outsider', holds: 'nothing that is for its peer goes there' },
    () => {
      const relay = new Target()
      const [one, two] = [new Member(1), new Member(2)]
      relay.hears('a', one.hello())
      relay.hears('b', two.hello(), { from: at(2) })
      const packet = one.control()
      relay.hears('a', packet)
      expect(relay.hears('a', packet, { from: OUTSIDER }).copies).toBe(0)
      relay.bridge.fromPort(relay.now, 1, { bytes: packet, from: OUTSIDER, face: 'a' })
      expect(relay.bringsTo(one, two)).toEqual([at(1, one.port)])
      expect(relay.sendsTo(one, OUTSIDER.address)).toBe(false)
      expect(relay.counted()).toMatchObject({ replayed: 1 })
    },
  )

  attack(
    'by the life of somebody who has said goodbye',
    { by: 'outsider', holds: 'the relay does not take it to be there again' },
    () => {
      const relay = new Target()
      const one = new Member(1)
      const life = [one.hello(), one.interest([group(1)]), one.control()]
      for (const packet of life) relay.hears('b', packet)
      expect(relay.hears('b', one.hello(one.port, HelloFlag.bye)).faces).toEqual(['a'])
      for (const packet of life) relay.hears('b', packet, { from: OUTSIDER })
      const two = new Member(2)
      relay.hears('a', two.hello(), { from: at(2) })
      expect(relay.hears('a', two.data(), { to: group(1), from: at(2) }).copies).toBe(0)
      const again = one.hello()
      relay.hears('b', again, { from: OUTSIDER })
      expect(relay.bringsTo(one, two)).toEqual([])
    },
  )

  attack(
    'by beacons of another relay that has ceased',
    { by: 'outsider', holds: 'it stays away, on whichever network they are said again' },
    () => {
      const relay = new Target()
      const other = new Neighbours(crypto, new RelayKeys(crypto, keys.parts), 78n)
      const beacons = Array.from({ length: 9 }, () => {
        return other.beacon({ flags: 0, intervalMs: 500, asked: [] })
      })
      for (const beacon of beacons) relay.hears('b', beacon, { from: at(9) })
      expect(relay.bridge.size.relays).toBe(1)
      relay.now += 2000
      relay.bridge.tick(relay.now)
      for (const face of ['a', 'b']) {
        for (const beacon of beacons) relay.hears(face, beacon, { from: OUTSIDER })
      }
      expect(relay.bridge.size.relays).toBe(0)
    },
  )

  attack(
    'by junk, for its links to be flooded with',
    {
      by: 'outsider',
      holds: 'of control and pages a few a second go on, of data none but in the name of a peer',
    },
    () => {
      const relay = new Target()
      relay.links(LINKS)
      const one = new Member(1)
      relay.hears('a', one.hello())
      const flood = (kind: number, to: string, instance?: bigint): number => {
        relay.now += 1000
        let copies = 0
        for (let i = 0; i < 1000; i++) {
          const bytes = junk(kind, instance ?? BigInt(1000 + i))
          copies += relay.hears('a', bytes, { to, from: at(1 + (i % 50)) }).copies
        }
        return copies
      }
      const out = LINKS + 1
      const { instance } = one.sender
      // Of strangers: hellos do not open, and who is not known can be anybody.
      expect(flood(Kind.hello, control)).toBe(0)
      expect(flood(Kind.control, control)).toBe(64 * out)
      expect(flood(Kind.page, control)).toBe(100 * out)
      expect(flood(Kind.control, group(1))).toBe(64 * LINKS)
      for (const kind of [Kind.data, Kind.parity, Kind.direct]) {
        expect(flood(kind, control)).toBe(0)
        expect(flood(kind, control, instance)).toBe(0)
        expect(flood(kind, group(1))).toBe(0)
      }
      expect(flood(Kind.control, control, instance)).toBe(0)
      // What remains: no relay can tell this from what the peer itself says on its topic.
      expect(flood(Kind.data, group(1), instance)).toBe(1000 * LINKS)
    },
  )

  attack(
    'by control of an epoch that nobody knows',
    { by: 'outsider', holds: 'a few a second go on, be it in the name of a peer' },
    () => {
      const relay = new Target()
      relay.links(LINKS)
      const one = new Member(1)
      relay.hears('a', one.hello())
      let copies = 0
      for (const kind of [Kind.hello, Kind.control]) {
        for (let i = 0; i < 1000; i++) {
          const bytes = junk(kind, one.sender.instance, { epoch: 7 })
          copies += relay.hears('a', bytes, { from: at(i) }).copies
        }
      }
      expect(copies).toBe(8 * (LINKS + 1))
    },
  )

  attack(
    'by control that it has heard, sent again a thousand times',
    { by: 'outsider', holds: 'nothing goes on' },
    () => {
      const relay = new Target()
      relay.links(LINKS)
      const one = new Member(1)
      const said = [one.hello(), one.control(), one.interest([group(2)])]
      for (const packet of said) relay.hears('a', packet)
      let copies = 0
      for (let i = 0; i < 1000; i++) {
        for (const packet of said) copies += relay.hears('a', packet, { from: OUTSIDER }).copies
      }
      expect(copies).toBe(0)
    },
  )
})

describe('a relay between two networks of a realm with an owner', () => {
  attack(
    'by made-up pages and control, for other networks to be flooded with',
    { by: 'outsider', holds: 'a hundred pages a second go on, and no control' },
    () => {
      const toll = new Toll(Estate.found())
      const carried = (kind: number): number => {
        let count = 0
        for (let i = 0; i < 1000; i++) {
          const bytes = junk(kind, BigInt(1000 + i), { epoch: 1, hint: toll.keys.hint })
          if (toll.carries(bytes, i % 50)) count += 1
        }
        return count
      }
      expect([carried(Kind.page), carried(Kind.control), carried(Kind.hello)]).toEqual([100, 0, 0])
    },
  )
})

describe('a relay between two networks, before somebody with the key', () => {
  attack(
    'by a goodbye that another has signed',
    { by: 'member', holds: 'its peer stays, and what it wants is brought' },
    () => {
      const relay = new Target()
      const [one, two] = [new Member(1), new Member(2)]
      relay.hears('a', one.hello())
      relay.hears('b', two.hello(), { from: at(2) })
      relay.hears('b', two.interest([group(1)]), { from: at(2) })
      for (const face of ['a', 'b']) {
        const forged = two.hello(two.port, HelloFlag.bye, false)
        expect(relay.hears(face, forged, { from: OUTSIDER }).copies).toBe(0)
      }
      expect(relay.hears('a', one.data(), { to: group(1) }).faces).toEqual(['b'])
      expect(relay.counted()).toMatchObject({ forged: 2 })
    },
  )

  attack(
    'by a hello for another with an address and a port of its choice',
    { by: 'member', holds: 'what is for its peer goes where it was' },
    () => {
      const relay = new Target()
      const [one, two] = [new Member(1), new Member(2)]
      relay.hears('a', one.hello())
      relay.hears('b', two.hello(), { from: at(2) })
      relay.hears('a', one.hello(41_000, 0, false), { from: OUTSIDER })
      expect(relay.bringsTo(one, two)).toEqual([at(1, one.port)])
      expect(relay.sendsTo(one, OUTSIDER.address)).toBe(false)
      // Nor is somebody met by it whom the relay does not know yet.
      const three = new Member(3)
      relay.hears('a', three.hello(three.port, 0, false), { from: OUTSIDER })
      expect(relay.sendsTo(three, OUTSIDER.address)).toBe(false)
    },
  )

  attack(
    'by a thousand badly signed hellos',
    { by: 'member', holds: 'fifty signatures a second are verified at most, and others come in' },
    () => {
      const relay = new Target()
      for (let i = 0; i < 1000; i++) {
        const posing = new Member(i % 200)
        relay.hears('a', posing.hello(posing.port, 0, false), { from: OUTSIDER })
      }
      expect(relay.verified).toBe(50)
      expect(relay.counted()).toMatchObject({ forged: 50, helloBudget: 950 })
      const one = new Member(201)
      expect(relay.hears('a', one.hello()).faces).toEqual(['b'])
    },
  )
})

describe('the work of a relay', () => {
  attack(
    'by the packets of a peer, control and data',
    { by: 'outsider', holds: 'each control packet is opened once, and data never' },
    () => {
      const relay = new Target()
      relay.links(3)
      const one = new Member(1)
      relay.hears('a', one.hello())
      const before = relay.opened
      const body = controlBytes({ type: 'beacon', intervalMs: 500, streamCount: 0 })
      for (let i = 0; i < 100; i++) {
        relay.hears('a', one.control(keys.controlKeyOf(one.sender), body))
        for (let k = 0; k < 10; k++) relay.hears('a', one.data(), { to: group(1) })
      }
      expect(relay.opened - before).toBe(100)
    },
  )
})
