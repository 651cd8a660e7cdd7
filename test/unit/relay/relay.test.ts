/** Buses with nothing but a relay: what they exchange, and what they do when it goes. */
import { createServer } from 'node:http'
import { describe, expect, it, vi } from 'vitest'
import type { Bus } from '../../../bus/index.ts'
import type { RelayOptions } from '../../../relay/index.ts'
import { controlParts } from '../../../bus/core/seal/keys.ts'
import { controlKeyText } from '../../../bus/io/control-key.ts'
import { counting, crypto } from '../core/crypto.ts'
import { FakeRelay } from './fake-relay.ts'
import { busAt, key, linkAt, open, realm, relayWith, WAIT } from './world.ts'

describe('two buses with one relay and no network', () => {
  it('exchange messages, know each other, and say goodbye', async () => {
    const relay = await relayWith()
    const [a, b] = [await busAt(relay.url), await busAt(relay.url)]
    expect(a.path).toBe('relay')
    const messages = b.subscribe('x/*')
    a.publish('x/y', 'by relay')
    for await (const { value, from } of messages) {
      expect({ value, from }).toEqual({ value: 'by relay', from: a.id })
      break
    }
    expect([...b.presence].map(({ id }) => id)).toEqual([a.id])
    expect([...relay.links].map(({ remote }) => remote)).toEqual(['::1', '::1'])
    expect(await a.close({ linger: 5000 })).toMatchObject({ unconfirmed: [] })
    await vi.waitFor(() => expect(b.presence.size).toBe(0), WAIT)
    expect(relay.stats()).toMatchObject({ links: 1, linksOpened: 2, linksClosed: 1 })
  })

  it('need no more of the realm at the relay than its control key', async () => {
    const control = controlKeyText({
      parts: controlParts(crypto, { name: realm, root: key }),
      owner: undefined,
    })
    const { url } = await relayWith({ key: control })
    const [a, b] = [await busAt(url), await busAt(url)]
    const messages = b.subscribe('x')
    a.publish('x', 1)
    for await (const { value } of messages) {
      expect(value).toBe(1)
      break
    }
  })

  it('go through a large message, and many small ones, unharmed', async () => {
    const { url } = await relayWith()
    const [a, b] = [await busAt(url), await busAt(url)]
    const messages = b.subscribe('**', { queue: 10_000, gaps: true })
    await a.matched('large', { timeout: 5000 })
    const large = counting(256).map((_, i) => i * 7)
    const bytes = new Uint8Array(2_000_000).map((_, i) => large[i % 256]!)
    a.publish('large', bytes)
    for (let i = 0; i < 2000; i++) a.publish('small', i)
    const small: unknown[] = []
    let whole = false
    for await (const item of messages) {
      if (item.type === 'gap') throw new Error(`a gap: ${item.cause}`)
      if (item.topic === 'large') whole = Buffer.compare(item.value as Uint8Array, bytes) === 0
      else small.push(item.value)
      if (small.length === 2000 && whole) break
    }
    expect(small).toEqual(Array.from({ length: 2000 }, (_, i) => i))
  })
})

