/** Who somebody is in a realm: identities over several commands. */
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { Home, objectsOf } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

describe('a realm with an owner', () => {
  const [alpha, beta] = [new Home(), new Home()]
  afterAll(() => {
    for (const host of [alpha, beta]) host[Symbol.dispose]()
  })
  const on = { env: { SIXCAST_REALM: 'site', SIXCAST_PORT: alpha.port } }
  const realms = (host: Home): string => join(host.config, 'sixcast', 'realms')

  it('is made once, in files for its owner alone', async () => {
    const made = await alpha.run(['init', 'site', '--port', alpha.port])
    expect(made.err).toBe('')
    expect(made.out).toContain('Realm "site" is yours.')
    const files = await readdir(realms(alpha))
    const kinds = ['identity', 'json', 'key', 'members', 'owner', 'rights']
    expect(files.toSorted()).toEqual(kinds.map((kind) => `site.${kind}`))
    for (const file of files) {
      expect((await stat(join(realms(alpha), file))).mode & 0o777).toBe(0o600)
    }
    const again = await alpha.run(['init', 'site'])
    expect([again.code, again.err]).toEqual([1, expect.stringMatching(/is here already/)])
  })

  it('is not named by --name, which is the peer, as for every command', async () => {
    const { out } = await alpha.run(['init', '--help'])
    expect(out).toMatch(/--name +Name shown to others/)
    expect((await alpha.run(['init', '--name', 'site4'])).code).toBe(64)
  })

  it('lets an invited host do what it was invited for, and no more', async () => {
    const words = ['invite', '--publish', 'hall/**', '--as', 'pump', '--until', '30d']
    const { out: invitation } = await alpha.run(words, on)
    const joined = await beta.run(['join', '-', '--json'], { input: invitation })
    const [{ identity = '' } = {}] = objectsOf(joined.out)
    expect(identity).toMatch(/^[0-9a-f]{64}$/)
    expect(await readdir(realms(beta))).not.toContain('site.owner')

    const sub = await alpha.subscriber(['**', '--count', '1'], on)
    const refused = await beta.run(['pub', 'office/door', 'open'], on)
    expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/may publish on/)])
    const sent = await beta.run(['pub', 'hall/door', 'open', '--require', '1'], on)
    expect({ code: sent.code, err: sent.err }).toEqual({ code: 0, err: '' })
    expect((await sub.ended).out).toBe('hall/door open\n')

    const list = await alpha.run(['members', '--json'], on)
    expect(objectsOf(list.out).map(({ name }) => name)).toEqual(['owner', 'pump'])
    expect(objectsOf(list.out)[1]).toMatchObject({ identity, publish: ['hall/**'], subscribe: [] })
    expect((await alpha.run(['members'], on)).out).toMatch(/^pump +[0-9a-f]{16}… +hall\/\*\*/m)
  })

  it('explains who may do what', async () => {
    const ask = (host: Home, ...words: string[]) => host.run(['acl', 'test', ...words], on)
    const may = await ask(alpha, 'pump', 'publish', 'hall/door')
    expect([may.code, may.out]).toEqual([0, expect.stringMatching(/^allowed: .*\n +grant 1 of 1/)])
    const mayNot = await ask(beta, 'me', 'publish', 'office', '--json')
    expect(mayNot.code).toBe(1)
    expect(objectsOf(mayNot.out)[0]).toMatchObject({ allowed: false, relayed: true })
    expect(mayNot.out).toContain('lets publish on hall/**: denied here')
    expect((await ask(alpha, 'nobody', 'publish', 'a')).err).toMatch(/no member is called "nobody"/)
    expect((await ask(alpha, 'me', 'paint', 'a')).code).toBe(64)
  })

  it('invites an identity that was made elsewhere, which alone can accept', async () => {
    const gamma = new Home()
    try {
      const [identity = ''] = (await gamma.run(['identity'])).out.split('\n')
      const file = join(alpha.config, 'for-gamma')
      await alpha.run(['invite', '--for', identity, '--file', file], on)
      const text = await readFile(file, 'utf8')
      const payload = Buffer.from(text.split('.')[1]!, 'base64url').toString()
      expect(payload).not.toContain('sixcast-identity')
      const stranger = await home.run(['join', file])
      expect(stranger.err).toMatch(`is for the identity ${identity}`)
      // The owner's own rights and identity stay what they are.
      const owner = await alpha.run(['join', file])
      expect([owner.code, owner.err]).toEqual([1, expect.stringMatching(/"site" is your own/)])
      const welcome = (await gamma.run(['join', file])).out
      expect(welcome).toMatch(/^You are in realm "site" until/)
      expect(welcome).toMatch(
        /\nHear: +sixcast sub --realm site '\*\*'\nSay: +sixcast pub .*\(\*\*\)\n$/,
      )
      expect((await gamma.run(['acl', 'test', 'me', 'publish', 'a'], on)).code).toBe(0)
    } finally {
      gamma[Symbol.dispose]()
    }
  })

  it('refuses invitations that were changed, have expired, or are for another realm of its name', async () => {
    const { out: text } = await alpha.run(['invite', '--expires', '1s'], on)
    const [head = '', payload = '', signature = ''] = text.trim().split('.')
    const content = Buffer.from(payload, 'base64url').toString()
    const later = content.replace(/"expires":\d+/, '"expires":8000000000')
    const outside = content.replace('"realm":"site"', '"realm":"../../x"')
    expect(later).not.toBe(content)
    for (const [changed, fault] of [
      [later, /was changed/],
      [outside, /realm.*1 to 64 letters/],
      ['{"realm":"site"}', /no invitation/],
    ] as const) {
      const digits = Buffer.from(changed).toString('base64url')
      const { code, err } = await home.run(['join', [head, digits, signature].join('.')])
      expect([code === 0, err]).toEqual([false, expect.stringMatching(fault)])
      expect(err).not.toMatch(/sixcast-key-1 [\w-]{43}/)
    }
    await home.run(['keygen', '--realm', 'site'])
    const other = await home.run(['join', text.trim()])
    expect([other.code, other.err]).toEqual([
      1,
      expect.stringMatching(/another realm "site" is here/),
    ])
  })

  it('has guests, who have no key but those of their topics', async () => {
    const guest = new Home()
    try {
      const words = ['invite', '--guest', '--publish', 'hall/3/**', '--subscribe', 'hall/3/**']
      const { out: invitation } = await alpha.run(words, on)
      expect((await guest.run(['join', '-'], { input: invitation })).code).toBe(0)
      const key = await readFile(join(realms(guest), 'site.key'), 'utf8')
      expect(key).toMatch(/^sixcast-guest-1 site 1 /)
      const sub = await alpha.subscriber(['**', '--count', '1'], on)
      expect((await guest.run(['pub', 'hall/4', 'x'], on)).err).toMatch(/may publish on/)
      const sent = await guest.run(['pub', 'hall/3/lamp', 'on', '--require', '1'], on)
      expect({ code: sent.code, err: sent.err }).toEqual({ code: 0, err: '' })
      expect((await sub.ended).out).toBe('hall/3/lamp on\n')

      expect((await alpha.run(['keys', 'rotate', '--stay', '0'], on)).code).toBe(0)
      const page = join(realms(alpha), 'site.page')
      expect((await guest.run(['keys', 'adopt', page], on)).code).toBe(0)
      const next = await readFile(join(realms(guest), 'site.key'), 'utf8')
      expect(next).toMatch(/^sixcast-guest-1 site 2 /)
      const again = await alpha.subscriber(['**', '--count', '1'], on)
      await guest.run(['pub', 'hall/3/lamp', 'off', '--require', '1'], on)
      expect((await again.ended).out).toBe('hall/3/lamp off\n')
    } finally {
      guest[Symbol.dispose]()
    }
  })

  it('is invited into by its owner alone', async () => {
    const { code, err } = await beta.run(['invite'], on)
    expect(code).toBe(1)
    expect(err).toMatch(/only its owner can do this; .*invite --wait/)
    expect((await alpha.run(['invite'])).err).toMatch(/name a realm of yours/)
    await writeFile(join(realms(alpha), 'site.members'), 'x\n', { flag: 'a' })
    expect((await alpha.run(['members'], on)).err).toMatch(/line \d of .* is no member/)
  })
})

