/** The owner's register, when several commands change it at the same time. */
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { newIdentity } from '../../../bus/io/ed25519.ts'
import { grant, newRealm } from '../../../bus/io/grants.ts'
import { addMember, type Member, readRegister, revokeMembers } from '../../../bus/io/register.ts'
import { parseRights } from '../../../bus/io/rights-text.ts'
import { folder } from './files/folders.ts'

const made = newRealm('site')
let realms = ''

beforeEach(async () => {
  const config = folder()
  vi.stubEnv('XDG_CONFIG_HOME', config)
  realms = join(config, 'sixcast', 'realms')
  await mkdir(realms, { recursive: true, mode: 0o700 })
})

afterEach(() => vi.unstubAllEnvs())

async function member(name: string): Promise<Member> {
  const to = Buffer.from(newIdentity().publicKey).toString('hex')
  const until = new Date(Date.now() + 60_000)
  const { realm, key, owner: issuer } = made
  const rights = await grant({ realm, key, issuer, to, until, publish: ['**'] })
  return { name, rights: parseRights(rights, 'the rights') }
}

describe('the register', () => {
  it('keeps all that is added and revoked at the same time', async () => {
    const members = await Promise.all(Array.from({ length: 12 }, (_, i) => member(`m${i}`)))
    await addMember('site', members[0]!)
    await Promise.all([
      ...members.slice(1).map((one) => addMember('site', one)),
      revokeMembers('site', ({ name }) => name === 'm0'),
    ])
    const found = await readRegister('site')
    expect(found.map(({ name }) => name).toSorted()).toEqual(
      members.map(({ name }) => name).toSorted(),
    )
    expect(found.filter(({ revoked }) => revoked).map(({ name }) => name)).toEqual(['m0'])
    expect(await readdir(realms)).toEqual(['site.members'])
  })

  it('does not wait for a process that has died', async () => {
    const lock = join(realms, 'site.members.lock')
    await writeFile(lock, '1\n')
    const long = new Date(Date.now() - 300_000)
    await utimes(lock, long, long)
    await addMember('site', await member('one'))
    expect(await readRegister('site')).toHaveLength(1)
    expect(await readdir(realms)).toEqual(['site.members'])
  })
})
