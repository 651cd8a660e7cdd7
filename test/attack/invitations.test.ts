/** Invitations from somebody who means harm: it may sign them, for it has made a realm of its own. */
import { dirname, join } from 'node:path'
import { describe, expect } from 'vitest'
import { concat } from '../../bus/core/bytes.ts'
import { utf8 } from '../../bus/core/text.ts'
import { newIdentity, signerOf } from '../../bus/io/ed25519.ts'
import { grant, newRealm } from '../../bus/io/grants.ts'
import { identityName } from '../../bus/io/identity.ts'
import { identityText } from '../../bus/io/identity-text.ts'
import { parseInvitation, parseMembership } from '../../bus/io/invitation.ts'
import { configDirectory, realmFile } from '../../bus/io/keyfile.ts'
import { parseOpening } from '../../bus/io/realm-keys.ts'
import { realmId } from '../../bus/io/rights.ts'
import { attack } from './attack.ts'
import { dice, flipped } from './twins.ts'

const HOUR_S = 3600

/** What an invitation of the attacker's own realm says, before it is signed. */
async function content(realm: string): Promise<Record<string, unknown>> {
  const made = newRealm('trap')
  const guest = newIdentity()
  const rights = await grant({
    realm: 'trap',
    key: made.key,
    issuer: made.owner,
    to: identityName(guest),
    until: new Date(Date.now() + HOUR_S * 1000),
    publish: ['**'],
    subscribe: ['**'],
  })
  const expires = Math.floor(Date.now() / 1000) + HOUR_S
  const found = {
    realm,
    key: made.key,
    rights,
    identity: identityText(guest),
    settings: {},
    expires,
  }
  owners.set(found, made.owner)
  return found
}

/** Signs whatever it says with the key of the owner that it names. */
async function signed(found: Record<string, unknown>, of = found): Promise<string> {
  const opening = parseOpening(String(of['key']), { source: 'the key', realm: 'trap' })
  const id = await realmId({ realm: String(found['realm']), ...opening })
  const payload = utf8(JSON.stringify(found))
  const signature = signerOf(owners.get(of)!)(concat(utf8('sixcast/1/invite'), id, payload))
  const digits = [payload, signature].map((bytes) => Buffer.from(bytes).toString('base64url'))
  return ['sixcast-invite-1', ...digits].join('.')
}

const failure = (text: string): Promise<string> =>
  parseInvitation(text, 'it').then(() => 'taken', String)

describe('an invitation', () => {
  attack(
    'for a realm whose name is a path',
    { by: 'member', holds: 'it is refused, and no name that is taken leaves the folder' },
    async () => {
      const outside = ['../x', '../../.ssh/authorized_keys', 'a/b', '/etc/x', 'a\\b', 'C:x', 'a\0b']
      const odd = ['', ' ', 'a\nb', '~', '%2e%2e%2f', 'x'.repeat(65), '\u2025/x', 'a/../b', '$HOME']
      for (const realm of [...outside, ...odd]) {
        const text = await signed(await content(realm))
        expect([realm, await failure(text)]).toEqual([realm, expect.stringMatching(/"realm"/)])
      }
      // Of dots alone a name may be made: what is written for it lies in the folder all the same.
      const folder = join(configDirectory(), 'realms')
      for (const realm of ['.', '..', '...', '-rf', '.hidden']) {
        for (const ending of ['key', 'rights', 'identity', 'json']) {
          expect(dirname(realmFile(realm, ending))).toBe(folder)
        }
      }
    },
  )

  attack(
    'for the realm of who names none',
    { by: 'member', holds: 'commands without options stay on this host, in a realm of the user' },
    async () => {
      for (const name of ['local', 'Local']) {
        expect(await failure(await signed(await content(name)))).toMatch(
          /is for the realm "local", which each user has for itself: ask/,
        )
      }
      const { realm, key, rights } = await content('local')
      const given = utf8(JSON.stringify({ realm, key, rights, settings: { scope: 'global' } }))
      expect(() => parseMembership(given, 'it')).toThrow(/which each user has for itself/)
    },
  )

  attack(
    'that brings settings of its own choice',
    { by: 'member', holds: 'it sets scope, port and groups, and nothing else' },
    async () => {
      const good = await content('trap')
      expect(await failure(await signed(good))).toBe('taken')
      const sets = (settings: unknown): Promise<string> => {
        const found = { ...good, settings }
        return signed(found, good).then(failure)
      }
      expect(await sets({ scope: 'link', port: 6000 })).toBe('taken')
      const others = [{ relay: 'ws://evil' }, { key: '/etc/passwd' }, { open: true }, { log: 1 }]
      const wrong = [{ port: 0 }, { scope: 'moon' }, { groups: -1 }, [], 'x', { polluted: 1 }]
      for (const settings of [...others, ...wrong]) expect(await sets(settings)).not.toBe('taken')
      const more = { ...good, page: 'x', owner: 'y' }
      expect(await failure(await signed(more, good))).toMatch(/unknown to an invitation/)
      // As JSON has it, not as a literal, where it would be no property.
      const text = JSON.stringify(good).replace('"settings":{}', '"settings":{"__proto__":{"a":1}}')
      const found = JSON.parse(text) as Record<string, unknown>
      expect(await failure(await signed(found, good))).not.toBe('taken')
      expect(({} as Record<string, unknown>)['a']).toBeUndefined()
    },
  )

  attack(
    'with other keys, rights or identities in it than fit together',
    { by: 'member', holds: 'rights must be of the owner that the key names, for this identity' },
    async () => {
      const [good, other] = [await content('trap'), await content('trap')]
      for (const part of ['key', 'rights', 'identity']) {
        const mixed = { ...good, [part]: other[part] }
        expect([part, await failure(await signed(mixed, good))]).not.toEqual([part, 'taken'])
      }
      for (const part of ['key', 'rights', 'identity']) {
        const lines = `${String(good[part])}${String(other[part])}`
        const doubled = { ...good, [part]: lines }
        expect([part, await failure(await signed(doubled, good))]).not.toEqual([part, 'taken'])
        const none = { ...good, [part]: undefined }
        const outcome = await failure(await signed(none, good))
        // Without an identity it is for one that the invited has made.
        expect([part, outcome === 'taken']).toEqual([part, part === 'identity'])
      }
    },
  )

  attack(
    'that was changed on its way',
    { by: 'on path', holds: 'one bit of date, key or rights, and it is none' },
    async () => {
      const text = await signed(await content('trap'))
      const [head, digits = '', signature = ''] = text.split('.')
      const payload = new Uint8Array(Buffer.from(digits, 'base64url'))
      const random = dice('invitation')
      for (let i = 0; i < 300; i++) {
        const changed = flipped(payload, random.integer(0, payload.length * 8 - 1))
        const other = [head, Buffer.from(changed).toString('base64url'), signature].join('.')
        const outcome = await failure(other)
        expect(outcome).not.toBe('taken')
        // What is wrong with it shows no key.
        expect(outcome).not.toMatch(/[\w-]{43}/)
      }
      expect(await failure(text)).toBe('taken')
    },
  )
})

/** Who can sign for what an invitation says. */
const owners = new WeakMap<object, ReturnType<typeof newIdentity>>()
