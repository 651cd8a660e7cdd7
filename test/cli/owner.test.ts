/** What the owner of a realm is told: by names, by what is refused, and by what is done already. */
import { afterAll, describe, expect, it } from 'vitest'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Home, objectsOf } from './command.ts'

const on = { env: { SIXCAST_REALM: 'site' } }
const realms = (host: Home): string => join(host.config, 'sixcast', 'realms')

/** Each test may be run again, so each makes its own. */
async function estate(...names: readonly string[]): Promise<Home> {
  const home = new Home()
  homes.push(home)
  await home.run(['init', 'site', '--port', home.port])
  for (const name of names) await home.run(['invite', '--as', name], on)
  return home
}

const homes: Home[] = []
afterAll(() => {
  for (const home of homes) home[Symbol.dispose]()
})

const fault = (code: number, err: RegExp) => ({ code, out: '', err: expect.stringMatching(err) })

describe('the owner of a realm', () => {
  it('calls no two members the same, and none by a name that is no name', async () => {
    const home = await estate('pump')
    const invite = (name: string) => home.run(['invite', '--as', name], on)
    expect(await invite('pump')).toEqual(
      fault(64, /as a member is called \([0-9a-f]{16}…\): choose/),
    )
    expect(await invite('owner')).toEqual(fault(64, /as a member is called/))
    expect(await invite('me')).toEqual(fault(64, /which is yourself/))
    expect(await invite('x'.repeat(65))).toEqual(fault(64, /at most 64 bytes/))
    expect(await invite('a\nb')).toEqual(fault(64, /no control characters/))
    expect((await invite('x'.repeat(64))).code).toBe(0)
    const { out } = await home.run(['members', '--json'], on)
    const [, { identity }] = objectsOf(out) as [unknown, { identity: string }]
    const again = await home.run(['invite', '--as', 'pump', '--for', identity], on)
    expect(again).toMatchObject({ code: 0, err: '' })
  })

  it('removes a member once, and a second time changes nothing', async () => {
    const home = await estate('pump')
    const revoke = () => home.run(['revoke', 'pump', '--stay', '0', '--json'], on)
    expect(objectsOf((await revoke()).out)[0]).toMatchObject({ type: 'revoked', epoch: 2 })
    const again = await revoke()
    expect(again).toMatchObject({
      code: 0,
      err: expect.stringMatching(/was revoked before, and is out/),
    })
    expect(objectsOf(again.out)[0]).toMatchObject({ type: 'revoked', already: true })
    const asked = await home.run(['acl', 'test', 'pump', 'publish', 'a', '--json'], on)
    expect(asked.code).toBe(1)
    expect(objectsOf(asked.out)[0]).toMatchObject({ allowed: false, relayed: false })
    expect(asked.out).toContain('refused: the owner has removed this member')
    const taken = await home.run(['invite', '--as', 'pump'], on)
    expect(taken).toEqual(fault(64, /as a member is called \([0-9a-f]{16}…, revoked\)/))
    const rotated = await home.run(['keys', 'rotate', '--stay', '0', '--json'], on)
    expect(objectsOf(rotated.out)[0]).toMatchObject({ epoch: 3 })
  })

  it('is told who it is there, which another identity of its own is not', async () => {
    const home = await estate()
    const { out } = await home.run(['members', '--json'], on)
    const [{ identity } = {}] = objectsOf(out)
    expect((await home.run(['identity'], on)).out).toBe(`${String(identity)}\n`)
    const user = await home.run(['identity'])
    expect(user.out).not.toContain(identity)
    expect(user.err).toBe(
      'sixcast: in realm "site" you are somebody else: sixcast identity --realm site\n',
    )
  })

  it('is not served from a register, or a folder, that others may change', async () => {
    const home = await estate()
    const register = join(realms(home), 'site.members')
    await chmod(register, 0o644)
    expect(await home.run(['members'], on)).toEqual(fault(1, /register .* mode 0644.*chmod 600/))
    await chmod(register, 0o600)
    await chmod(realms(home), 0o777)
    expect(await home.run(['members'], on)).toEqual(fault(1, /folder .* mode 0777.*chmod 700/))
  })
})

describe('who is not the owner', () => {
  it('is told by acl test what is missing, and where to ask', async () => {
    const home = new Home()
    homes.push(home)
    const ask = (who: string) => home.run(['acl', 'test', who, 'publish', 'a'], on)
    expect(await ask('me')).toEqual(fault(1, /you have no rights in realm "site" .*: join it by/))
    expect(await ask('pump')).toEqual(fault(1, /only the owner of realm "site" knows its members/))
    const member = await estate()
    const { out } = await member.run(['invite'], on)
    await home.run(['join', '-'], { input: out })
    await member.run(['pub', 'x', 'y'], on)
    expect((await ask('me')).code).toBe(0)
    const away = join(home.config, 'away')
    await mkdir(away)
    const rights = ['--rights', join(realms(home), 'site.rights')]
    const env = { ...on.env, XDG_CONFIG_HOME: away }
    const keyless = await home.run(['acl', 'test', 'me', 'publish', 'a', ...rights], { env })
    expect(keyless).toEqual(fault(1, /the key of realm "site" is not here .*--key/))
  })

  it('is told by join that endless input is no invitation', async () => {
    const home = new Home()
    homes.push(home)
    const big = join(home.config, 'big')
    await writeFile(big, 'x'.repeat(100_000))
    const { code, err } = await home.run(['join', '-'], { from: big })
    expect(code).toBe(1)
    expect(err).toMatch(/standard input is over \d+ bytes: an invitation is one line/)
  })

  it('is told by sub, once, that its rights do not let it read what it asks for', async () => {
    const home = await estate()
    const reader = new Home()
    homes.push(reader)
    const { out } = await home.run(['invite', '--subscribe', 'hall/**'], on)
    await reader.run(['join', '-'], { input: out })
    const there = { env: { ...on.env, SIXCAST_PORT: home.port } }
    const sub = await reader.subscriber(['office/*'], there)
    const pub = (topic: string) => home.start(['pub', topic, 'x', '--retain', '1'], on)
    const publishers = ['office/a', 'office/b'].map(pub)
    await sub.says(/not printed: "office\/[ab]", which your rights do not let you read/, 'err')
    const seen = await reader.run(['peers', '--json'], there)
    const others = objectsOf(seen.out).filter(({ type }) => type === 'peer')
    expect(others.length).toBeGreaterThanOrEqual(2)
    for (const one of [sub, ...publishers]) one.kill('SIGINT')
    expect((await sub.ended).err.match(/not printed/g)).toHaveLength(1)
  })
})
