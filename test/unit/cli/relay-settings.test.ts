/** What only a relay has: flags, environment and file, and what is wrong with them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { relaySettingsOf } from '../../../bus/cli/relay-settings.ts'
import { settingsOf } from '../../../bus/cli/settings.ts'
import { defaultRelayLimits } from '../../../relay/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'sixcast-relay-settings-'))
afterAll(() => rmSync(directory, { recursive: true }))
const file = join(directory, 'relay.json')

function settle(
  config: object,
  env: Readonly<Record<string, string>> = {},
  flags: Readonly<Record<string, unknown>> = {},
): ReturnType<typeof relaySettingsOf> {
  writeFileSync(file, JSON.stringify(config))
  return relaySettingsOf({ config: file, ...flags }, env, defaultRelayLimits)
}

describe('the settings of a relay', () => {
  it('come from all three sources, the nearest wins, each limit by itself', async () => {
    const config = {
      listen: ':1',
      bridge: false,
      link: 'ws://file',
      origin: ['https://file'],
      links: 5,
      limit: { trunks: 6, idleTime: 7 },
    }
    const env = {
      SIXCAST_LISTEN: ':2',
      SIXCAST_METRICS: 'yes',
      SIXCAST_LINK: 'ws://one, wss://two',
      SIXCAST_NATS: 'nats://one, tls://me:word@two',
      SIXCAST_ORIGIN: '',
      SIXCAST_LIMIT: 'trunks=8,stuckTime=9',
    }
    expect(await settle(config, env, { listen: ':3', limit: ['idleTime=10', 'peers=11'] })).toEqual(
      {
        listen: ':3',
        bridge: false,
        metrics: true,
        links: ['ws://one', 'wss://two'],
        nats: ['nats://one', 'tls://me:word@two'],
        origins: ['https://file'],
        limits: { links: 5, trunks: 8, idleTime: 10, stuckTime: 9, peers: 11 },
      },
    )
    expect(await settle({})).toEqual({ limits: {} })
  })

  it('find the token of the dashboard beside the file, and draw one where it is to be new', async () => {
    const shown = async (given: string, env = {}, flags = {}): Promise<unknown> => {
      return (await settle({ dashboard: given }, env, flags)).dashboard
    }
    expect(await shown('a.token')).toBe(join(directory, 'a.token'))
    expect(await shown('/etc/a.token')).toBe('/etc/a.token')
    for (const kept of ['new', 'env:TOKEN', 'fd:3']) expect(await shown(kept)).toBe(kept)
    expect(await shown('a.token', { SIXCAST_DASHBOARD: 'here' })).toBe('here')
    expect(await shown('a.token', { SIXCAST_DASHBOARD: 'here' }, { dashboard: 'new' })).toBe('new')
  })

  it('find what proves the relay to NATS beside the file', async () => {
    const found = await settle({ 'nats-credentials': 'relay.creds' })
    expect(found.natsCredentials).toBe(join(directory, 'relay.creds'))
    const env = { SIXCAST_NATS_CREDENTIALS: 'env:CREDENTIALS' }
    expect((await settle({}, env)).natsCredentials).toBe('env:CREDENTIALS')
    const flags = { 'nats-credentials': 'here.creds' }
    expect((await settle({}, env, flags)).natsCredentials).toBe('here.creds')
  })

  it('know the number of links by both of its names', async () => {
    expect(await settle({ links: 5 }, { SIXCAST_LIMIT: 'links=6' })).toEqual({
      limits: { links: 6 },
    })
    expect(await settle({ limit: { links: 5 } }, { SIXCAST_LINKS: '6' })).toEqual({
      limits: { links: 6 },
    })
  })

  it.each([
    [{ listen: 'everywhere' }, {}, /^"listen" in .*relay\.json is "everywhere": text such as/],
    [{ listen: 62278 }, {}, /^"listen" in .* is 62278: give some text/],
    [{ bridge: 'perhaps' }, {}, /^"bridge" in .* is "perhaps": true or false/],
    [{ link: ['relay.example'] }, {}, /^"link" in .* is "relay\.example": a ws:\/\//],
    [{ link: ['wss://a', 'b', 'wss://c', 'd'] }, {}, /^"link" in .* is "b", "d": a ws:\/\//],
    [{ links: 3, limit: { links: 4 } }, {}, /^"limit" in .* has links as "links" in .*leave one/],
    [{ nats: 'nats.example' }, {}, /^"nats" in .* is "nats\.example": nats:\/\/HOST:PORT/],
    [{}, { SIXCAST_NATS: 'ws://me:word@x' }, /^SIXCAST_NATS is "ws:\/\/…@x": nats:/],
    [{ links: 0 }, {}, /^"links" in .* is 0: a whole number from 1 to 1000000/],
    [{ links: ['ws://x'] }, {}, /^"links" in .* is \["ws:\/\/x"\]: a whole number/],
    [
      { origin: 'https://app.example.org/' },
      {},
      /^"origin" in .* is "https:\/\/app\.example\.org\/": scheme, host and port/,
    ],
    [{ origin: 'app.example.org' }, {}, /^"origin" in .*: scheme, host and port/],
    [
      { limit: { lnks: 1 } },
      {},
      /^"limit" in .*: the limit "lnks" is unknown to the limits: did you mean "links"\?/,
    ],
    [{ limit: { trunks: '5' } }, {}, /^"limit" in .*: the limit "trunks" is "5": a whole number/],
    [
      { limit: { trunks: 0 } },
      {},
      /^"limit" in .*: the limit "trunks" is 0: a whole number from 1/,
    ],
    [{ limit: 5 }, {}, /^"limit" in .* is 5: give some text/],
    [{}, { SIXCAST_LIMIT: 'trunks' }, /^SIXCAST_LIMIT is "trunks": NAME=N, such as links=500/],
    [{}, { SIXCAST_LIMIT: 'trunks=-1' }, /^SIXCAST_LIMIT is "trunks=-1": NAME=N/],
    [{}, { SIXCAST_METRICS: '2' }, /^SIXCAST_METRICS is "2": true or false/],
  ] as const)('refuse %j, %j', async (config, env, reason) => {
    await expect(settle(config, env)).rejects.toThrow(reason)
  })

  it('may stand in the file of every command, and a slip of the pen is told', async () => {
    const read = (config: object): Promise<unknown> => {
      writeFileSync(file, JSON.stringify(config))
      return settingsOf({ config: file }, {})
    }
    expect(await read({ realm: 'a', listen: ':1', limit: { links: 5 } })).toEqual({ realm: 'a' })
    await expect(read({ orign: 'https://a' })).rejects.toThrow(
      /the unknown key "orign": did you mean "origin"\? there are realm, key, .*limit, actions, variables$/,
    )
  })
})