describe('keys export', () => {
  it('writes a key that opens its topics in a realm without an owner as well', async () => {
    await home.run(['keygen', '--realm', 'shed'])
    const file = join(home.config, 'guest.key')
    const topics = ['--topics', 'bench/**', '--topics', 'door/**']
    const made = await home.run(['keys', 'export', file, '--realm', 'shed', ...topics])
    expect(made).toEqual({ code: 0, out: `${file}\n`, err: '' })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const again = await home.run(['keys', 'export', file, '--realm', 'shed', ...topics])
    expect([again.code, again.err]).toEqual([1, expect.stringMatching(/exists/)])
    const key = ['--realm', 'shed', '--key', file]
    const sub = await home.subscriber(['**', '--count', '1', ...key])
    await home.run(['pub', 'window', 'x', '--realm', 'shed'])
    await home.run(['pub', 'bench/a', 'y', '--realm', 'shed', '--require', '1'])
    expect((await sub.ended).out).toBe('bench/a y\n')
    const other = await home.run(['sub', '**', '--realm', 'other', '--key', file])
    expect(other.err).toMatch(/guest's key for realm "shed", not for "other"/)
    const narrow = await home.run(['keys', 'export', '--realm', 'shed', '--topics', 'bench'])
    expect([narrow.code, narrow.err]).toEqual([64, expect.stringMatching(/has no key of its own/)])
  })
})

describe('an identity', () => {
  it('is made once, shown, and the one that others see', async () => {
    const made = await home.run(['identity'])
    const [identity = ''] = made.out.split('\n')
    expect(identity).toMatch(/^[0-9a-f]{64}$/)
    const path = join(home.config, 'sixcast', 'identity')
    expect(made.out).toContain(`Made in ${path}.`)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await home.run(['identity'])).out).toBe(`${identity}\n`)

    const sub = await home.subscriber(['x'])
    const seen = await home.run(['peers', '--json'])
    const shown = await home.run(['peers', '--timeout', '0.5'])
    sub.kill('SIGTERM')
    await sub.ended
    expect(objectsOf(seen.out)[0]?.['identity']).toBe(identity)
    expect(shown.out).toContain(`${identity.slice(0, 16)}…`)
  })

  it('and a key come from variables, whose content is in no error', async () => {
    const other = join(home.config, 'other.identity')
    const made = await home.run(['identity', '--identity', other, '--json'])
    const [{ identity } = {}] = objectsOf(made.out)
    expect(made.out).toContain(`"made":true`)

    const wrong = { SIXCAST_IDENTITY: 'env:WHO', WHO: 'my-secret', SIXCAST_KEY: 'env:KEY' }
    const refused = await home.run(['peers', '--timeout', '0'], { env: { ...wrong, KEY: 'k-e-y' } })
    expect(refused.code).toBe(1)
    expect(refused.err).toMatch(/variable (KEY|WHO) holds no/)
    expect(refused.err).not.toMatch(/my-secret|k-e-y/)

    const { out: key } = await home.run(['keygen', '-'])
    const env = { SIXCAST_KEY: 'env:HALL', HALL: key, SIXCAST_IDENTITY: other }
    const sub = await home.subscriber(['x'], { env })
    const seen = await home.run(['peers', '--json'], { env })
    sub.kill('SIGTERM')
    await sub.ended
    expect(objectsOf(seen.out)[0]?.['identity']).toBe(identity)
  })
})

