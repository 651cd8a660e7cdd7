/** Commands that change a realm's files at the same time, and what an earlier realm has left there. */
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Home, objectsOf } from './command.ts'

const homes: Home[] = []
afterAll(() => {
  for (const home of homes) home[Symbol.dispose]()
})

const on = { env: { SIXCAST_REALM: 'site' } }
const still = ['--stay', '0', '--json']

function host(): Home {
  const home = new Home()
  homes.push(home)
  return home
}

function fileOf(home: Home, kind: string): string {
  return join(home.config, 'sixcast', 'realms', `site.${kind}`)
}

async function invited(home: Home, name: string): Promise<string> {
  const file = join(home.config, `${name}.invitation`)
  expect((await home.run(['invite', '--as', name, '--file', file], on)).code).toBe(0)
  return file
}

describe('at the same time', () => {
  it('one realm of a name is made, with one owner', async () => {
    const home = host()
    const made = await Promise.all([1, 2, 3].map(() => home.run(['init', 'site'])))
    const [first, ...others] = made.toSorted((a, b) => Number(a.code) - Number(b.code))
    expect(first).toMatchObject({ code: 0, err: '' })
    const refused = { code: 1, err: expect.stringMatching(/is here already/) }
    expect(others).toEqual([1, 2].map(() => expect.objectContaining(refused)))
    const { out } = await home.run(['members', '--json'], on)
    expect(objectsOf(out).map(({ name }) => name)).toEqual(['owner'])
    expect((await home.run(['pub', 'a', 'b', '--linger', '0'], on)).err).toBe('')
  })

  it('each command that changes the keys makes an epoch of its own, and who is out stays out', async () => {
    const [home, guest] = [host(), host()]
    await home.run(['init', 'site'])
    const files = [await invited(home, 'pump'), await invited(home, 'lamp')]
    const commands = [
      ['revoke', 'pump'],
      ['revoke', 'lamp'],
      ['keys', 'rotate'],
    ]
    const ended = await Promise.all(commands.map((words) => home.run([...words, ...still], on)))
    const epochs = ended.map(({ out }) => objectsOf(out)[0]?.['epoch'])
    expect(new Set(epochs)).toEqual(new Set([2, 3, 4]))
    for (const file of files) {
      expect((await guest.run(['join', file])).code).toBe(0)
      const adopted = await guest.run(['keys', 'adopt', fileOf(home, 'page')], on)
      expect([adopted.code, adopted.err]).toEqual([1, expect.stringMatching(/removed this member/)])
    }
  })

  it('who is invited while keys change has a key of the newest epoch, or is in its page', async () => {
    const [home, guest] = [host(), host()]
    await home.run(['init', 'site'])
    const rotating = [1, 2, 3].map(() => home.run(['keys', 'rotate', ...still], on))
    const file = await invited(home, 'pump')
    await Promise.all(rotating)
    expect((await guest.run(['join', file])).code).toBe(0)
    await guest.run(['keys', 'adopt', fileOf(home, 'page')], on)
    const [theirs, ours] = await Promise.all(
      [guest, home].map((one) => readFile(fileOf(one, 'key'), 'utf8')),
    )
    expect(theirs).toBe(ours)
  })

  it('of two invitations that are accepted one counts, whole', async () => {
    const [home, guest] = [host(), host()]
    await home.run(['init', 'site'])
    const files = [await invited(home, 'pump'), await invited(home, 'lamp')]
    const joined = await Promise.all(files.map((file) => guest.run(['join', file])))
    expect(joined.map(({ code }) => code)).toEqual([0, 0])
    const sent = await guest.run(['pub', 'a', 'b', '--linger', '0'], on)
    expect({ code: sent.code, err: sent.err }).toEqual({ code: 0, err: '' })
  })
})

it("the realm of commands that name none is nobody else's to make", async () => {
  const { code, err } = await host().run(['init', 'local'])
  expect([code, err]).toEqual([64, expect.stringMatching(/is each user's own: choose another/)])
})

describe('what an earlier realm of the name has left', () => {
  it('is named by init, and not taken into the new one', async () => {
    const home = host()
    await home.run(['init', 'site'])
    await home.run(['keys', 'rotate', ...still], on)
    const away = join(home.config, 'away')
    for (const kind of ['key', 'owner']) await rename(fileOf(home, kind), `${away}.${kind}`)
    const { code, err } = await home.run(['init', 'site'])
    expect(code).toBe(1)
    for (const kind of ['identity', 'rights', 'json', 'members', 'page']) {
      expect(err).toContain(fileOf(home, kind))
    }
    await expect(stat(fileOf(home, 'owner'))).rejects.toThrow(/ENOENT/)
  })

  it('is no page for who joins another one', async () => {
    const [home, other, guest] = [host(), host(), host()]
    for (const one of [home, other]) await one.run(['init', 'site'])
    const [first, second] = [await invited(home, 'pump'), await invited(other, 'pump')]
    await guest.run(['join', first])
    await home.run(['keys', 'rotate', ...still], on)
    expect((await guest.run(['keys', 'adopt', fileOf(home, 'page')], on)).code).toBe(0)
    const refused = await guest.run(['join', second])
    expect(refused.err).toMatch(/another realm "site" is here .*: move that file away/)
    await rename(fileOf(guest, 'key'), join(guest.config, 'away.key'))
    expect((await guest.run(['join', second])).code).toBe(0)
    await expect(stat(fileOf(guest, 'page'))).rejects.toThrow(/ENOENT/)
  })

  it('is no page for an owner who has put the key there by hand', async () => {
    const [home, other] = [host(), host()]
    for (const one of [home, other]) {
      await one.run(['init', 'site'])
      await one.run(['keys', 'rotate', ...still], on)
    }
    const foreign = await readFile(fileOf(other, 'page'), 'utf8')
    await writeFile(fileOf(home, 'page'), foreign)
    await home.run(['keys', 'rotate', ...still], on)
    expect(await readFile(fileOf(home, 'page'), 'utf8')).not.toBe(foreign)
  })
})
