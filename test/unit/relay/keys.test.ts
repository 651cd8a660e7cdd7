/** The epochs that a relay knows: which it opens, which it seals in, and when one is over. */
import { describe, expect, it } from 'vitest'
import { RelayFlag, readRelayBeacon } from '../../../bus/core/wire/relay.ts'
import { readHeader } from '../../../bus/core/wire/packet.ts'
import { Sealer } from '../../../bus/core/seal/sealer.ts'
import { Neighbours } from '../../../relay/neighbours.ts'
import { RelayKeys, SenderKeys } from '../../../relay/keys.ts'
import { counting, crypto, hex } from '../core/crypto.ts'
import { Estate, Speaker, Toll } from './owned.ts'
import { keys as realm } from './carrying.ts'

const OVERLAP_MS = 30_000
const partsOf = (epoch: number) => ({ ...realm.parts, epoch, control: counting(32, epoch) })

describe('the epochs of a relay', () => {
  it('are opened as soon as they are known, and sealed in when somebody else does', () => {
    const keys = new RelayKeys(crypto, partsOf(4))
    keys.enter(partsOf(5))
    expect([keys.at(4)?.epoch, keys.at(5)?.epoch, keys.at(6)]).toEqual([4, 5, undefined])
    expect([keys.sealing.epoch, keys.isTurning]).toEqual([4, false])
    keys.heard(0, 4)
    expect(keys.sealing.epoch).toBe(4)
    keys.heard(0, 5)
    expect([keys.sealing.epoch, keys.isTurning]).toEqual([5, true])
  })

  it('of before are over 30 s after that, and not before', () => {
    const keys = new RelayKeys(crypto, partsOf(4))
    keys.enter(partsOf(5))
    expect(keys.step(10 * OVERLAP_MS)).toBe(false)
    keys.heard(1000, 5)
    expect(keys.step(1000 + OVERLAP_MS - 1)).toBe(false)
    expect(keys.at(4)).toBeDefined()
    expect(keys.step(1000 + OVERLAP_MS)).toBe(true)
    expect([keys.at(4), keys.all.length, keys.isTurning]).toEqual([undefined, 1, false])
  })

  it('are three at most, whatever follows how fast', () => {
    const keys = new RelayKeys(crypto, partsOf(4))
    for (const epoch of [5, 6, 7]) keys.enter(partsOf(epoch))
    expect(keys.all.map(({ epoch }) => epoch)).toEqual([7, 6, 5])
    // The one that it sealed in is gone.
    expect(keys.sealing.epoch).toBe(5)
    keys.heard(0, 6)
    expect([keys.sealing.epoch, keys.isTurning]).toEqual([6, false])
  })

  it('have a key each for every sender', () => {
    const keys = new RelayKeys(crypto, partsOf(4))
    keys.enter(partsOf(5))
    const sender = { instance: 1n, salt: counting(16), identity: counting(32) }
    const own = new SenderKeys(keys, sender)
    for (const epoch of [4, 5, 4]) {
      expect(hex(own.at(epoch)!)).toBe(hex(keys.at(epoch)!.controlKeyOf(sender)))
    }
    expect(own.at(3)).toBeUndefined()
  })

  it('show in its beacons', () => {
    const keys = new RelayKeys(crypto, partsOf(4))
    const neighbours = new Neighbours(crypto, keys, 7n)
    const say = (): Uint8Array =>
      neighbours.beacon({ flags: RelayFlag.askAll, intervalMs: 500, asked: [] })
    expect(readHeader(say()).epoch).toBe(4)
    keys.enter(partsOf(5))
    keys.heard(0, 5)
    const beacon = say()
    expect(readHeader(beacon)).toMatchObject({ epoch: 5, number: 2 })
    const body = new Sealer(crypto, keys.newest, 0n).open(beacon, keys.newest.control)
    expect(readRelayBeacon(body!)).toMatchObject({ intervalMs: 500 })
  })
})

describe('who is carried from one epoch to the next', () => {
  it('is whoever has said hello in the new one by then; the others are asked', async () => {
    const estate = Estate.found()
    const toll = new Toll(estate)
    const next = estate.rotated()
    const [stays, goes] = [new Speaker(estate, 1), new Speaker(estate, 2)]
    const chains = await Promise.all(
      [stays, goes].map(({ identity }) => estate.chain(identity.publicKey)),
    )
    for (const [i, one] of [stays, goes].entries()) {
      expect(toll.carries(one.hello(chains[i]!))).toBe(true)
    }
    toll.keys.enter(next.parts)
    expect(toll.asked()).toEqual([])
    stays.turn(next)
    expect(toll.carries(stays.control())).toBe(true)
    // It has turned, and wants a hello in the new epoch of both.
    expect(toll.asked()).toEqual([stays.instance, goes.instance])
    expect(toll.carries(stays.hello(chains[0]!))).toBe(true)
    expect(toll.asked()).toEqual([goes.instance])
    expect(toll.carries(goes.control())).toBe(true)
    toll.now += OVERLAP_MS
    toll.settle()
    expect([toll.carries(stays.control()), toll.carries(goes.control())]).toEqual([true, false])
    expect(toll.carries(goes.hello(chains[1]!))).toBe(false)
    expect(toll.counters.snapshot().otherEpoch).toBe(2)
  })
})
