/** Rights from the owner's hand to what buses deliver to each other. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import type { GrantOptions } from '../../../bus/api/grant-options.ts'
import type { Identity } from '../../../bus/api/options.ts'
import { newIdentity } from '../../../bus/io/ed25519.ts'
import { grant, newRealm } from '../../../bus/io/grants.ts'
import { identityName } from '../../../bus/io/identity.ts'
import { keyText } from '../../../bus/io/key-text.ts'
import { createSecretFile, newKey } from '../../../bus/io/keyfile.ts'
import { rightsFileOf } from '../../../bus/io/rights.ts'
import { settle } from '../../../bus/io/settings.ts'
import { utf8 } from '../../../bus/core/text.ts'
import { writePart } from '../../../bus/core/wire/variables.ts'
import { acquainted, network, values } from './company.ts'

const directory = mkdtempSync(path(tmpdir(), 'sixcast-rights-'))
vi.stubEnv('XDG_CONFIG_HOME', directory)
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true })
})

const plant = newRealm('plant')
const { realm, key, owner } = plant
const hour = (from: number): Date => new Date(Date.now() + from * 3_600_000)

function granted(to: Identity, more: Partial<GrantOptions> = {}): Promise<string> {
  return grant({ realm, key, issuer: owner, to: identityName(to), until: hour(1), ...more })
}

/** What a member connects with. */
async function member(more: Partial<GrantOptions>) {
  const identity = newIdentity()
  return { realm, key, identity, rights: await granted(identity, more) }
}

const faults = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

