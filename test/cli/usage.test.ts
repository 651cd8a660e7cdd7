/** What the command refuses, with exit code 64, one line that says why, and where the help is. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Home, objectsOf } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

describe('bad usage', () => {
  it.each([
    [[], /^sixcast: name a command/],
    [['pubb'], /there is no such command: did you mean pub\?/],
    [['nonsense'], /there is no command "nonsense": there are demo, pub, .*, acl, completion$/m],
    [['--realm', 'x', 'nonsense'], /there is no command "nonsense"/],
    [['pub'], /^sixcast: TOPIC is missing: sixcast pub TOPIC \[VALUE\]$/m],
    [['acl', 'test'], /^sixcast: WHO, ACTION and TOPIC are missing: sixcast acl VERB WHO /],
    [['init'], /^sixcast: NEW-REALM is missing/],
    [['pub', 'a'], /give a VALUE, --lines or --stdin/],
    [['pub', 'a', 'x', '--lines'], /give a VALUE, --lines or --stdin/],
    [['pub', 'a', 'x', 'y'], /there is no place for "y": sixcast pub TOPIC \[VALUE\]/],
    [['pub', 'a', 'x', '--nope'], /there is no option --nope$/m],
    [['pub', 'a', 'x', '--lnies'], /there is no option --lnies: did you mean --lines\?/],
    [['sub', 'a', '--histroy=last'], /there is no option --histroy: did you mean --history\?/],
    [['pub', 'a/*', 'x'], /topic "a\/\*" has a wildcard/],
    [['pub', 'a', 'x', '--count', '0'], /option --count is "0": a whole number from 1/],
    [['pub', 'a', 'x', '--count', '1.5'], /option --count is "1.5": a whole number/],
    [['pub', 'a', 'x', '--count', '-1'], /option --count/],
    [['pub', 'a', 'x', '--count', '1e3'], /option --count is "1e3"/],
    [['pub', 'a', 'x', '--count'], /option --count needs a value/],
    [['pub', 'a', 'x', '--count', '1', '--count', '2'], /option --count is given 2 times/],
    [['pub', 'a', 'x', '--rate', '5'], /option --rate is of use only with --count or --lines/],
    [['pub', 'a', 'x', '--count', '2', '--rate', '0'], /option --rate is "0": a number from/],
    [
      ['sub', 'a', '--history', 'yesterday'],
      /option --history is "yesterday": last, all, a number/,
    ],
    [['pub', 'a', 'x', '--retain', '0'], /option --retain is "0": a whole number from 1 to 65536/],
    [['pub', 'a', 'x', '--flow', 'fast'], /option --flow is "fast": max, min, or a tag KEY=VALUE/],
    [['pub', 'a', 'x', '--expires', '0'], /option --expires is "0"/],
    [['pub', 'a', 'x', '--require', '0'], /option --require is "0": a whole number from 1 to 1024/],
    [['pub', 'a', 'x', '--require', '1', '--timeout', '-1'], /option --timeout/],
    [['pub', 'a', 'x', '--timeout', '1'], /option --timeout is of use only with --require/],
    [
      ['pub', 'a', 'x', '--require', '1', '--delivery', 'latest'],
      /--require is of use only with reliable delivery, not latest/,
    ],
    [['pub', 'a', 'x', '--open=perhaps'], /option --open is "perhaps": true or false/],
    [['pub', 'a', 'x', '--name', 'a\u001b[2J'], /option --name is .*without control characters/],
    [
      ['pub', 'a', 'x', '--delivery', 'maybe'],
      /^sixcast: option --delivery is "maybe": one of reliable, best-effort, latest$/m,
    ],
    [['sub'], /PATTERN is missing: sixcast sub PATTERN\.\.\.$/m],
    [['sub', 'a*'], /pattern "a\*" has the segment/],
    [['sub', 'a', '--count', 'x'], /option --count is "x"/],
    [['sub', 'a', '--timeout', '0'], /option --timeout is "0"/],
    [['sub', 'a', '--timeout', 'soon'], /option --timeout is "soon"/],
    [['sub', 'a', '--scope', 'moon'], /--scope is "moon": one of host, link, site, /],
    [['sub', 'a', '--port', '65536'], /option --port is "65536": a whole number from 1 to 65535/],
    [['sub', 'a', '--hops', '256'], /option --hops is "256"/],
    [['sub', 'a', '--linger', '3601'], /option --linger is "3601"/],
    [['sub', 'a', '--log-level', 'loud'], /--log-level is "loud": one of silent, error, /],
    [['sub', 'a', '--name', 'x'.repeat(65)], /option --name is .*at most 64 bytes/],
    [['sub', 'a', '--realm', 'a b'], /option --realm is "a b"/],
    [['sub', 'a', '--relay', 'http://x'], /option --relay is .*a ws:\/\/ or wss:\/\/ address/],
    [['sub', 'a', '--open', '--key', 'f'], /either open or has a key/],
    [['sub', 'a', '--config', '/nowhere.json'], /configuration file \/nowhere.json cannot be read/],
    [['peers', 'x'], /there is no place for "x": sixcast peers$/m],
    [['relay', '--listen', ':70000'], /option --listen is ":70000"/],
    [['relay', '--link', 'relay.example'], /option --link is "relay.example": a ws:\/\//],
    [['relay', '--nats', 'nats.example'], /option --nats is "nats.example": nats:\/\/HOST/],
    [['relay', '--nats-credentials', ''], /option --nats-credentials is "": give some text/],
    [['relay', '--no-native'], /option --native is of no use here/],
    [['relay', '--proof', 'each'], /option --proof is of no use here/],
    [['reply', 'a', '--echo', '--again=yes'], /--again is of use only with --share/],
    [
      ['sub', 'a', '--no-multicast', '--scope', 'link'],
      /without multicast \(--no-multicast\) a relay is needed/,
    ],
    [['receive', '--size-max', '0'], /option --size-max is "0": a whole number from 1/],
    [['peers', '--timeout', '-1'], /option --timeout/],
    [['topics', 'a*'], /pattern "a\*"/],
    [['keygen', '--realm', 'a/b'], /option --realm is "a\/b"/],
    [['demo', '--seconds', '0'], /option --seconds is "0": a number from 0.5 to 3600/],
    [['demo', '--realm', 'mine'], /option --realm is of no use here/],
    [['demo', '--scope', 'link'], /option --scope is of no use here/],
    [['demo-peer'], /demo-peer is a part of: sixcast demo/],
  ])('%j is told', async (words, reason) => {
    const { code, out, err } = await home.run(words)
    expect(err).toMatch(reason)
    expect(err).toMatch(/^sixcast: [^\n]+\nTry: sixcast ([a-z-]+ )?--help\n$/)
    expect({ code, out }).toEqual({ code: 64, out: '' })
  })

  it.each([
    [['sub', 'a', '--json', '--port', '0'], /^option --port is "0"/],
    [['sub', 'a', '--json', '--raw'], /^give --json or --raw, not both/],
    [['pub', 'a', '{', '--json'], /^VALUE is not JSON/],
  ])('is an object with --json: %j', async (words, reason) => {
    const { code, err } = await home.run(words)
    expect(code).toBe(64)
    expect(objectsOf(err)).toEqual([
      { type: 'error', code: 'USAGE', message: expect.stringMatching(reason) },
    ])
  })

  it.each([
    [{ SIXCAST_PORT: '0' }, /SIXCAST_PORT is "0"/],
    [{ SIXCAST_SCOPE: 'moon' }, /SIXCAST_SCOPE is "moon": one of host, link/],
    [{ SIXCAST_OPEN: 'perhaps' }, /SIXCAST_OPEN is "perhaps": true or false/],
    [{ SIXCAST_CONFIG: '/nowhere.json' }, /cannot be read/],
  ])('in the environment is told: %j', async (env, reason) => {
    const { code, err } = await home.run(['sub', 'a'], { env })
    expect(err).toMatch(reason)
    expect(code).toBe(64)
  })

  it.each([
    ['{"realms": "x"}', /unknown key "realms"/],
    ['{"port": "many"}', /"port" in .* is "many"/],
    ['{"name": 5}', /"name" in .* is 5/],
    ['{\n"port": 1,\n"port": 2}', /has the key "port" on line 2 and on line 3: keep one of them/],
    ['[]', /holds no object/],
    ['{', /is not JSON/],
  ])('in the configuration file is told: %s', async (config, reason) => {
    const file = join(home.config, 'bad.json')
    writeFileSync(file, config)
    const { code, err } = await home.run(['sub', 'a', '--config', file])
    expect(err).toMatch(reason)
    expect(code).toBe(64)
  })
})

describe('an error', () => {
  it('is one line and exit code 1, without a stack', async () => {
    const { code, out, err } = await home.run(['sub', 'a', '--realm', 'elsewhere'])
    expect(err).toMatch(/^sixcast: realm "elsewhere" has no key [^\n]*keygen[^\n]*\n$/)
    expect({ code, out }).toEqual({ code: 1, out: '' })
  })

  it('has its code with --json and its stack with --log-level debug', async () => {
    const words = ['sub', 'a', '--json', '--log-level', 'debug', '--interface', 'nope0']
    const { code, err } = await home.run(words)
    expect(code).toBe(1)
    expect(err).toMatch(/^\{"type":"error","code":"NO_INTERFACE","message":".*nope0.*"\}$/m)
    expect(err).toMatch(/^ +at /m)
  })
})

describe('a variable', () => {
  it('that is nearly a setting is told of, and not read; others are left alone', async () => {
    const key = join(home.config, 'far.key')
    await home.run(['keygen', key])
    const env = { SIXCAST_REALMM: 'elsewhere', SIXCAST_SOMETHING: 'x', SIXCAST_KEYS: 'y' }
    const words = ['peers', '--timeout', '0']
    const { code, err } = await home.run(words, { env })
    expect(err).toBe(['REALMM', 'KEYS'].map((name) => warning(name, name.slice(0, -1))).join(''))
    expect(code).toBe(0)
    const named = { SIXCAST_KEYS: readFileSync(key, 'utf8'), SIXCAST_KEY: 'env:SIXCAST_KEYS' }
    expect((await home.run(words, { env: named })).err).toBe('')
  })

  const warning = (name: string, near: string): string => {
    const fault = `the variable SIXCAST_${name} is no setting, and not read`
    return `sixcast: warning: ${fault}: did you mean SIXCAST_${near}?\n`
  }
})

describe('the help', () => {
  it('comes by -h as well', async () => {
    const [long, short] = await Promise.all(['--help', '-h'].map((flag) => home.run(['pub', flag])))
    expect(short).toEqual(long)
    expect(short!.out).toMatch(/^sixcast pub <topic> \[value\]/)
  })
})

describe('the version', () => {
  it('is the package’s', async () => {
    expect((await home.run(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
