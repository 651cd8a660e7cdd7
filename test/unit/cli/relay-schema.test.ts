/** The schema of a relay's file: it takes what the command takes, by an independent reading of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { relaySchema } from '../../../bus/cli/relay-schema.ts'
import { relaySettingsOf } from '../../../bus/cli/relay-settings.ts'
import { settingsOf } from '../../../bus/cli/settings.ts'
import { defaultRelayLimits } from '../../../relay/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'sixcast-relay-schema-'))
afterAll(() => rmSync(directory, { recursive: true }))
const file = join(directory, 'relay.json')

const schema = relaySchema({ ...defaultRelayLimits })
// It is printed: what JSON leaves of it counts.
const reader = z.fromJSONSchema(JSON.parse(JSON.stringify(schema)) as z.core.JSONSchema.JSONSchema)
const properties = (schema as { readonly properties: Record<string, object> }).properties

function fits(config: object): boolean {
  return reader.safeParse(config).success
}

async function isTaken(config: object): Promise<boolean> {
  writeFileSync(file, JSON.stringify(config))
  try {
    await settingsOf({ config: file }, {})
    await relaySettingsOf({ config: file }, {}, defaultRelayLimits)
    return true
  } catch {
    return false
  }
}

/** Origins of pages in apps. */
const APPS = ['capacitor://localhost', 'tauri://localhost', 'chrome-extension://abcdefgh']

const GOOD: Readonly<Record<string, readonly unknown[]>> = {
  $schema: ['./relay.schema.json'],
  realm: ['site', 'a.b_c-1'],
  key: ['site.control', 'env:KEY'],
  identity: ['me'],
  rights: ['mine'],
  open: [true, false],
  scope: ['host', 'global'],
  interface: ['eth*', ['eth0', 'eth1']],
  relay: ['ws://[::1]:1', ['wss://a', 'wss://b']],
  multicast: [false],
  native: [true],
  peers: ['[2001:db8::1]:18666', ['host.example.org:1']],
  'unicast-port': [1, 65_535],
  port: [1, 65_535],
  hops: [0, 255],
  name: ['a relay'],
  linger: [0, 1.5, 3600],
  proof: ['group', 'each'],
  'key-log': ['keys.log'],
  'log-level': ['silent', 'debug'],
  listen: [':62278', '[::1]:0', 'relay.example.org:443'],
  bridge: [true, false],
  link: ['wss://relay.example.org', ['ws://[2001:db8::7]:62278', 'wss://other']],
  nats: ['nats://nats.example.org:4222', ['tls://me:word@[::1]', 'nats://other']],
  'nats-credentials': ['relay.creds', 'env:CREDENTIALS'],
  links: [1, 1_000_000],
  origin: ['https://app.example.org', ['http://localhost:8080', 'https://a'], ...APPS],
  metrics: [true],
  dashboard: ['new', 'dashboard.token'],
  limit: [{}, { links: 500, bufferSize: 1 }],
}

const BAD: Readonly<Record<string, readonly unknown[]>> = {
  realm: ['', 'a b', 'x'.repeat(65), 5],
  key: ['', 5],
  open: ['perhaps', 3],
  scope: ['lan', 5],
  interface: ['', [], [5]],
  relay: ['http://a', []],
  port: [0, 65_536, 1.5, 'x'],
  hops: [-1, 256],
  linger: [-1, 3601],
  proof: ['all'],
  'log-level': ['loud'],
  listen: ['62278', '', 'a b:1'],
  bridge: ['perhaps'],
  link: ['relay.example.org', [], ['wss://a', 'b']],
  nats: ['nats.example.org:4222', 'ws://a', 'nats://a/b', [], ['nats://a', 'b']],
  'nats-credentials': ['', 5],
  links: [0, 1_000_001, 1.5],
  origin: ['https://app.example.org/', 'https://a:443', 'http://A', 'app.example.org', 'null', []],
  metrics: [2],
  dashboard: [''],
  limit: [{ link: 1 }, { links: 0 }, { links: 1.5 }, []],
  limits: [{}],
}

describe("the schema of a relay's file", () => {
  it('has all settings that the command knows in its file, and all limits', () => {
    const known = Object.keys(properties).filter((name) => name !== 'actions')
    expect(new Set([...Object.keys(GOOD), 'variables'])).toEqual(new Set(known))
    const limit = properties['limit'] as { readonly properties: Record<string, object> }
    const defaults = Object.entries(limit.properties).map(([name, one]) => {
      return [name, (one as { readonly default: number }).default]
    })
    expect(Object.fromEntries(defaults)).toEqual(defaultRelayLimits)
  })

  it.each(Object.entries(GOOD))('takes %s as the command does', async (name, values) => {
    for (const value of values) {
      const config = { [name]: value }
      expect({ value, fits: fits(config) }).toEqual({ value, fits: true })
      expect({ value, taken: await isTaken(config) }).toEqual({ value, taken: true })
    }
  })

  it.each(Object.entries(BAD))('refuses %s as the command does', async (name, values) => {
    for (const value of values) {
      const config = { [name]: value }
      expect({ value, fits: fits(config) }).toEqual({ value, fits: false })
      expect({ value, taken: await isTaken(config) }).toEqual({ value, taken: false })
    }
  })

  it('takes the configurations that the documents show', () => {
    const shown = [...readFileSync('docs/operations.md', 'utf8').matchAll(/^```json\n(.*?)^```/gms)]
    expect(shown.length).toBeGreaterThan(0)
    for (const [, text] of shown) expect(reader.parse(JSON.parse(text!))).toBeTruthy()
  })
})