describe('buses in a realm with an owner', () => {
  it('hear of each other what the owner allows', async () => {
    const join = network()
    const sensor = await join(await member({ publish: ['hall/**'] }))
    const desk = await join(await member({ subscribe: ['**'] }))
    await acquainted(sensor, desk)
    const got = values(1, desk.subscribe('**'))
    expect(() => sensor.publish('office/door', 1)).toThrow(faults('DENIED', /"office\/door"/))
    await expect(sensor.matched('office/door')).rejects.toEqual(faults('DENIED', /office/))
    sensor.publish('hall/door', 2)
    expect(await got).toEqual([2])
    expect(() => desk.publish('hall/door', 1)).toThrow(faults('DENIED', /acl test/))
  })

  it('ask with the right to publish, and answer with the right to subscribe', async () => {
    const join = network()
    const desk = await join(await member({ publish: ['hall/**'] }))
    const lamp = await join(await member({ subscribe: ['hall/lamp'] }))
    await acquainted(desk, lamp)
    lamp.respond('**', ({ topic }) => `by ${topic}`)
    expect((await desk.request('hall/lamp', 'on')).value).toBe('by hall/lamp')
    await expect(desk.request('office/lamp', 'on')).rejects.toEqual(faults('DENIED', /office/))
    await expect(desk.request('hall/door', 'open')).rejects.toEqual(faults('NO_RESPONDER', /hall/))
    await expect(lamp.request('hall/lamp', 'on')).rejects.toEqual(faults('DENIED', /lamp/))
  })

  it('expose what they may, and what others expose without the right counts as refused', async () => {
    const all = { publish: ['**'], subscribe: ['**'] }
    const join = network()
    const desk = await join(await member(all))
    const lamp = await join(await member({ ...all, expose: ['hall/**'] }))
    await acquainted(desk, lamp)
    expect(() => desk.expose('hall/lamp', 1)).toThrow(faults('DENIED', /expose "hall\/lamp"/))
    expect(() => lamp.expose('office/lamp', 1)).toThrow(faults('DENIED', /office/))
    lamp.expose('hall/lamp', 'on')
    expect((await desk.fetch('**').all()).map(({ value }) => value)).toEqual(['on'])
    // A program that does not keep to it.
    const name = utf8('office/lamp')
    const entry = { name, kind: 'value', version: 1, ageMs: 0, codec: 1, payload: name } as const
    const liar = await join(await member({ ...all, expose: ['hall/**'] }))
    await acquainted(desk, liar)
    liar.respond('sixcast/variables', () => writePart({ more: false, entries: [entry] }))
    const fetching = desk.fetch('office/*', { from: liar.id })
    expect(await fetching.all()).toEqual([])
    expect((await fetching.report).outcomes).toMatchObject([
      { type: 'refused', values: 0, error: faults('DENIED', /no right to expose "office\/lamp"/) },
    ])
    expect(desk.stats().denied).toBe(1)
  })

  it('set what they may, and nothing else', async () => {
    const all = { publish: ['**'], subscribe: ['**'] }
    const join = network()
    const lamp = await join(await member({ ...all, expose: ['**'] }))
    const guard = await join(await member({ ...all, write: ['hall/*'] }))
    const guest = await join(await member(all))
    await acquainted(lamp, guard, guest)
    lamp.expose('hall/lamp', 'off', { writable: true })
    lamp.expose('office/lamp', 'off', { writable: true })
    const to = lamp.id
    expect((await guard.set('hall/lamp', 'on', { to })).value).toBe('on')
    for (const [bus, name] of [[guard, 'office/lamp'] as const, [guest, 'hall/lamp'] as const]) {
      await expect(bus.set(name, 'x', { to })).rejects.toEqual(
        faults('DENIED', /no right to write/),
      )
    }
    expect(lamp.stats().denied).toBe(2)
  })

  it('never meet those of the same key without the owner', async () => {
    const join = network()
    const inside = await join(await member({ subscribe: ['**'] }))
    const root = Buffer.from(key.split(' ')[1]!, 'base64url')
    const outside = await join({ realm, key: keyText(new Uint8Array(root)) })
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect([inside.presence.size, outside.presence.size]).toEqual([0, 0])
  })

  it('take wider rights while they are there', async () => {
    const join = network()
    const [sensor, desk] = [
      await member({ publish: ['hall/**'] }),
      await member({ subscribe: ['**'] }),
    ]
    const [a, b] = [await join(sensor), await join(desk)]
    await acquainted(a, b)
    const got = values(1, b.subscribe('**'))
    const left = vi.fn<() => void>()
    void (async () => {
      for await (const { type } of b.presence.watch()) if (type === 'leave') left()
    })()
    a.renew(await granted(sensor.identity, { publish: ['**'] }))
    a.publish('office/door', 3)
    expect(await got).toEqual([3])
    expect(left).not.toHaveBeenCalled()
    expect(() => a.renew(sensor.rights.slice(0, -9))).toThrow(faults('INVALID_KEY', /no rights/))
    expect(() => a.renew(desk.rights)).toThrow(faults('DENIED', /they are those of/))
  })
})

describe('connecting to a realm with an owner', () => {
  it('needs rights, from the option or the realm’s file', async () => {
    const identity = newIdentity()
    const options = { realm, key, identity }
    await expect(settle(options)).rejects.toEqual(faults('DENIED', /has an owner.*sixcast invite/))
    await createSecretFile(rightsFileOf(realm), await granted(identity))
    expect((await settle(options)).rights).toBeDefined()
    const other = settle({ ...options, identity: newIdentity() })
    await expect(other).rejects.toEqual(faults('DENIED', /they are those of [0-9a-f]{64}/))
  })

  it('needs rights that count now, and that this owner has signed', async () => {
    const identity = newIdentity()
    const old = await granted(identity, { from: hour(-2), until: hour(-1) })
    const early = await granted(identity, { from: hour(1), until: hour(2) })
    for (const rights of [old, early]) {
      const late = settle({ realm, key, identity, rights })
      await expect(late).rejects.toEqual(faults('DENIED', /good from .*Z to .*Z alone/))
    }
    const twin = newRealm('plant')
    const foreign = await granted(identity, { key: twin.key, issuer: twin.owner })
    const odd = settle({ realm, key, identity, rights: foreign })
    await expect(odd).rejects.toEqual(faults('DENIED', /owner has not signed them/))
  })

  it('is the only one that takes rights', async () => {
    const { identity, rights } = await member({})
    const without = settle({ realm, key: newKey(), identity, rights })
    await expect(without).rejects.toEqual(faults('INVALID_OPTION', /has no owner in its key/))
  })
})