describe('a relay that ends', () => {
  it('tells its links to go elsewhere; they do, and lose nothing', async () => {
    const [first, second] = [await relayWith(), await relayWith()]
    const urls = [first.url, second.url]
    const [a, b] = [await busAt(urls), await busAt(urls)]
    const messages = b.subscribe('x', { gaps: true })
    await a.matched('x', { timeout: 5000 })
    const paths = pathsOf(b)
    for (let i = 0; i < 20; i++) a.publish('x', i)
    await first.close()
    for (let i = 20; i < 40; i++) a.publish('x', i)
    const values: unknown[] = []
    for await (const item of messages) {
      values.push(item.type === 'gap' ? item : item.value)
      if (values.length === 40) break
    }
    expect(values).toEqual(Array.from({ length: 40 }, (_, i) => i))
    expect(b.path).toBe('relay')
    expect(await paths).toEqual([
      {
        type: 'path',
        from: 'relay',
        to: 'none',
        reason: `${first.url}: closed with 1001: the relay is going`,
      },
      { type: 'path', from: 'none', to: 'relay', reason: `a link to ${second.url}` },
    ])
  })

  it('is sought until it is there again', async () => {
    const first = await relayWith()
    const { port } = new URL(first.url)
    const [a, b] = [await busAt(first.url), await busAt(first.url)]
    const messages = b.subscribe('x', { gaps: true })
    await a.matched('x', { timeout: 5000 })
    await first.close()
    await vi.waitFor(() => expect([a.path, b.path]).toEqual(['none', 'none']), WAIT)
    a.publish('x', 'while nobody is there')
    const again = await relayWith({ listen: `[::1]:${port}` })
    for await (const item of messages) {
      expect(item).toMatchObject({ type: 'message', value: 'while nobody is there' })
      break
    }
    expect(again.stats().links).toBe(2)
    expect(await a.close({ linger: 5000 })).toMatchObject({ unconfirmed: [] })
  })

  it('is passed over while there is another, and none is an error that names each', async () => {
    const gone = await relayWith()
    const { url } = gone
    await gone.close()
    const there = await relayWith()
    expect((await busAt([url, there.url])).path).toBe('relay')
    const failed = busAt([url, url.replace('[::1]', '127.0.0.1')])
    await expect(failed).rejects.toMatchObject({ code: 'NO_PATH' })
    await expect(failed).rejects.toThrow(
      /ws:\/\/\[::1\].*ECONNREFUSED.*; ws:\/\/127\.0\.0\.1.*ECONN/,
    )
  })

  it('leaves nothing open, and lets nobody in any more', async () => {
    const relay = await relayWith()
    await linkAt(relay.url)
    await relay.close()
    await relay.close()
    expect(relay.stats().links).toBe(0)
    await expect(busAt(relay.url)).rejects.toMatchObject({ code: 'NO_PATH' })
  })
})

describe('a link to a relay that is none', () => {
  it('is given up when it does not prove that it knows the key', async () => {
    const fake = await FakeRelay.open({ name: realm, root: counting(32, 9) })
    open.push(fake)
    const failed = busAt(fake.url)
    await expect(failed).rejects.toMatchObject({ code: 'DENIED' })
    await expect(failed).rejects.toThrow(/the relay does not know the key of this realm/)
  })

  it('is given up when it speaks another protocol', async () => {
    const fake = await FakeRelay.open({ name: realm, root: key }, new Uint8Array([1, 0]))
    open.push(fake)
    await expect(busAt(fake.url)).rejects.toThrow(/speaks another protocol/)
  })

  it('is left for another when it has said nothing for three of its own intervals', async () => {
    const silent = await FakeRelay.open({ name: realm, root: key })
    open.push(silent)
    const { url } = await relayWith()
    const bus = await busAt([silent.url, url])
    const startedAt = performance.now()
    expect(await pathsOf(bus)).toEqual([
      {
        type: 'path',
        from: 'relay',
        to: 'none',
        reason: `${silent.url}: the relay has fallen silent`,
      },
      { type: 'path', from: 'none', to: 'relay', reason: expect.stringMatching(/^a link to ws:/) },
    ])
    expect(performance.now() - startedAt).toBeGreaterThan(250)
  })

  it('is given up by the signal at once', async () => {
    const { createServer } = await import('node:net')
    const silent = createServer()
    await new Promise<void>((resolve) => silent.listen(0, '::1', resolve))
    const { port } = silent.address() as { port: number }
    const signal = AbortSignal.timeout(50)
    const startedAt = performance.now()
    await expect(busAt(`ws://[::1]:${port}`, { signal })).rejects.toThrow(/timeout/)
    expect(performance.now() - startedAt).toBeLessThan(4000)
    silent.close()
  })
})

