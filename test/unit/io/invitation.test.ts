/** Invitations as text, and the settings that a realm keeps beside its key. */
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { newIdentity } from '../../../bus/io/ed25519.ts'
import { grant, newRealm } from '../../../bus/io/grants.ts'
import { identityName } from '../../../bus/io/identity.ts'
import { invitationText, parseInvitation } from '../../../bus/io/invitation.ts'
import { parseKey } from '../../../bus/io/key-text.ts'
import { createKeyFile, keyFileOf, newKey } from '../../../bus/io/keyfile.ts'
import { realmFileOf } from '../../../bus/io/realm-file.ts'
import { parseRights } from '../../../bus/io/rights-text.ts'
import { settle } from '../../../bus/io/settings.ts'

let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sixcast-invite-'))
  vi.stubEnv('XDG_CONFIG_HOME', directory)
})

afterEach(() => {
  vi.unstubAllEnvs()
  vi.useRealTimers()
  rmSync(directory, { recursive: true })
})

const { realm, key, owner } = newRealm('plant')
const HOUR_MS = 3_600_000
const hour = (from: number): Date => new Date(Date.now() + from * HOUR_MS)

async function invited(signer = owner): Promise<string> {
  const identity = newIdentity()
  const to = identityName(identity)
  const text = await grant({ realm, key, issuer: owner, to, until: hour(100), publish: ['a'] })
  const named = parseKey(key, 'it').owner!
  const about = { realm, key, owner: named, rights: parseRights(text, 'it'), identity }
  const settings = { scope: 'link', port: 7000 } as const
  return invitationText({ ...about, settings, expires: hour(1) }, signer)
}

const faults = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

describe('an invitation', () => {
  it('brings realm, key, rights, identity and settings', async () => {
    const text = await invited()
    expect(text).toMatch(/^sixcast-invite-1\.[\w-]+\.[\w-]{86}\n$/)
    const found = await parseInvitation(text, 'it')
    expect(found.realm).toBe('plant')
    expect(found.settings).toEqual({ scope: 'link', port: 7000 })
    expect(Buffer.from(found.rights.holder).toString('hex')).toBe(identityName(found.identity!))
  })

  it('counts until its date and a minute more', async () => {
    const text = await invited()
    vi.useFakeTimers({ now: Date.now() + HOUR_MS + 58_000, toFake: ['Date'] })
    expect((await parseInvitation(text, 'it')).realm).toBe('plant')
    vi.setSystemTime(Date.now() + 4000)
    await expect(parseInvitation(text, 'it')).rejects.toEqual(
      faults('DENIED', /^it has expired at/),
    )
  })

  it('is signed by the owner', async () => {
    const forged = await invited(newIdentity())
    await expect(parseInvitation(forged, 'it')).rejects.toEqual(faults('INVALID_KEY', /changed/))
  })

  it('is whole or none, and its secrets are in no error', async () => {
    const text = (await invited()).trim()
    const secret = key.split(' ')[1]!
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.nat(61), async (at, letter) => {
        const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
        const changed = text.slice(0, at) + letters[letter] + text.slice(at + 1)
        // The last digit of base64url has bits that mean nothing.
        const last = at === text.length - 1 || text[at + 1] === '.'
        if (changed === text || last) return
        const fault = await parseInvitation(changed, 'it').catch((error: Error) => error)
        expect(fault).toBeInstanceOf(Error)
        expect((fault as Error).message).not.toContain(secret)
      }),
      { numRuns: 200 },
    )
    for (const odd of ['', 'x', text.slice(0, -1), `${text}A`, `${text}.`, text.repeat(9)]) {
      await expect(parseInvitation(odd, 'it')).rejects.toEqual(
        faults('INVALID_KEY', /no invitation/),
      )
    }
  })
})

describe('the settings of a realm', () => {
  it('are the defaults where its own key is used, and options win', async () => {
    await createKeyFile(keyFileOf('r'), newKey())
    await writeFile(realmFileOf('r'), '{"scope":"link","port":7000}', { mode: 0o600 })
    expect(await settle({ realm: 'r' })).toMatchObject({ scope: 'link', port: 7000, fold: 0 })
    const wish = { scope: 'site', groups: 3 } as const
    expect(await settle({ realm: 'r', ...wish })).toMatchObject({
      scope: 'site',
      port: 7000,
      fold: 3,
    })
    expect(await settle({ realm: 'r', key: newKey() })).toMatchObject({ scope: 'host' })
    expect(await settle({ realm: 'r', open: true })).toMatchObject({ scope: 'host' })
  })

  it.each(['', '[]', '{"scope":"moon"}', '{"key":"x"}'])('are nothing else: %j', async (text) => {
    await createKeyFile(keyFileOf('r'), newKey())
    await writeFile(realmFileOf('r'), text, { mode: 0o600 })
    await expect(settle({ realm: 'r' })).rejects.toEqual(faults('INVALID_OPTION', /r\.json/))
  })
})