describe('granting', () => {
  it('goes on as often as the first one says, and gives no more than it had', async () => {
    const [middle, last] = [newIdentity(), newIdentity()]
    const first = await granted(middle, { publish: ['a/**'], depth: 1 })
    const on = { issuer: middle, rights: first, publish: ['**'] }
    const second = await granted(last, on)
    const { rights } = await settle({ realm, key, identity: last, rights: second })
    expect(rights?.allows('publish', ['a', 'b'])).toBe(true)
    expect(rights?.allows('publish', ['b'])).toBe(false)
    const third = granted(newIdentity(), { ...on, issuer: last, rights: second })
    await expect(third).rejects.toEqual(faults('DENIED', /may not be handed on/))
    const deeper = granted(last, { ...on, depth: 1 })
    await expect(deeper).rejects.toEqual(faults('INVALID_OPTION', /would count nowhere/))
  })

  it('of more than the issuer has is refused, and names what that is', async () => {
    const [middle, last] = [newIdentity(), newIdentity()]
    const own = { publish: ['a/**', 'b'], subscribe: ['a/*'], depth: 1 }
    const on = { issuer: middle, rights: await granted(middle, own) }
    for (const [wish, fault] of [
      [{ publish: ['a/x/**', 'c'] }, /publish on "c" reaches further .*publish on a\/\*\* b: /],
      [{ publish: ['*'] }, /publish on "\*" reaches further/],
      [{ subscribe: ['a/**'] }, /subscribe on "a\/\*\*" .*subscribe on a\/\*: /],
      [{ write: ['a/b'] }, /may not write: hand on as much at most, or "\*\*" for all of it/],
    ] as const) {
      await expect(granted(last, { ...on, ...wish })).rejects.toEqual(faults('DENIED', fault))
    }
    await expect(
      granted(last, { ...on, publish: ['a/x', 'b'], subscribe: ['a/b'] }),
    ).resolves.toBeDefined()
  })

  it('is for the owner, and for whoever shows rights of their own', async () => {
    const [a, b] = [newIdentity(), newIdentity()]
    await expect(granted(a, { issuer: b })).rejects.toEqual(faults('DENIED', /is not the owner/))
    const stolen = granted(b, { issuer: b, rights: await granted(a, { depth: 1 }) })
    await expect(stolen).rejects.toEqual(faults('DENIED', /do not count: they are those of/))
    const ownerless = granted(a, { key: keyText(newKey()) })
    await expect(ownerless).rejects.toEqual(faults('DENIED', /names no owner/))
  })

  it.each([
    [{ publish: ['a//b'] }, 'INVALID_PATTERN'],
    [{ publish: ['a/{room}'] }, 'INVALID_PATTERN'],
    [{ publish: 'a' }, 'INVALID_OPTION'],
    [{ to: 'me' }, 'INVALID_OPTION'],
    [{ depth: 4 }, 'INVALID_OPTION'],
    [{ until: new Date(Number.NaN) }, 'INVALID_OPTION'],
    [{ until: undefined }, 'INVALID_OPTION'],
    [{ from: hour(2) }, 'INVALID_OPTION'],
    [{ publish: Array.from({ length: 17 }, (_, i) => `t${i}`) }, 'TOO_LARGE'],
    [{ publish: ['x'.repeat(200), 'y'.repeat(250)] }, 'TOO_LARGE'],
  ])('refuses %j', async (more, code) => {
    const odd = granted(newIdentity(), more as Partial<GrantOptions>)
    await expect(odd).rejects.toEqual(expect.objectContaining({ code }))
  })
})
