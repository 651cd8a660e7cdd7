/** Epochs in files and programs: who makes them, what is kept of them, and what is refused. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { newIdentity } from '../../../bus/io/ed25519.ts'
import { epochOf, keeping, keepInFiles, pageFileOf, pageIn } from '../../../bus/io/epoch-files.ts'
import { epochKeeper, keyTextIn } from '../../../bus/io/epochs.ts'
import { newRealm } from '../../../bus/io/grants.ts'
import { guestKeyText } from '../../../bus/io/guest-key.ts'
import { keyText, parseKey } from '../../../bus/io/key-text.ts'
import { keyFileOf, newKey } from '../../../bus/io/keyfile.ts'
import { parsePage } from '../../../bus/io/page.ts'
import { guestKeyOf } from '../../../bus/io/guest-ring.ts'
import { parseOpening } from '../../../bus/io/realm-keys.ts'
import { isSameRealm } from '../../../bus/io/rights.ts'
import { rotate } from '../../../bus/io/rotate.ts'
import { writeSecret } from '../../../bus/core/seal/epoch-secret.ts'

const realm = 'site'
const made = newRealm(realm)
const memberOf = () => ({ identity: Buffer.from(newIdentity().publicKey).toString('hex') })
const members = [memberOf()]
const about = { realm, key: made.key, owner: made.owner, members }
let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sixcast-epochs-'))
  vi.stubEnv('XDG_CONFIG_HOME', directory)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true, force: true })
})

describe('rotate', () => {
  it('makes the next epoch of the same realm, with another key', async () => {
    const next = await rotate(about)
    const [before, after] = [parseKey(made.key, ''), parseKey(next.key, '')]
    expect([before.epoch, next.epoch, after.epoch]).toEqual([1, 2, 2])
    expect(after.epochKey).not.toEqual(before.epochKey)
    expect([after.root, after.owner]).toEqual([before.root, before.owner])
    expect(await isSameRealm(before, after, realm)).toBe(true)
    expect(parsePage(next.page, '').epoch).toBe(2)
    expect(next.page).not.toContain(Buffer.from(after.epochKey!).toString('base64url'))
  })

  it('begins where a key of epoch 0 ends', async () => {
    const { root, owner } = parseKey(made.key, '')
    expect((await rotate({ ...about, key: keyText(root, owner) })).epoch).toBe(1)
  })

  it.each([
    ['another owner', { owner: newIdentity() }, 'DENIED'],
    ['no owner in the key', { key: keyText(newKey()) }, 'DENIED'],
    ['no members', { members: undefined }, 'INVALID_OPTION'],
    ['a member without identity', { members: [{}] }, 'INVALID_OPTION'],
    ['no identity', { revoked: ['pump'] }, 'INVALID_OPTION'],
    ['what is no point', { members: [{ identity: `02${'0'.repeat(62)}` }] }, 'INVALID_KEY'],
    [
      'a pattern without a key',
      { members: [{ ...members[0]!, topics: ['*/a'] }] },
      'INVALID_PATTERN',
    ],
    ['two thousand members', { members: Array.from({ length: 2000 }, memberOf) }, 'TOO_LARGE'],
  ])(
    'refuses %s',
    async (_what, more, code) => {
      await expect(rotate({ ...about, ...(more as object) })).rejects.toMatchObject({ code })
    },
    60_000,
  )

  it('refuses a member that is named twice: one box has room for one text', async () => {
    const [{ identity }] = members as [{ identity: string }]
    const twice = rotate({ ...about, members: [{ identity }, { identity, topics: ['a/**'] }] })
    await expect(twice).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`${identity} is named twice`),
    })
  })

  it('has an end', async () => {
    const { root, owner, epochKey } = parseKey(made.key, '')
    const last = keyText(root, owner, { epoch: 65_535, epochKey })
    await expect(rotate({ ...about, key: last })).rejects.toMatchObject({ code: 'LIMIT' })
  })
})

describe('a key file', () => {
  it.each([
    ['an epoch without key', `${made.key.trim().split(' ').slice(0, 4).join(' ')}`],
    ['epoch 0', made.key.replace(' 1 ', ' 0 ')],
    ['an epoch beyond 16 bits', made.key.replace(' 1 ', ' 70000 ')],
  ])('with %s is none', (_what, text) => {
    expect(() => parseKey(text, 'it')).toThrow(/holds no sixcast key/)
  })
})

describe('the files of a realm', () => {
  it('follow its epochs, and never go back', async () => {
    const second = await rotate(about)
    const third = await rotate({ ...about, key: second.key })
    await keepInFiles(realm, third)
    await keepInFiles(realm, second)
    expect(epochOf(await readFile(keyFileOf(realm), 'utf8'), realm)).toBe(3)
    const page = await pageIn({}, realm)
    expect(page).toEqual(parsePage(third.page, '').page)
    expect((await stat(pageFileOf(realm))).mode & 0o777).toBe(0o600)
    expect(await pageIn({}, undefined)).toBeUndefined()
  })

  it('take a page of another realm of the name for none', async () => {
    const other = newRealm(realm)
    const key = (await rotate({ ...about, key: other.key, owner: other.owner })).key
    const foreign = await rotate({ ...about, key, owner: other.owner })
    await keepInFiles(realm, { epoch: foreign.epoch, page: foreign.page })
    await writeFile(keyFileOf(realm), made.key, { mode: 0o600 })
    const own = await rotate(about)
    expect(foreign.epoch).toBeGreaterThan(own.epoch)
    await keepInFiles(realm, own)
    expect(await pageIn({}, realm)).toEqual(parsePage(own.page, '').page)
  })

  it('are written by one process at a time, and end with the newest', async () => {
    const all = [await rotate(about)]
    for (let i = 0; i < 4; i++) all.push(await rotate({ ...about, key: all.at(-1)!.key }))
    await Promise.all([3, 1, 4, 0, 2].map((i) => keepInFiles(realm, all[i]!)))
    expect(epochOf(await readFile(keyFileOf(realm), 'utf8'), realm)).toBe(6)
    expect(await pageIn({}, realm)).toEqual(parsePage(all.at(-1)!.page, '').page)
  })

  it('are kept for a bus that uses them, and given to a program that asks', async () => {
    const { root, owner } = parseKey(made.key, '')
    const key = newKey()
    const page = parsePage((await rotate(about)).page, '').page
    const given: unknown[] = []
    const keeper = epochKeeper(
      { realm, root, owner },
      keeping({ realm, ownFiles: true }, (kept) => void given.push(kept)),
    )
    const notice = { type: 'epoch', epoch: 2, page } as const
    await keeper({ ...notice, state: 'entered', secret: writeSecret({ key }) })
    expect(parseKey(await readFile(keyFileOf(realm), 'utf8'), '').epochKey).toEqual(key)
    expect(given).toHaveLength(1)
    await keeper({ ...notice, state: 'held' })
    expect(given[1]).not.toHaveProperty('key')
  })

  it('stay what they are: a guest is given no key of a member', async () => {
    const guest = await guestKeyOf(realm, parseKey(made.key, ''), ['hall/**'])
    const opening = parseOpening(guestKeyText(guest), { source: 'it', realm })
    const { control, topics } = guest.ring
    const text = keyTextIn(realm, opening, { epoch: 2, secret: { control, topics } })
    expect(epochOf(text, realm)).toBe(2)
    const wrong = () => keyTextIn(realm, opening, { epoch: 2, secret: { key: newKey() } })
    expect(wrong).toThrow(/of another kind/)
  })
})
