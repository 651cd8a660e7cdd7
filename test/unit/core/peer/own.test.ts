/** Packets that bear a peer's own instance: the keys under which it may have sealed them. */
import { describe, expect, it } from 'vitest'
import { ownKeyOf } from '../../../../bus/core/peer/own.ts'
import { EpochKey, Epochs } from '../../../../bus/core/seal/epochs.ts'
import { guestRing, RealmKeys } from '../../../../bus/core/seal/keys.ts'
import { Kind } from '../../../../bus/core/wire/packet.ts'
import { crypto } from '../crypto.ts'

function guestKeys(epoch: number, topic: string): RealmKeys {
  const root = new Uint8Array(32).fill(1)
  const epochKey = new Uint8Array(32).fill(epoch)
  const { ring } = new RealmKeys(crypto, { name: 'site', root, epoch, epochKey })
  const options = { name: 'site', root: undefined, ring: guestRing(crypto, ring, [topic]) }
  return new RealmKeys(crypto, options)
}

describe('the key of a packet that says it is from here', () => {
  it('is none for a topic that the keys of its epoch do not open, and nothing is thrown', () => {
    const epochs = new Epochs(guestKeys(1, 'hall/3'), () => undefined)
    const next = guestKeys(2, 'hall')
    epochs.enter(0, next, false)
    epochs.heard(0, next)
    const self = { instance: 1n, salt: new Uint8Array(16), identity: new Uint8Array(32) }
    const controlKey = new EpochKey((keys) => keys.controlKeyOf(self))
    // What of a context and a stream is looked at.
    const context = { epochs, self, controlKey } as unknown as Parameters<typeof ownKeyOf>[1]
    const sent = { streams: [{ options: { topic: 'hall/4' } }] } as unknown as Parameters<
      typeof ownKeyOf
    >[2]
    const keyIn = (epoch: number): Uint8Array | undefined => {
      const header = { kind: Kind.data, stream: 1, epoch } as Parameters<typeof ownKeyOf>[0]
      return ownKeyOf(header, context, sent)
    }
    expect(keyIn(2)?.length).toBe(32)
    expect(keyIn(1)).toBeUndefined()
    expect(keyIn(3)).toBeUndefined()
  })
})
