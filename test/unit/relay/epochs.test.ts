/** A relay whose realm gets other keys: it is reloaded, and its links and their peers go on. */
import { describe, expect, it, vi } from 'vitest'
import { type Bus, connect, type Identity, newIdentity, rotate } from '../../../bus/index.ts'
import { controlParts } from '../../../bus/core/seal/keys.ts'
import { controlKeyText } from '../../../bus/io/control-key.ts'
import { parseKey } from '../../../bus/io/key-text.ts'
import { realmOptions } from '../../../bus/io/realm-keys.ts'
import { crypto } from '../core/crypto.ts'
import { LinkPeer } from './link-peer.ts'
import { Estate, name } from './owned.ts'
import { open, relayWith, WAIT } from './world.ts'

/** The control key of an epoch's key file. */
function controlOf(key: string, { owned = true, realm = name } = {}): string {
  const read = parseKey(key, 'the key')
  const parts = controlParts(crypto, realmOptions(realm, read))
  return controlKeyText({ parts, owner: owned ? read.owner : undefined })
}

/** A bus, and the epochs that it has kept. */
async function memberOf(
  estate: Estate,
  relay: string,
  identity: Identity,
): Promise<{ bus: Bus; kept: number[] }> {
  const kept: number[] = []
  const rights = await estate.grants(identity.publicKey)
  const at = { realm: name, key: estate.text, relay, multicast: false, linger: 200 }
  const keep = ({ epoch }: { epoch: number }): void => void kept.push(epoch)
  const bus = await connect({ ...at, identity, rights, keep })
  open.push(bus)
  return { bus, kept }
}

async function next(messages: AsyncIterable<{ value: unknown }>): Promise<unknown> {
  for await (const { value } of messages) return value
  return undefined
}

describe('a relay whose realm gets other keys', () => {
  it('is told by a reload; links stay, and come back by the new keys', async () => {
    const estate = Estate.found()
    let control = controlOf(estate.text)
    const limits = { idleTime: 120_000 }
    const relay = await relayWith({ realm: name, key: () => control, limits })
    const who = [newIdentity(), newIdentity()]
    const [one, two] = [
      await memberOf(estate, relay.url, who[0]!),
      await memberOf(estate, relay.url, who[1]!),
    ]
    const sleeper = newIdentity()
    const rights = await estate.chain(sleeper.publicKey)
    const opening = realmOptions(name, estate.key)
    const asleep = await LinkPeer.open(relay.url, opening, { identity: sleeper, rights })
    open.push(asleep)
    const messages = two.bus.subscribe('x')
    one.bus.publish('x', 1)
    expect(await next(messages)).toBe(1)
    const members = who.map(({ publicKey }) => {
      return { identity: Buffer.from(publicKey).toString('hex') }
    })
    const { owner } = estate
    const made = await rotate({ realm: name, key: estate.text, owner, members })
    // The page crosses the relay, which is not told yet, nor are they cut off meanwhile.
    one.bus.adopt(made.page)
    await vi.waitFor(() => expect([one.kept, two.kept]).toEqual([[2], [2]]), WAIT)
    await vi.waitFor(() => expect(relay.stats().otherEpoch).toBeGreaterThan(0), WAIT)
    control = controlOf(made.key)
    await relay.reload()
    expect(relay.stats()).toMatchObject({ epoch: 2, links: 3 })
    one.bus.publish('x', 2)
    expect(await next(two.bus.subscribe('x', { history: 'last' }))).toBe(2)
    // When the epoch before is over, after 30 s, so is the link of who has not shown the new one.
    expect(await asleep.ended).toBe(4401)
    const { port } = new URL(relay.url)
    await relay.close()
    const again = await relayWith({ realm: name, key: control, listen: `[::1]:${port}` })
    await vi.waitFor(() => expect(again.stats().links).toBe(2), WAIT)
    one.bus.publish('x', 3)
    expect(await next(two.bus.subscribe('x', { history: 'last' }))).toBe(3)
    // One that has been forgotten knows the keys of before, and is shown those.
    await again.close()
    const old = { realm: name, key: controlOf(estate.text), listen: `[::1]:${port}` }
    const forgotten = await relayWith(old)
    await vi.waitFor(() => expect(forgotten.stats().links).toBe(2), WAIT)
    expect(forgotten.stats().proofRefused).toBeGreaterThanOrEqual(1)
  }, 180_000)

  it('keeps what it has when what it finds cannot follow it', async () => {
    const estate = Estate.found()
    const { owner } = estate
    const made = await rotate({ realm: name, key: estate.text, owner, members: [] })
    let control = controlOf(made.key)
    const relay = await relayWith({ realm: name, key: () => control })
    await relay.reload()
    for (const [text, fault] of [
      [controlOf(estate.text), /of epoch 1, which is before 2/],
      [controlOf(Estate.found().text), /of another realm/],
      [controlOf(made.key, { owned: false }), /names no owner/],
      [
        controlOf((await rotate({ realm: name, key: estate.text, owner, members: [] })).key),
        /two of epoch 2/,
      ],
      ['nonsense', /holds no sixcast key/],
    ] as const) {
      control = text
      await expect(relay.reload()).rejects.toMatchObject({ code: 'INVALID_KEY' })
      await expect(relay.reload()).rejects.toThrow(fault)
    }
    expect(relay.stats().epoch).toBe(2)
  })

  it('holds its links to rights from the reload on that names the owner', async () => {
    const estate = Estate.found()
    let control = controlOf(estate.text, { owned: false })
    const relay = await relayWith({ realm: name, key: () => control })
    await memberOf(estate, relay.url, newIdentity())
    const thief = await LinkPeer.open(relay.url, realmOptions(name, estate.key))
    open.push(thief)
    control = controlOf(estate.text)
    await relay.reload()
    expect(await thief.ended).toBe(4406)
    await vi.waitFor(() => expect(relay.stats().links).toBe(1), WAIT)
    expect(relay.stats()).toMatchObject({ linksOpened: 2, rightsRefused: 1 })
  })
})
