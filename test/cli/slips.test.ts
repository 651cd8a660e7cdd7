/** What a wrong identity in an invitation, or a damaged page, must not do to a realm. */
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { memberLine } from '../../bus/io/register.ts'
import { parseRights } from '../../bus/io/rights-text.ts'
import { identityOfSeed } from '../../bus/io/ed25519.ts'
import { parseSeed } from '../../bus/io/identity-text.ts'
import { grant } from '../../bus/index.ts'
import { Home } from './command.ts'

/** About half of all numbers of that size are no point of the curve. */
const NOBODY = '0'.repeat(64)

it('do not keep a realm from new keys and removals, nor unmake a removal', async () => {
  using zed = new Home()
  using good = new Home()
  const on = { env: { SIXCAST_REALM: 'site', SIXCAST_PORT: zed.port } }
  const fileOf = (kind: string): string => join(zed.config, 'sixcast', 'realms', `site.${kind}`)

  // What no identity can be is not invited.
  expect((await zed.run(['init', 'site', '--port', zed.port])).code).toBe(0)
  const { out: invitation } = await zed.run(['invite', '--as', 'good'], on)
  expect((await good.run(['join', '-'], { input: invitation })).code).toBe(0)
  const before = await readFile(fileOf('members'), 'utf8')
  const slip = await zed.run(['invite', '--as', 'typo', '--for', NOBODY], on)
  expect([slip.code, slip.err]).toEqual([64, expect.stringMatching(/which no identity can be/)])
  expect(await readFile(fileOf('members'), 'utf8')).toBe(before)

  // One of before in the register does not stop the others.
  const rights = await grant({
    realm: 'site',
    key: await readFile(fileOf('key'), 'utf8'),
    issuer: identityOfSeed(parseSeed(await readFile(fileOf('owner'), 'utf8'), 'the owner')),
    to: NOBODY,
    publish: ['**'],
    until: new Date(Date.now() + 3_600_000),
  })
  const typo = { name: 'typo', rights: parseRights(rights, 'rights') }
  await appendFile(fileOf('members'), memberLine(typo))
  const rotated = await zed.run(['keys', 'rotate', '--stay', '0'], on)
  expect([rotated.code, rotated.out]).toEqual([0, expect.stringMatching(/^Epoch 2 is for 2 /)])
  expect(rotated.err).toMatch(/left out: typo, for 0{64} is no identity; .*sixcast revoke typo/)

  // A page counts as its owner has made it alone.
  const page = fileOf('page')
  const changed = join(zed.config, 'changed.page')
  const text = (await readFile(page, 'utf8')).trim()
  // The body is behind the head: a box, there.
  const at = text.length - 20
  const digit = text[at] === 'A' ? 'B' : 'A'
  await writeFile(changed, `${text.slice(0, at)}${digit}${text.slice(at + 1)}\n`, { mode: 0o600 })
  const refused = await good.run(['keys', 'adopt', changed], on)
  expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/has been changed/)])
  expect((await good.run(['keys', 'adopt', page], on)).code).toBe(0)

  // A member is removed all the same.
  const revoked = await zed.run(['revoke', 'good', '--stay', '0'], on)
  expect(revoked.code).toBe(0)
  expect((await good.run(['keys', 'adopt', fileOf('page')], on)).err).toMatch(/removed this/)
  expect((await zed.run(['revoke', 'typo', '--stay', '0'], on)).err).not.toMatch(/left out/)
})
