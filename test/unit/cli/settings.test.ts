/** Which source of a setting wins. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { settingsOf } from '../../../bus/cli/settings.ts'

const directory = mkdtempSync(join(tmpdir(), 'sixcast-settings-'))
afterAll(() => rmSync(directory, { recursive: true }))
const file = join(directory, 'config.json')

/** The settings of these sources; the file is always the test's own. */
function settle(
  config: object,
  env: Readonly<Record<string, string>>,
  flags: Readonly<Record<string, unknown>>,
): ReturnType<typeof settingsOf> {
  writeFileSync(file, JSON.stringify(config))
  return settingsOf({ config: file, ...flags }, env)
}

describe('settings', () => {
  it('name the key log as other programs name theirs, beside the file or by the environment', async () => {
    expect(await settle({ 'key-log': 'keys' }, {}, {})).toEqual({
      'key-log': join(directory, 'keys'),
    })
    const env = { SIXCAST_KEYLOG: '/k' }
    expect(await settle({ 'key-log': 'keys' }, env, {})).toEqual({ 'key-log': '/k' })
    expect(await settle({}, env, { 'key-log': 'here' })).toEqual({ 'key-log': 'here' })
  })

  it('are read from all three sources, the nearest wins', async () => {
    const config = { realm: 'f', name: 'f', port: 1, hops: 0, 'log-level': 'info' }
    const env = { SIXCAST_NAME: 'e', SIXCAST_PORT: '2', SIXCAST_LINGER: '0.5', SIXCAST_HOPS: '' }
    expect(await settle(config, env, { port: '3', scope: 'link' })).toEqual({
      realm: 'f',
      name: 'e',
      port: 3,
      hops: 0,
      linger: 500,
      scope: 'link',
      'log-level': 'info',
    })
  })

  it('know whether datagrams may be joined, by a word, a variable or a flag', async () => {
    expect(await settle({ native: false }, {}, {})).toEqual({ native: false })
    expect(await settle({}, { SIXCAST_NATIVE: 'no' }, {})).toEqual({ native: false })
    expect(await settle({ native: false }, {}, { native: true })).toEqual({ native: true })
  })

  it('know interfaces as a list, by commas in the environment', async () => {
    expect(await settle({ interface: 'a' }, {}, {})).toEqual({ interface: ['a'] })
    expect(await settle({ interface: ['a', 'b'] }, {}, {})).toEqual({ interface: ['a', 'b'] })
    const env = { SIXCAST_INTERFACE: 'a, b*' }
    expect(await settle({}, env, {})).toEqual({ interface: ['a', 'b*'] })
    expect(await settle({}, env, { interface: 'c' })).toEqual({ interface: ['c'] })
  })

  it('know peers as a list: a flag names one, and the variable all of them', async () => {
    expect(await settle({ peers: 'a:1' }, {}, {})).toEqual({ peers: ['a:1'] })
    const env = { SIXCAST_PEERS: '[2001:db8::1]:1, b:2', SIXCAST_UNICAST_PORT: '3' }
    const fromEnv = { peers: ['[2001:db8::1]:1', 'b:2'], 'unicast-port': 3 }
    expect(await settle({ peers: ['a:1'] }, env, {})).toEqual(fromEnv)
    expect(await settle({}, env, { peer: 'c:3', 'unicast-port': '4' })).toEqual({
      peers: ['c:3'],
      'unicast-port': 4,
    })
    await expect(settle({}, {}, { peer: 'c' })).rejects.toThrow(/option --peer is "c": '\[2001/)
  })

  it.each([
    [{ key: '/f' }, {}, { open: true }, { open: true }],
    [{ open: true }, { SIXCAST_KEY: '/e' }, {}, { key: '/e' }],
    [{ open: true }, {}, { open: false }, { open: false }],
    [{ key: '/f' }, {}, { open: false }, { key: '/f', open: false }],
    [{ key: '/f' }, { SIXCAST_KEY: '/e' }, { key: '/k' }, { key: '/k' }],
  ])('decide about key and open together: %j, %j, %j', async (...sources) => {
    const [config, env, flags, expected] = sources
    expect(await settle(config, env as Record<string, string>, flags)).toEqual(expected)
  })

  it('refuse a key and open from one source', async () => {
    await expect(settle({ key: 'f', open: true }, {}, {})).rejects.toThrow('not both')
    await expect(settle({}, {}, { key: 'f', open: true })).rejects.toThrow('not both')
  })

  it('find a key file beside the configuration, and a flag’s where the user is', async () => {
    expect(await settle({ key: 'k' }, {}, {})).toEqual({ key: join(directory, 'k') })
    expect(await settle({}, {}, { key: 'k' })).toEqual({ key: 'k' })
  })

  it('stand in the file once each', async () => {
    const twice = async (text: string): Promise<unknown> => {
      writeFileSync(file, text)
      return settingsOf({ config: file }, {})
    }
    const json = '{\n  "realm": "a", "name": "x \\"realm\\": {",\n\n  "realm"\n: "b"\n}'
    await expect(twice(json)).rejects.toThrow(
      /config\.json has the key "realm" on line 2 and on line 4: keep one of them/,
    )
    const spelled = '{"port": 1,\n"p\\u006frt": 2}'
    await expect(twice(spelled)).rejects.toThrow(/"port" on line 1 and on line 2/)
    // Only the keys of the object itself count, and no text that looks like one.
    const fine = '{"name": "realm", "realm": "name", "interface": ["a", "a"]}'
    expect(await twice(fine)).toEqual({ name: 'realm', realm: 'name', interface: ['a', 'a'] })
  })

  it('do without a file unless one was asked for', async () => {
    const env = { XDG_CONFIG_HOME: directory }
    await expect(settingsOf({ config: join(directory, 'no.json') }, env)).rejects.toThrow('no.json')
    await expect(settingsOf({}, { SIXCAST_CONFIG: '/no.json' })).rejects.toThrow('/no.json')
  })
})