describe('the epochs of a realm', () => {
  const [alpha, beta, gamma] = [new Home(), new Home(), new Home()]
  afterAll(() => {
    for (const host of [alpha, beta, gamma]) host[Symbol.dispose]()
  })
  const on = { env: { SIXCAST_REALM: 'plant', SIXCAST_PORT: alpha.port } }
  const folder = (host: Home): string => join(host.config, 'sixcast', 'realms')
  const epoch = async (host: Home): Promise<string | undefined> =>
    (await readFile(join(folder(host), 'plant.key'), 'utf8')).split(' ')[3]

  it('begin with one whose key is drawn', async () => {
    await alpha.run(['init', 'plant', '--port', alpha.port])
    for (const [host, name] of [
      [beta, 'pump'],
      [gamma, 'lamp'],
    ] as const) {
      const { out } = await alpha.run(['invite', '--as', name], on)
      expect((await host.run(['join', '-'], { input: out })).code).toBe(0)
    }
    expect(await Promise.all([alpha, beta, gamma].map(epoch))).toEqual(['1', '1', '1'])
  })

  it('reach who is there, and lose nothing for them', async () => {
    const sub = await beta.subscriber(['**', '--count', '2'], on)
    expect((await alpha.run(['pub', 'a', 'before', '--require', '1'], on)).code).toBe(0)
    const rotated = await alpha.run(['keys', 'rotate', '--json', '--stay', '3'], on)
    expect(objectsOf(rotated.out)[0]).toMatchObject({
      type: 'epoch',
      epoch: 2,
      members: 3,
      there: 1,
    })
    expect((await alpha.run(['pub', 'a', 'behind', '--require', '1'], on)).code).toBe(0)
    expect((await sub.ended).out).toBe('a before\na behind\n')
    expect([await epoch(beta), await epoch(gamma)]).toEqual(['2', '1'])
  })

  it('are made up for by who has slept, from another member or from a file', async () => {
    const sub = await beta.subscriber(['**', '--count', '1'], on)
    const sent = await gamma.run(['pub', 'a', 'awake', '--require', '1', '--linger', '20'], on)
    expect({ code: sent.code, err: sent.err }).toEqual({ code: 0, err: '' })
    expect((await sub.ended).out).toBe('a awake\n')
    expect(await epoch(gamma)).toBe('2')

    expect((await alpha.run(['keys', 'rotate', '--stay', '0'], on)).code).toBe(0)
    const page = join(folder(alpha), 'plant.page')
    expect((await beta.run(['keys', 'adopt', page], on)).code).toBe(0)
    expect(await epoch(beta)).toBe('3')
    const again = await beta.run(['keys', 'adopt', page], on)
    expect([again.code, again.err]).toEqual([1, expect.stringMatching(/nothing is changed/)])
    const stranger = await home.run(['keys', 'adopt', page], on)
    expect(stranger.code).toBe(1)
  })

  it('change under load, and every message comes once', async () => {
    const sub = await beta.subscriber(['load', '--count', '3000'], on)
    const words = ['load', 'x', '--count', '3000', '--rate', '500', '--require', '1']
    const pub = gamma.run(['pub', ...words], on)
    for (const more of [[], ['--at-once']]) {
      expect((await alpha.run(['keys', 'rotate', '--stay', '1', ...more], on)).code).toBe(0)
    }
    const { code, err } = await pub
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect((await sub.ended).out).toBe('load x\n'.repeat(3000))
    expect(await epoch(alpha)).toBe('5')
  })

  it('end for who is revoked: it is told, reads no more, and cannot come back', async () => {
    const sub = await gamma.subscriber(['**'], on)
    const revoked = await alpha.run(['revoke', 'lamp', '--json', '--stay', '3'], on)
    expect(objectsOf(revoked.out)[0]).toMatchObject({ type: 'revoked', epoch: 6, members: 2 })
    const ended = await sub.ended
    expect([ended.code, ended.err]).toEqual([1, expect.stringMatching(/has removed this member/)])
    const told = await alpha.subscriber(['**'], on)
    for (const words of ['pub a x --require 1 --timeout 30', 'peers --timeout 30']) {
      const { code, err } = await gamma.run(words.split(' '), on)
      expect([code, err]).toEqual([1, expect.stringMatching(/^sixcast: the owner .* has removed/m)])
    }
    told.kill('SIGINT')
    expect((await told.ended).out).toBe('')
    const page = join(folder(alpha), 'plant.page')
    const adopted = await gamma.run(['keys', 'adopt', page], on)
    expect([adopted.code, adopted.err]).toEqual([1, expect.stringMatching(/removed this member/)])
    const list = await alpha.run(['members', '--json'], on)
    expect(objectsOf(list.out).map(({ name, revoked: out }) => [name, out])).toEqual([
      ['owner', false],
      ['pump', false],
      ['lamp', true],
    ])
    expect((await alpha.run(['members'], on)).out).toMatch(/^lamp .* revoked$/m)
    const { identity } = objectsOf(list.out)[2]!
    const invited = await alpha.run(['invite', '--for', String(identity)], on)
    expect([invited.code, invited.err]).toEqual([1, expect.stringMatching(/was revoked/)])
    const byCode = await alpha.run(['invite', '--wait', '--for', String(identity)], on)
    expect([byCode.code, byCode.err]).toEqual([1, expect.stringMatching(/was revoked/)])
    expect((await alpha.run(['revoke', 'nobody'], on)).err).toMatch(/no member is called/)
    expect((await alpha.run(['revoke', 'owner'], on)).err).toMatch(/owner cannot be removed/)
  })

  it('come by themselves with --every, until it is interrupted', async () => {
    const words = ['keys', 'rotate', '--every', '2s', '--stay', '1', '--json']
    const rotating = alpha.start(words, on)
    await rotating.says(/"epoch":7,.*"epoch":8,/s)
    rotating.kill('SIGINT')
    expect((await rotating.ended).code).toBe(130)
    expect(Number(await epoch(alpha))).toBeGreaterThanOrEqual(8)
    expect((await alpha.run(['keys', 'rotate', '--every', 'soon'], on)).code).toBe(64)
  })

  it('come by themselves with --volume, when so much was said', async () => {
    const words = ['keys', 'rotate', '--volume', '100k', '--stay', '1', '--json']
    const rotating = alpha.start(words, on)
    await rotating.says(/"type":"epoch"/)
    const before = Number(await epoch(alpha))
    const input = `${'x'.repeat(1000)}\n`.repeat(150)
    const sent = await alpha.run(['pub', 'hall/text', '--lines', '--require', '1'], {
      ...on,
      input,
    })
    expect(sent.code).toBe(0)
    await rotating.says(new RegExp(`"epoch":${before + 1},`))
    rotating.kill('SIGINT')
    expect((await rotating.ended).code).toBe(130)
    const wrong = await alpha.run(['keys', 'rotate', '--volume', 'much'], on)
    expect([wrong.code, wrong.err]).toEqual([
      64,
      expect.stringMatching(/--volume is "much": a whole/),
    ])
  })
})
