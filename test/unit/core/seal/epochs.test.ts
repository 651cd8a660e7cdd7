/** Which epochs of a realm's keys count, and when. */
import { describe, expect, it } from 'vitest'
import {
  EPOCH_DELAY_MS,
  EPOCH_OVERLAP_MS,
  EpochKey,
  Epochs,
  type TopicKey,
} from '../../../../bus/core/seal/epochs.ts'
import { guestRing, RealmKeys } from '../../../../bus/core/seal/keys.ts'
import { crypto } from '../crypto.ts'

const root = new Uint8Array(32).fill(1)
const keysOf = (epoch: number): RealmKeys => {
  const epochKey = new Uint8Array(32).fill(epoch)
  return new RealmKeys(crypto, { name: 'site', root, epoch, epochKey })
}

function begin(): { epochs: Epochs; turns: number[] } {
  const turns: number[] = []
  const epochs = new Epochs(keysOf(1), ({ epoch }) => turns.push(epoch))
  return { epochs, turns }
}

describe('epochs', () => {
  it('open the next one at once, seal with it later, and open the one before for a while', () => {
    const { epochs, turns } = begin()
    epochs.enter(0, keysOf(2), false)
    expect([epochs.current.epoch, epochs.newest]).toEqual([1, 2])
    expect([epochs.at(1)?.epoch, epochs.at(2)?.epoch, epochs.at(3)]).toEqual([1, 2, undefined])
    expect(epochs.deadline).toBe(EPOCH_DELAY_MS)
    epochs.step(EPOCH_DELAY_MS)
    expect([epochs.current.epoch, turns]).toEqual([2, [2]])
    expect(epochs.at(1)?.epoch).toBe(1)
    epochs.step(epochs.deadline)
    expect(epochs.at(1)).toBeUndefined()
    expect(epochs.deadline).toBe(Infinity)
  })

  it('seal with the next one as soon as somebody else does', () => {
    const { epochs } = begin()
    const next = keysOf(2)
    epochs.enter(0, next, false)
    epochs.heard(10, next)
    expect(epochs.current).toBe(next)
    expect(epochs.deadline).toBe(10 + EPOCH_OVERLAP_MS)
  })

  it.each([
    { what: 'at once', epoch: 2, isAtOnce: true },
    { what: 'over one that was slept through', epoch: 3, isAtOnce: false },
  ])('leave the one before behind where they change $what', ({ epoch, isAtOnce }) => {
    const { epochs } = begin()
    epochs.enter(0, keysOf(epoch), isAtOnce)
    expect(epochs.current.epoch).toBe(epoch)
    expect(epochs.at(1)).toBeUndefined()
  })

  it('are never more than three', () => {
    const { epochs, turns } = begin()
    epochs.enter(0, keysOf(2), false)
    epochs.enter(1, keysOf(3), false)
    epochs.enter(2, keysOf(4), false)
    expect([1, 2, 3, 4].filter((epoch) => epochs.at(epoch))).toEqual([2, 3, 4])
    expect(turns).toEqual([2, 3])
  })
})

describe('the key of an epoch', () => {
  it('is derived once for each', () => {
    let derived = 0
    const key = new EpochKey(({ control }) => {
      derived += 1
      return control
    })
    const [one, two] = [keysOf(1), keysOf(2)]
    expect(key.of(one)).toBe(one.control)
    expect(key.of(two)).toBe(two.control)
    expect(key.of(one)).toBe(one.control)
    expect(derived).toBe(2)
  })

  it('of a topic is none where the keys of a guest do not open it', () => {
    const sender = { instance: 1n, salt: new Uint8Array(16), identity: new Uint8Array(32) }
    const guestOf = (epoch: number, topic: string): RealmKeys => {
      const ring = guestRing(crypto, keysOf(epoch).ring, [topic])
      return new RealmKeys(crypto, { name: 'site', root: undefined, ring })
    }
    const [narrow, wide] = [guestOf(1, 'hall/3'), guestOf(2, 'hall')]
    const key: TopicKey = new EpochKey((keys) => keys.dataKeyIn(sender, 'hall/4'))
    expect([key.of(narrow), key.of(wide)?.length]).toEqual([undefined, 32])
    expect(wide.directKeyIn(sender, 'hall/4', sender)?.length).toBe(32)
    expect(narrow.directKeyIn(sender, 'hall/4', sender)).toBeUndefined()
  })

  it('has nothing to do with the root', () => {
    const { control } = keysOf(1)
    const epochKey = new Uint8Array(32).fill(1)
    const other = new RealmKeys(crypto, { name: 'x', root: epochKey, epoch: 1, epochKey })
    expect(other.control).toEqual(control)
    expect(other.tagOf('a')).not.toBe(keysOf(1).tagOf('a'))
    expect(keysOf(2).tagOf('a')).toBe(keysOf(1).tagOf('a'))
  })
})
