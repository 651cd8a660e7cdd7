/** Connect options: what is filled in, and that every bad one is named with its mend. */
import { describe, expect, it } from 'vitest'
import type { ConnectOptions } from '../../../bus/api/options.ts'
import { busLimits } from '../../../bus/api/limits.ts'
import { keyText } from '../../../bus/io/key-text.ts'
import { DEFAULT_RATE } from '../../../bus/io/settled.ts'
import { DEFAULT_PORT, settle } from '../../../bus/io/settings.ts'
import { counting, hex } from '../core/crypto.ts'

const key = counting(32)
const good: ConnectOptions = { key }

/** JavaScript programs hand over anything: the types end here. */
const odd = (options: object): ConnectOptions => ({ ...good, ...options })

describe('settle', () => {
  it('fills in everything that is absent', async () => {
    const settings = await settle(good)
    expect(settings).toMatchObject({
      realm: 'local',
      scope: 'host',
      interfaces: undefined,
      port: DEFAULT_PORT,
      hops: undefined,
      fold: 0,
      tags: {},
      rate: DEFAULT_RATE,
      minRate: DEFAULT_RATE / 20,
      lingerMs: 2000,
      limits: busLimits,
    })
    expect(hex(settings.root!)).toBe(hex(key))
    expect(settings.name).toMatch(/.-[\w-]{6}$/)
    expect((await settle(good)).name).not.toBe(settings.name)
  })

  it('takes a key as bytes or as the text of a key file', async () => {
    expect(hex((await settle({ key: keyText(key) })).root!)).toBe(hex(key))
  })

  it('takes a copy of it, which is overwritten at the end', async () => {
    for (const given of [counting(32), Buffer.from(counting(32))]) {
      const { root } = await settle({ key: given })
      root!.fill(0)
      expect(hex(given)).toBe(hex(key))
    }
  })

  it('has no key in an open realm', async () => {
    expect((await settle({ open: true })).root).toBeUndefined()
  })

  it('takes one interface or several', async () => {
    expect((await settle(odd({ interface: 'eth0' }))).interfaces).toEqual(['eth0'])
    expect((await settle(odd({ interface: ['eth0', 'wl*'] }))).interfaces).toEqual(['eth0', 'wl*'])
  })

  it('changes only the limits that are given', async () => {
    const { limits } = await settle({ key, limits: { peers: 7 } })
    expect(limits).toEqual({ ...busLimits, peers: 7 })
  })

  it.each<[string, object]>([
    ['realm', { realm: 'a' }],
    ['realm', { realm: 'a.b-c_D'.padEnd(64, '9') }],
    ['port', { port: 1 }],
    ['port', { port: 65_535 }],
    ['hops', { hops: 0 }],
    ['hops', { hops: 255 }],
    ['groups', { groups: 65_536 }],
    ['peers', { scope: 'link', peers: '[2001:db8::1]:18666' }],
    ['peers', { scope: 'site', peers: Array(256).fill('a:1') }],
    ['peers', { scope: 'link', peers: 'a:1', multicast: false }],
    ['unicastPort', { scope: 'link', unicastPort: 65_535, multicast: false }],
    ['rate', { rate: 1000 }],
    ['rate', { rate: 10 ** 11 }],
    ['minRate', { minRate: 1000 }],
    ['minRate', { minRate: 10 ** 11 }],
    ['linger', { linger: 0 }],
    ['linger', { linger: 3_600_000 }],
    ['name', { name: 'x'.repeat(64) }],
    ['name', { name: '' }],
    ['tags', { tags: { [`k`]: 'v'.repeat(30) } }],
    ['tags', { tags: { k: 'a=b', l: '' } }],
    ['limits', { limits: { peers: 1 } }],
  ])('takes %s at its edge: %j', async (_, options) => {
    await expect(settle(odd(options))).resolves.toBeDefined()
  })

  it.each<[string, object, RegExp]>([
    ['realm', { realm: '' }, /"realm" is "": 1 to 64 letters/],
    ['realm', { realm: 'x'.repeat(65) }, /1 to 64 letters/],
    ['realm', { realm: '../etc' }, /"realm" is "\.\.\/etc"/],
    ['scope', { scope: 'galaxy' }, /"scope" is "galaxy": one of host, link, site/],
    ['scope', { scope: 'toString' }, /"scope" is "toString"/],
    ['port', { port: 0 }, /"port" is 0: a whole number from 1 to 65535/],
    ['port', { port: 65_536 }, /"port" is 65536/],
    ['port', { port: 1.5 }, /"port" is 1.5/],
    ['port', { port: '80' }, /"port" is "80"/],
    ['port', { port: NaN }, /"port" is NaN/],
    ['port', { port: 80n }, /"port" is 80/],
    ['hops', { hops: -1 }, /"hops" is -1: a whole number from 0 to 255/],
    ['hops', { hops: 256 }, /"hops" is 256/],
    ['peers', { peers: [] }, /"peers" is \[\]/],
    ['peers', { peers: 'a' }, /"peers" is "a": '\[2001:db8::1\]:18666', 'host/],
    ['peers', { peers: Array(257).fill('a:1') }, /a list of at most 256 of them/],
    ['peers', { peers: 'a:1' }, /"peers" is of no use at scope 'host'.*give a wider scope/],
    ['unicastPort', { unicastPort: 7 }, /"unicastPort" is of no use at scope 'host'/],
    ['unicastPort', { unicastPort: 0 }, /"unicastPort" is 0: a whole number from 1 to 65535/],
    [
      'peers',
      { scope: 'link', peers: 'a:1', multicast: false, relay: 'ws://a' },
      /"peers" is of no use with a relay and without multicast/,
    ],
    [
      'multicast',
      { multicast: false, scope: 'link' },
      /"multicast" is false, and there is no relay: .* or peers/,
    ],
    ['groups', { groups: 65_537 }, /"groups" is 65537/],
    ['groups', { groups: -1 }, /"groups" is -1/],
    ['rate', { rate: 999 }, /"rate" is 999: a whole number from 1000/],
    ['rate', { rate: Infinity }, /"rate" is Infinity/],
    ['linger', { linger: -1 }, /"linger" is -1/],
    ['linger', { linger: 3_600_001 }, /from 0 to 3600000/],
    ['name', { name: 'x'.repeat(65) }, /"name" is "x+": text of at most 64 bytes/],
    ['name', { name: 'é'.repeat(33) }, /at most 64 bytes/],
    ['tags', { tags: { k: 'v'.repeat(31) } }, /"tags" is "k=v+": key=value of at most 32 bytes/],
    ['tags', { tags: { '': 'v' } }, /no "=" in the key/],
    ['tags', { tags: { 'a=b': 'v' } }, /"tags" is "a=b=v"/],
    [
      'tags',
      { tags: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [i, i])) },
      /"tags" is 9: at most 8 tags/,
    ],
    ['name', { name: 5 }, /"name" is 5: text of at most 64 bytes/],
    ['name', { name: 'a\u001b[2J' }, /"name" is "a\\u001b\[2J": .*without control characters/],
    ['name', { name: 'a\u009b' }, /without control characters/],
    ['name', { name: 'a\u007f' }, /without control characters/],
    ['name', { name: 'a\nb' }, /without control characters/],
    ['name', { name: 'a\u2028b' }, /without control characters/],
    ['name', { name: 'a\u2029b' }, /without control characters/],
    ['tags', { tags: { k: 'a\u0085' } }, /no control characters/],
    ['tags', { tags: 5 }, /"tags" is 5: an object/],
    ['tags', { tags: ['a=b'] }, /"tags" is \["a=b"\]: an object/],
    ['tags', { tags: new Map([['a', 'b']]) }, /"tags" is .*: an object/],
    ['tags', { tags: { k: 5 } }, /"tags\.k" is 5: give text/],
    ['open', { open: true }, /either open or has a key/],
    ['open', { open: 'false' }, /"open" is "false": true or false/],
    ['open', { open: 1 }, /"open" is 1: true or false/],
    ['names', { scop: 'link' }, /"scop" is unknown to connect: did you mean "scope"\?/],
    ['names', { Realm: 'x' }, /did you mean "realm"\? there are realm, key, open/],
    ['names', { colour: 'x' }, /"colour" is unknown to connect: there are realm, key, open/],
    ['names', { toString: 1 }, /"toString" is unknown to connect/],
    ['names', { ['__proto__']: 1 }, /"__proto__" is unknown to connect/],
    ['log', { log: 5 }, /"log" is a number: an object with debug/],
    ['log', { log: { warn: 1 } }, /"log" is an object without debug\(\), .*: an object with debug/],
    [
      'codec',
      { codec: { encode: 1 } },
      /"codec" is an object without encode\(\), decode\(\): an object with encode/,
    ],
    ['identity', { identity: {} }, /"identity" is an object: .*newIdentity\(\)/],
    ['identity', { identity: 5 }, /"identity" is a number/],
    ['signal', { signal: 5 }, /"signal" is a number: an AbortSignal/],
    ['signal', { signal: new AbortController() }, /"signal" is an object: an AbortSignal/],
    ['limits', { limits: 5 }, /"limits" is 5: an object/],
    ['limits', { limits: { peer: 3 } }, /"limits.peer" is unknown .*did you mean "peers"\?/],
    ['limits', { limits: { peers: 0 } }, /"limits.peers" is 0: a whole number from 1/],
    ['limits', { limits: { peers: 'many' } }, /"limits.peers" is "many"/],
    ['limits', { limits: { peers: undefined } }, /"limits.peers" is undefined/],
    ['interface', { interface: [] }, /"interface" is \[\]/],
    ['interface', { interface: ['eth0', 7] }, /"interface" is \["eth0",7\]/],
    ['interface', { interface: 7 }, /"interface" is 7/],
    ['realm', { realm: 7 }, /"realm" is 7/],
  ])('refuses %s in %o, naming the value and what would be right', async (_, options, text) => {
    await expect(settle(odd(options))).rejects.toEqual(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(text) }),
    )
  })

  it('takes what is undefined for absent', async () => {
    await expect(settle(odd({ scope: undefined, name: undefined }))).resolves.toBeDefined()
  })

  it.each([null, 5, 'realm', [], new Map()])('refuses %o instead of options', async (options) => {
    const refused = { code: 'INVALID_OPTION', message: expect.stringMatching(/as an object, not/) }
    const given = options as unknown as ConnectOptions // what a program in JavaScript may do
    await expect(settle(given)).rejects.toEqual(expect.objectContaining(refused))
  })

  it('shows no secret in an error', async () => {
    const secretKey = 'hush'
    const fault = await settle(odd({ identity: { publicKey: 'x', secretKey } })).catch(String)
    expect(fault).toMatch(/"identity" is an object/)
    expect(fault).not.toContain(secretKey)
  })

  it.each<[string, object, RegExp]>([
    ['of the wrong length', { key: counting(31) }, /"key" has 31 bytes: a realm's key has 32/],
    ['that is no key text', { key: 'hunter2' }, /"key" holds no sixcast key.*sixcast keygen/],
    ['that is no bytes', { key: { length: 32 } }, /"key"/],
  ])('refuses a key %s', async (_, options, text) => {
    await expect(settle(odd(options))).rejects.toEqual(
      expect.objectContaining({ code: 'INVALID_KEY', message: expect.stringMatching(text) }),
    )
  })
})
