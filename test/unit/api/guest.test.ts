/** Guests: buses with keys for some topics of a realm. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { newIdentity } from '../../../bus/io/ed25519.ts'
import { grant, newRealm } from '../../../bus/io/grants.ts'
import { GUEST_TOPICS_MAX, guestKeyText, parseGuestKey } from '../../../bus/io/guest-key.ts'
import { identityName } from '../../../bus/io/identity.ts'
import { keyText, parseKey } from '../../../bus/io/key-text.ts'
import { newKey } from '../../../bus/io/keyfile.ts'
import { guestKeyOf } from '../../../bus/io/guest-ring.ts'
import { settle } from '../../../bus/io/settings.ts'
import { acquainted, network, values } from './company.ts'

const directory = mkdtempSync(path(tmpdir(), 'sixcast-guest-'))
vi.stubEnv('XDG_CONFIG_HOME', directory)
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true })
})

const realm = 'plant'
const key = keyText(newKey())
const guestText = async (...patterns: string[]): Promise<string> =>
  guestKeyText(await guestKeyOf(realm, parseKey(key, 'it'), patterns))

const faults = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

describe('a guest', () => {
  it('reads and writes its topics and no others, and takes the rest for nothing of its own', async () => {
    const join = network()
    // All topics in one group: what is not for the guest reaches it as well.
    const member = await join({ realm, key, groups: 1 })
    const guest = await join({ realm, key: await guestText('hall/3/**'), groups: 1 })
    await acquainted(member, guest)
    guest.subscribe('hall/3/later') // keeps it in the group
    const heard = values(2, guest.subscribe('**'))
    const asked = values(1, member.subscribe('hall/3/answer'))
    for (let i = 0; i < 5; i++) member.publish('office/door', i)
    member.publish('hall/3', 'a')
    member.publish('hall/3/lamp', 'b')
    // Two topics: nothing orders them.
    expect(new Set(await heard)).toEqual(new Set(['a', 'b']))
    guest.publish('hall/3/answer', 'c')
    expect(await asked).toEqual(['c'])
    expect(() => guest.publish('office/door', 1)).toThrow(faults('DENIED', /office/))
    await vi.waitFor(() => expect(guest.stats().uninterested).toBeGreaterThan(0))
    expect(guest.stats().forged + guest.stats().denied).toBe(0)
    expect([...guest.topics].map(({ topic }) => topic).toSorted()).toEqual([
      'hall/3',
      'hall/3/lamp',
    ])
  })

  it('is held to its rights in a realm with an owner', async () => {
    const owned = newRealm(realm)
    const sensor = newIdentity()
    const ring = guestKeyText(await guestKeyOf(realm, parseKey(owned.key, 'it'), ['hall/**']))
    const issued = { realm, key: owned.key, issuer: owned.owner, until: new Date(Date.now() + 9e6) }
    const rights = await grant({ ...issued, to: identityName(sensor), publish: ['hall/3/**'] })
    const join = network()
    const guest = await join({ realm, key: ring, identity: sensor, rights })
    expect(() => guest.publish('hall/4', 1)).toThrow(faults('DENIED', /hall\/4/))
    guest.publish('hall/3/a', 1)
    await expect(settle({ realm, key: ring })).rejects.toEqual(faults('DENIED', /no rights/))
  })
})

describe('a guest key', () => {
  it('survives the round trip', async () => {
    const text = await guestText('hall/3/**', 'küche/**')
    const found = parseGuestKey(text, 'it')
    expect(found.ring.topics.map(({ prefix }) => prefix)).toEqual(['hall/3', 'küche'])
    expect(guestKeyText(found)).toBe(text)
    expect(text).not.toContain(key.trim().split(' ')[1])
  })

  it.each([
    ['**', 'INVALID_PATTERN'],
    ['hall', 'INVALID_PATTERN'],
    ['*/a/**', 'INVALID_PATTERN'],
    ['hall/**/a', 'INVALID_PATTERN'],
    ['hall//**', 'INVALID_PATTERN'],
  ])('is for topics that have a key of their own, not for %s', async (pattern, code) => {
    await expect(guestText(pattern)).rejects.toEqual(expect.objectContaining({ code }))
  })

  it('is for at most eight topics', async () => {
    const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `t${i}/**`)
    expect(parseGuestKey(await guestText(...many(GUEST_TOPICS_MAX)), 'it')).toBeDefined()
    const over = guestText(...many(GUEST_TOPICS_MAX + 1))
    await expect(over).rejects.toEqual(faults('TOO_LARGE', /9 patterns are more than 8/))
  })

  it('is whole or none, of its realm, and in no error', async () => {
    const text = (await guestText('hall/**')).trim()
    const words = text.split(' ')
    for (const odd of [
      words.slice(0, -1).join(' '),
      text.replace('guest-1', 'guest-2'),
      `${text} `.repeat(2),
      `${text} x`,
      text.replace(' 0 ', ' 65536 '),
      [...words.slice(0, -1), 'A'.repeat(43)].join(' '),
    ]) {
      const fault = await settle({ realm, key: odd }).catch((error: Error) => error)
      expect(fault).toEqual(faults('INVALID_KEY', /holds no (guest|sixcast) key/))
      expect((fault as Error).message).not.toContain(words[3])
    }
    const other = settle({ realm: 'other', key: text })
    await expect(other).rejects.toEqual(faults('INVALID_KEY', /guest's key for realm "plant"/))
  })
})
