/** `sixcast relay`, and commands that go by it: on loopback, without multicast of their own. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseControlKey } from '../../bus/io/control-key.ts'
import { parseKey } from '../../bus/io/key-text.ts'
import { Home, objectsOf, type Run } from './command.ts'

const home = new Home()
const realms = join(home.config, 'sixcast', 'realms')
afterAll(() => home[Symbol.dispose]())
beforeAll(async () => {
  await home.run(['keygen', '--realm', 'site'])
})

const SITE = ['--realm', 'site']

async function relay(...words: readonly string[]): Promise<{ run: Run; url: string }> {
  const run = home.start(['relay', ...words, '--listen', '[::1]:0', '--json'])
  await run.says(/"type":"relay"/)
  const [{ url } = {}] = objectsOf(run.text('out'))
  return { run, url: String(url) }
}

describe('keygen --control', () => {
  it('writes the part of the key that a relay needs, and nothing from which the rest follows', async () => {
    const { code, out } = await home.run(['keygen', ...SITE, '--control'])
    const path = join(realms, 'site.control')
    expect(out).toMatch(new RegExp(`^${path}\n\nUse it:  sixcast relay --realm site`))
    expect(code).toBe(0)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const { parts, owner } = parseControlKey(readFileSync(path, 'utf8'), path)
    const key = parseKey(readFileSync(join(realms, 'site.key'), 'utf8'), 'key')
    expect(parts).toMatchObject({ name: 'site', epoch: 0 })
    expect(owner).toBeUndefined()
    const bytes = Buffer.concat([parts.id, parts.address, parts.control])
    expect(bytes.includes(Buffer.from(key.root))).toBe(false)
    expect((await home.run(['keygen', ...SITE, '--control'])).err).toMatch(/exists/)
    const exported = await home.run(['keys', 'export', ...SITE, '--control'])
    expect(exported).toEqual({ code: 0, out: readFileSync(path, 'utf8'), err: '' })
    const both = await home.run(['keys', 'export', ...SITE, '--control', '--topics', 'a/**'])
    expect([both.code, both.err]).toEqual([64, expect.stringMatching(/--topics or --control/)])
    expect((await home.run(['keygen', '--open', '--control'])).code).toBe(64)
    expect((await home.run(['keygen', '--realm', 'none', '--control'])).err).toMatch(/has no key/)
  })

  it('is refused where a member needs the whole key', async () => {
    const words = ['pub', 'x', 'y', ...SITE, '--key', join(realms, 'site.control')]
    const { code, err } = await home.run(words)
    expect(err).toMatch(/holds no sixcast key/)
    expect(code).toBe(1)
  })
})

describe('a relay with the control key', () => {
  it('joins commands that have nothing else, shows them to each other, and ends with 0', async () => {
    const { run, url } = await relay(...SITE, '--no-multicast', '--log-level', 'debug')
    const by = [...SITE, '--relay', url, '--no-multicast']
    const sub = await home.subscriber(['**', ...by, '--json', '--name', 'reader'])
    const lines = Array.from({ length: 2000 }, (_, i) => `line ${i}`)
    const pub = home.start(['pub', 'secret/topic', '--lines', '--require', '1', ...by], {
      input: `${lines.join('\n')}\n`,
    })
    const [published, peers] = await Promise.all([
      pub.ended,
      home.run(['peers', ...by, '--json', '--timeout', '1.5']),
    ])
    expect(published).toEqual({ code: 0, out: '', err: '' })
    expect(objectsOf(peers.out).map(({ name }) => name)).toContain('reader')
    sub.kill('SIGINT')
    const ended = await sub.ended
    expect(objectsOf(ended.out).map(({ value }) => value)).toEqual(lines)
    run.kill('SIGTERM')
    const { code, err } = await run.ended
    expect(code).toBe(0)
    // It tells who came and went, and not what they said.
    expect(err).toMatch(/"msg":"link opened"/)
    expect(err).not.toMatch(/secret|topic|line \d/)
  })

  it('joins them with those on this host who have none', async () => {
    const { run, url } = await relay(...SITE)
    const sub = await home.subscriber(['a/*', ...SITE])
    const words = [
      'pub',
      'a/b',
      'hello',
      '--require',
      '1',
      ...SITE,
      '--relay',
      url,
      '--no-multicast',
    ]
    expect(await home.run(words)).toEqual({ code: 0, out: '', err: '' })
    await sub.says(/^a\/b hello$/m)
    run.kill('SIGTERM')
    expect((await run.ended).code).toBe(0)
  })
})

describe('relays with --link', () => {
  it('join commands that have one relay each, and tell of an address that is none', async () => {
    const one = await relay(...SITE, '--no-multicast')
    const two = await relay(...SITE, '--no-multicast')
    const links = [one.url, two.url].flatMap((url) => ['--link', url])
    const hub = await relay(...SITE, '--no-multicast', ...links)
    const sub = await home.subscriber(['x', ...SITE, '--relay', two.url, '--count', '1'])
    const pub = ['pub', 'x', 'far', ...SITE, '--relay', one.url, '--require', '1']
    expect(await home.run(pub)).toMatchObject({ code: 0 })
    expect(await sub.ended).toMatchObject({ code: 0, out: 'x far\n' })
    for (const { run } of [hub, one, two]) {
      run.kill('SIGTERM')
      expect((await run.ended).code).toBe(0)
    }
    const wrong = await home.run(['relay', ...SITE, '--link', 'relay.example'])
    expect(wrong.err).toMatch(/option --link is "relay.example": a ws:\/\/ or wss:\/\/ address/)
    expect(wrong.code).toBe(64)
  })
})

describe('a relay of a realm with an owner', () => {
  const on = ['--realm', 'hall']
  beforeAll(async () => {
    await home.run(['init', 'hall', '--scope', 'host'])
    await home.run(['keygen', ...on, '--control'])
  })

  it('is told the owner by its control key, and carries members', async () => {
    const path = join(realms, 'hall.control')
    const { parts, owner } = parseControlKey(readFileSync(path, 'utf8'), path)
    const key = parseKey(readFileSync(join(realms, 'hall.key'), 'utf8'), 'key')
    expect(parts.epoch).toBe(1)
    expect(Buffer.from(owner!).equals(key.owner!)).toBe(true)
    const { run, url } = await relay(...on, '--no-multicast')
    const by = [...on, '--relay', url]
    const sub = await home.subscriber(['a/*', ...by])
    const words = ['pub', 'a/b', 'hello', '--require', '1', ...by]
    expect(await home.run(words)).toEqual({ code: 0, out: '', err: '' })
    await sub.says(/^a\/b hello$/m)
    run.kill('SIGTERM')
    expect((await run.ended).code).toBe(0)
  })

  it('reads its control key anew on SIGHUP, which keygen has put in the place of the old one', async () => {
    const { run } = await relay(...on, '--no-multicast', '--log-level', 'info')
    run.kill('SIGHUP')
    await run.says(/"epoch":1.*read anew/, 'err')
    await home.run(['keys', 'rotate', ...on, '--stay', '0'])
    expect((await home.run(['keygen', ...on, '--control'])).code).toBe(0)
    run.kill('SIGHUP')
    await run.says(/"epoch":2.*read anew/, 'err')
    expect((await home.run(['keygen', ...on, '--control'])).err).toMatch(/exists/)
    writeFileSync(join(realms, 'hall.control'), 'nonsense', { mode: 0o600 })
    run.kill('SIGHUP')
    await run.says(/holds no .*the relay goes on as it was/, 'err')
    run.kill('SIGTERM')
    expect((await run.ended).code).toBe(0)
  })

  it('refuses what no grant lets anybody publish, as acl test explains', async () => {
    await home.run(['invite', ...on, '--publish', 'x', '--as', 'mouth'])
    await home.run(['invite', ...on, '--subscribe', '**', '--as', 'ear'])
    const ask = (...words: string[]) => home.run(['acl', 'test', ...words, ...on])
    const mouth = await ask('mouth', 'publish', 'a')
    expect(mouth.code).toBe(1)
    expect(mouth.out).toMatch(/by a relay: carried: on which topic it cannot see, receivers judge/)
    const ear = await ask('ear', 'publish', 'a')
    expect(ear.out).toMatch(/by a relay: denied: publish on no topic at all, so no data is carried/)
    expect((await ask('ear', 'subscribe', 'a')).out).toMatch(/subscribe is for receivers to judge/)
  })
})

describe('a relay with a file', () => {
  const file = join(home.config, 'relay.json')
  const write = (changes: object): void =>
    writeFileSync(file, JSON.stringify({ ...SETTINGS, ...changes }))
  const status = async (url: string, path: string): Promise<number> =>
    (await fetch(url.replace('ws:', 'http:') + path)).status

  it('reads it anew on SIGHUP, tells what has changed and what needs a restart', async () => {
    write({})
    const run = home.start(['relay', '--config', file, '--json'])
    await run.says(/"type":"relay"/)
    const url = String(objectsOf(run.text('out'))[0]?.['url'])
    expect(await status(url, '/metrics')).toBe(404)
    write({ metrics: true, limit: { links: 3, peers: 9 }, hops: 3 })
    run.kill('SIGHUP')
    await run.says(/"restart":\["hops","limits\.peers"\]/, 'err')
    expect(run.text('err')).toMatch(/"changed":\["metrics","limits\.links"\],"msg":"read anew"/)
    expect(await status(url, '/metrics')).toBe(200)
    write({ metrics: false, lnk: 'ws://x' })
    run.kill('SIGHUP')
    await run.says(/unknown key \\"lnk\\".*did you mean.*the relay goes on as it was/, 'err')
    expect(await status(url, '/metrics')).toBe(200)
    run.kill('SIGTERM')
    expect((await run.ended).code).toBe(0)
  })
})

const SETTINGS = {
  realm: 'site',
  multicast: false,
  listen: '[::1]:0',
  'log-level': 'info',
}

describe('what cannot be is told', () => {
  it('also by who goes on without: one warning for a relay that is not there', async () => {
    const dead = ['--relay', 'ws://[::1]:1', '--relay', 'ws://nowhere.invalid:80']
    const { err } = await home.run(['sub', 'a', ...SITE, ...dead, '--timeout', '3'])
    const lines = err.split('\n').filter((line) => line.includes('no link to a relay'))
    expect(lines).toHaveLength(2)
    expect(err).toMatch(
      /^sixcast: warning: no link to a relay {"relay":"ws:\/\/\[::1\]:1","reason":/m,
    )
    expect(err).toMatch(/nowhere\.invalid/)
  })

  it('and by the relay, in its log', async () => {
    const { run, url } = await relay(...SITE, '--no-multicast', '--log-level', 'info')
    const { code, err } = await home.run([
      'pub',
      'a',
      'b',
      '--realm',
      'site2',
      '--open',
      '--relay',
      url,
    ])
    expect([code, err]).toEqual([0, expect.stringMatching(/4404: this relay serves another realm/)])
    await run.says(/serves another realm.*link refused/, 'err')
    run.kill('SIGTERM')
    expect((await run.ended).code).toBe(0)
  })

  it.each([
    [['relay', '--listen', 'everywhere'], 64, /option --listen is "everywhere": text such as/],
    [['relay', '--limit', 'lnks=5'], 64, /option --limit: the limit "lnks" is unknown.*"links"/],
    [['relay', '--origin', 'https://a/'], 64, /option --origin is "https:\/\/a\/": scheme, host/],
    [['sub', 'a', '--no-multicast', '--scope', 'link'], 64, /a relay is needed: name one/],
    [
      ['relay', '--dashboard', 'env:TOO_SHORT'],
      64,
      /variable TOO_SHORT is a text of 5 characters: a token/,
    ],
    [
      ['relay', '--limit', 'links=3', '--links', '4'],
      64,
      /--limit has links as option --links has/,
    ],
    [['relay', '--relay', 'ws://x'], 64, /option --relay is of no use here/],
    [
      ['sub', 'a', '--no-multicast', '--relay', 'ws://[::1]:1'],
      1,
      /no relay answers: ws:\/\/\[::1\]:1: .*REFUSED/,
    ],
  ] as const)('%j', async (words, exit, reason) => {
    const { code, err } = await home.run([...words], { env: { TOO_SHORT: 'short' } })
    expect(err).toMatch(reason)
    expect(code).toBe(exit)
  })
})