describe('a server of the program’s own', () => {
  it('takes links beside its own requests, and goes on when the relay has ended', async () => {
    const server = createServer((_request, response) => response.end('mine'))
    await new Promise<void>((resolve) => server.listen(0, '::1', resolve))
    const { port } = server.address() as { port: number }
    const relay = await relayWith({ listen: server })
    expect(relay.url).toBeUndefined()
    const bus = await busAt(`ws://[::1]:${port}/deep/path`)
    expect(bus.path).toBe('relay')
    await relay.close()
    expect(await (await fetch(`http://[::1]:${port}/healthz`)).text()).toBe('mine')
    await bus.close()
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('on a server of the program’s own', () => {
  it.each([
    ['metrics', { metrics: true }],
    ['dashboard', { dashboard: 'a token of some length'.replaceAll(' ', '-') }],
  ])('%s would be asked for in vain, and are refused', async (name, option) => {
    const refused = relayWith({ listen: createServer(), ...option })
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(refused).rejects.toThrow(`"${name}" is for the relay's own server`)
  })
})

describe('those who look after a relay', () => {
  it('learn that it lives, whether it is ready, and, where it is allowed, its counters', async () => {
    const relay = await relayWith({ metrics: true })
    const quiet = await relayWith()
    const get = async (url: string, path: string): Promise<[number, string]> => {
      const response = await fetch(url.replace('ws:', 'http:') + path)
      return [response.status, await response.text()]
    }
    expect(await get(relay.url, '/healthz')).toEqual([200, 'ok\n'])
    expect(await get(relay.url, '/readyz')).toEqual([200, 'ok\n'])
    await linkAt(relay.url)
    const [status, text] = await get(relay.url, '/metrics')
    expect(status).toBe(200)
    expect(text).toMatch(/^# TYPE sixcast_relay_links gauge\nsixcast_relay_links 1$/m)
    expect(text).toMatch(/^# TYPE sixcast_relay_links_opened_total counter\n.* 1$/m)
    expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d{6,}$/m)
    expect((await get(quiet.url, '/metrics'))[0]).toBe(404)
    expect((await get(quiet.url, '/'))[0]).toBe(404)
  })
})

async function pathsOf(bus: Bus): Promise<object[]> {
  const found: object[] = []
  for await (const event of bus.events()) {
    if (event.type === 'path') found.push(event)
    if (found.length === 2) break
  }
  return found
}

describe('serve refuses', () => {
  const SEED = `SU${'A'.repeat(56)}`
  const control = controlKeyText({
    parts: controlParts(crypto, { name: realm, root: key }),
    owner: undefined,
  })

  it.each([
    [{ listen: 'everywhere' }, 'INVALID_OPTION', /"listen" is "everywhere": text such as/],
    [{ listen: '[::1]:65536' }, 'INVALID_OPTION', /"listen"/],
    [{ limits: { link: 1 } }, 'INVALID_OPTION', /limits.link" is unknown .*did you mean "links"/],
    [{ limits: { links: 0 } }, 'INVALID_OPTION', /"limits.links" is 0: a whole number from 1/],
    [{ origins: 'http://x' }, 'INVALID_OPTION', /"origins" is "http:\/\/x": a list/],
    [
      { origins: ['https://x', 'https://x/y', 'https://z:443'] },
      'INVALID_OPTION',
      /"origins" is "https:\/\/x\/y", "https:\/\/z:443": scheme, host and port/,
    ],
    [
      { nats: 'nats://[::1]', natsCredentials: 'secret' },
      'INVALID_OPTION',
      /"natsCredentials" is a text of 6 characters: all of a \.creds file/,
    ],
    [
      { natsCredentials: SEED },
      'INVALID_OPTION',
      /"natsCredentials" is of no use: there are no servers/,
    ],
    [
      { nats: 'nats://me@[::1]', natsCredentials: SEED },
      'INVALID_OPTION',
      /"natsCredentials" is of no use: a server has a user or token in its address/,
    ],
    [{ key: `${control}x` }, 'INVALID_KEY', /option "key" holds no control key/],
    [{ key: control, realm: 'home' }, 'INVALID_OPTION', /control key of the realm "lab"/],
    [
      { listen: '[2001:db8::1]:1' },
      'NO_PATH',
      /cannot listen at \[2001:db8::1\]:1: this host does not have the address: name one of/,
    ],
    [{ listen: '192.0.2.1:0' }, 'NO_PATH', /cannot listen at 192\.0\.2\.1:0: this host does not/],
    [{ listen: 'x.invalid:80' }, 'NO_PATH', /cannot listen at x\.invalid:80: (there|no) .*":PORT"/],
  ] as const)('%j', async (...[options, code, reason]) => {
    // What the types forbid, plain JavaScript hands over all the same.
    const refused = relayWith(options as RelayOptions)
    await expect(refused).rejects.toMatchObject({ code })
    await expect(refused).rejects.toThrow(reason)
  })

  it('a port that another program has', async () => {
    const { url } = await relayWith()
    const taken = relayWith({ listen: url.slice('ws://'.length) })
    await expect(taken).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  })
})
