/** Bugs planted into the real classes: the simulator is worth something only if it finds them. */
import { afterEach, describe, expect, it } from 'vitest'
import type { Output } from '../../bus/core/output.ts'
import { Peer } from '../../bus/core/peer.ts'
import { StreamKeys } from '../../bus/core/peer/publishing/stream-keys.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { Batch } from '../../bus/core/stream/batch.ts'
import { NakTiming } from '../../bus/core/stream/nak-timing.ts'
import { type AskRules, Holes } from '../../bus/core/stream/holes.ts'
import { ReceiverStream } from '../../bus/core/stream/receiver.ts'
import { SenderStream } from '../../bus/core/stream/sender.ts'
import { Kind } from '../../bus/core/wire/packet.ts'
import { runSeed } from './run.ts'
import { quantile } from './tables.ts'
import { sharedLosses } from './transfer.ts'
import { RULES } from './violation.ts'
import { World } from './world.ts'

type Rule = keyof typeof RULES
type Seal = Parameters<Sealer['seal']>

const mends: (() => void)[] = []

/** Replaces a method until the test is over; the bug is given the object and the true method. */
function plant<T extends object, G extends unknown[], R>(
  prototype: T,
  method: keyof T,
  bug: (self: T, given: G, original: (...given: G) => R) => R,
): void {
  // The caller names a method whose parameters are G.
  const original = Reflect.get(prototype, method) as (...given: G) => R
  Reflect.set(prototype, method, function (this: T, ...given: G): R {
    return bug(this, given, original.bind(this))
  })
  mends.push(() => void Reflect.set(prototype, method, original))
}

/** The first of the wanted rules that is broken within so many seeds, behind those `before`. */
function foundWithin(seeds: number, wanted: readonly Rule[], before = 0): string | undefined {
  const rules: readonly string[] = wanted.map((rule) => RULES[rule])
  for (let seed = 1; seed <= seeds; seed++) {
    const { violation } = runSeed(before + seed)
    if (violation && rules.includes(violation.rule)) return violation.rule
  }
  return undefined
}

describe('the simulator finds', () => {
  afterEach(() => {
    for (const mend of mends.splice(0)) mend()
  })

  it('a receiver that delivers a message again after others came early', () => {
    const again = new WeakMap<Peer, Output>()
    let early = false
    plant(ReceiverStream.prototype, 'accept', (self, given, accept) => {
      early ||= self.early > 0
      accept(...given)
    })
    plant(Peer.prototype, 'poll', (self, given, poll: Peer['poll']): Output | undefined => {
      const repeated = again.get(self)
      again.delete(self)
      const output = repeated ?? poll(...(given as []))
      if (output?.type !== 'deliver' || repeated || !early) return output
      early = false
      again.set(self, output)
      return output
    })
    expect(foundWithin(20, ['order'])).toBeDefined()
  })

  it('a sender that uses a number again after a full batch', () => {
    let full = false
    plant(Sealer.prototype, 'seal', (_self, [id, body, key]: Seal, seal) => {
      const again = full && id.kind === Kind.data && id.number > 1
      if (id.kind === Kind.data) full = body.length > 1100
      return seal(again ? { ...id, number: id.number - 1 } : id, body, key)
    })
    expect(foundWithin(20, ['nonce', 'identical'])).toBeDefined()
  })

  it('a heartbeat that hides the loss of a tail', () => {
    plant(ReceiverStream.prototype, 'heartbeat', () => undefined)
    expect(foundWithin(200, ['contract'])).toBeDefined()
  })

  it('a batch whose last message vanishes at the end of a large packet', () => {
    type Add = Parameters<Batch['add']>
    plant(Batch.prototype, 'add', (self, [codec, payload]: Add, add) => {
      const vanishes = self.count > 0 && self.body.length + payload.length > 1180
      if (!vanishes) add(codec, payload)
    })
    expect(foundWithin(60, ['lossless', 'contract', 'content'])).toBeDefined()
  })

  it('a publisher that gives one message of history too little', () => {
    plant(SenderStream.prototype, 'locate', (_self, [at, back]: [number, number], locate) =>
      locate(at, Math.max(0, back - 1)),
    )
    expect(foundWithin(60, ['contract'])).toBeDefined()
  })

  it('a subscription that is live before its history has come', () => {
    const early = new WeakMap<Peer, Output>()
    plant(Peer.prototype, 'subscribe', (self, given: Parameters<Peer['subscribe']>, subscribe) => {
      const [now, subscription, pattern, wants] = given
      subscribe(now, subscription, pattern, { ...wants, live: false })
      early.set(self, { type: 'live', subscription })
    })
    plant(Peer.prototype, 'poll', (self, given, poll: Peer['poll']): Output | undefined => {
      const output = poll(...(given as []))
      if (output) return output
      const mark = early.get(self)
      early.delete(self)
      return mark
    })
    expect(foundWithin(60, ['contract'])).toBeDefined()
  })

  it('a receiver that asks again before an answer can have come', () => {
    plant(Holes.prototype, 'ask', (_self, [now, rules]: [number, AskRules], ask) => {
      return ask(now, { ...rules, againAt: now + 1, flowing: false })
    })
    expect(foundWithin(120, ['repair'])).toBeDefined()
  })

  it('receivers that all ask at once for what all of them lack', () => {
    plant(NakTiming.prototype, 'first', () => 1)
    const naks = sharedLosses({ receivers: 40, losses: 20, seed: 1 }).toSorted((a, b) => a - b)
    expect(quantile(naks, 0.99)).toBeGreaterThan(10)
  })

  it('a publisher that sends again what was sealed with keys that are over', () => {
    plant(StreamKeys.prototype, 'renew', (_self, [packet]: [Uint8Array]) => packet)
    expect(foundWithin(60, ['lossless', 'contract'], 200_000)).toBeDefined()
  })

  it('packets that are not sealed', () => {
    plant(Sealer.prototype, 'seal', (_self, [id, body, key]: Seal, seal): Uint8Array => {
      const packet = seal(id, body, key) as Uint8Array
      if (id.kind === Kind.data) packet.set(body, packet.length - body.length)
      return packet
    })
    expect(foundWithin(20, ['plaintext'])).toBeDefined()
  })

  it('a page that has a box for who was removed', () => {
    plant(
      World.prototype,
      'page',
      (self, given: Parameters<World['page']>, page: World['page']) => {
        const [parts, realm] = given
        const { secret } = parts.members[0]!
        const all = self.processes.map(({ options }) => options.signer.identity)
        const members = [...new Set(all)].map((identity) => ({ identity, secret }))
        return page({ ...parts, members, revoked: { identities: [], serials: [] } }, realm)
      },
    )
    expect(foundWithin(12, ['removed'], 250_000)).toBe(RULES.removed)
  })
})
