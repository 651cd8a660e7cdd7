/** The adapter against Librecast's own C library, each on a host of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { librecastGroup } from '../../bus/librecast/index.ts'
import { openLab, type Lab } from '../net/lab/lab.ts'
import type { HostProcess } from '../net/lab/process.ts'
import { compiled } from '../setup/compiled.ts'
import { buildPeer } from './build.ts'

let directory = ''
let peer = ''
let adapter = ''
let lab: Lab

beforeAll(async () => {
  lab = await openLab({ wire: ['ours', 'theirs', 'border'], other: ['border', 'far'] })
  directory = await mkdtemp(join(tmpdir(), 'sixcast-interop-'))
  peer = await buildPeer(directory)
  adapter = await compiled('test/interop/adapter.ts')
})

afterAll(async () => {
  await lab?.close()
  if (directory) await rm(directory, { recursive: true })
})

describe('a channel name', () => {
  it('maps to the group that the C library computes', async () => {
    const names = ['a', 'sixcast.test', 'küche/温度', 'x'.repeat(1_000), ' ', 'A']
    for (const name of names) {
      const { stdout } = await lab.host('theirs').run(peer, ['group', name])
      expect(stdout.trim()).toBe(librecastGroup(name))
    }
  })
})

describe.each([
  { kind: 'open', key: undefined },
  { kind: 'encrypted', key: '0123456789abcdef'.repeat(4) },
])('on an $kind channel', ({ kind, key }) => {
  it('raw messages of the C library reach the adapter', async () => {
    await using channel = await openAdapter({ channel: `${kind} raw`, key })
    await send({ form: 'raw', channel: `${kind} raw`, key }, ['hello', 'world'])
    const first = await received(channel)
    expect(first).toMatchObject({ text: 'hello', from: lab.host('theirs').interface().address })
    expect(first).not.toHaveProperty('header')
    expect(await received(channel)).toMatchObject({ text: 'world' })
  })

  it('raw messages of the adapter reach the C library', async () => {
    await using theirs = await receive({ form: 'raw', channel: `${kind} back`, key }, 2)
    await using channel = await openAdapter({ channel: `${kind} back`, key })
    for (const text of ['hello', 'wörld']) await say(channel, { send: text })
    expect(await theirs.line(/^[0-9a-f]+$/)).toBe(hex('hello'))
    expect(await theirs.line(/^[0-9a-f]+$/)).toBe(hex('wörld'))
    expect(await theirs.exit).toMatchObject({ code: 0 })
  })

  it('framed messages of the C library reach the adapter', async () => {
    const name = `${kind} framed`
    await using channel = await openAdapter({ channel: name, framed: true, key })
    const before = nanoseconds()
    await send({ form: 'framed', channel: name, key }, ['hello', 'world'])
    const { text, header } = await received(channel)
    expect(text).toBe('hello')
    expect(header).toMatchObject({ operation: 'data', sequence: '1' })
    expect(BigInt(header?.timestamp ?? 0)).toBeGreaterThanOrEqual(before)
    expect(BigInt(header?.timestamp ?? 0)).toBeLessThanOrEqual(nanoseconds() + 1_000_000n)
    expect(await received(channel)).toMatchObject({ text: 'world', header: { sequence: '2' } })
  })

  it('framed messages of the adapter reach the C library', async () => {
    const name = `${kind} framed back`
    await using theirs = await receive({ form: 'framed', channel: name, key }, 2)
    await using channel = await openAdapter({ channel: name, framed: true, key })
    const before = nanoseconds()
    for (const text of ['hello', 'world']) await say(channel, { send: text })
    const [operation, sequence, timestamp, payload] = (await theirs.line(/^\d+ /)).split(' ')
    expect([operation, sequence, payload]).toEqual(['0', '1', hex('hello')])
    expect(BigInt(timestamp ?? 0)).toBeGreaterThanOrEqual(before)
    expect(await theirs.line(/^\d+ /)).toMatch(new RegExp(`^0 2 \\d+ ${hex('world')}$`))
    expect(await theirs.exit).toMatchObject({ code: 0 })
  })
})

describe('the adapter', () => {
  it('gets the pong of a C program that it pings', async () => {
    const args = ['answer', 'ping', 'eth0']
    await using theirs = lab.host('theirs').spawn(peer, args)
    await theirs.line(/^ready$/)
    await using channel = await openAdapter({ channel: 'ping', framed: true })
    await say(channel, { send: 'are you there?', operation: 'ping' })
    const pong = { text: 'are you there?', header: { operation: 'pong' } }
    expect(await received(channel)).toMatchObject(pong)
  })

  it('counts what is not a frame, and goes on', async () => {
    await using channel = await openAdapter({ channel: 'mixed', framed: true })
    await send({ form: 'raw', channel: 'mixed' }, ['short', 'x'.repeat(33), '\u0001'.repeat(40)])
    await send({ form: 'framed', channel: 'mixed' }, ['good'])
    expect(await received(channel)).toMatchObject({ text: 'good' })
    const { stats } = await say(channel, { stats: true })
    expect(stats).toMatchObject({
      received: 1,
      rejected: { unopened: 0, short: 1, operation: 1, length: 1 },
    })
  })

  it('counts what is not sealed with its key, and goes on', async () => {
    const key = '11'.repeat(32)
    await using channel = await openAdapter({ channel: 'sealed', key })
    await send({ form: 'raw', channel: 'sealed' }, ['plain', 'x'.repeat(60)])
    await send({ form: 'raw', channel: 'sealed', key: '22'.repeat(32) }, ['other key'])
    await send({ form: 'raw', channel: 'sealed', key }, ['good'])
    expect(await received(channel)).toMatchObject({ text: 'good' })
    const { stats } = await say(channel, { stats: true })
    expect(stats).toMatchObject({ received: 1, rejected: { unopened: 3 } })
  })

  it('hears its own channel only, though all share one port', async () => {
    await using one = await openAdapter({ channel: 'one' })
    await using two = await openAdapter({ channel: 'two' })
    await send({ form: 'raw', channel: 'one' }, ['for one'])
    await send({ form: 'raw', channel: 'two' }, ['for two'])
    expect(await received(one)).toMatchObject({ text: 'for one' })
    expect(await received(two)).toMatchObject({ text: 'for two' })
    for (const channel of [one, two]) {
      expect((await say(channel, { stats: true })).stats).toMatchObject({ received: 1 })
    }
  })

  it('shares its host and port with a C program', async () => {
    await using before = await receive({ form: 'raw', channel: 'shared', host: 'ours' }, 1)
    await using channel = await openAdapter({ channel: 'shared' })
    await using after = await receive({ form: 'raw', channel: 'shared', host: 'ours' }, 1)
    await send({ form: 'raw', channel: 'shared' }, ['for all'])
    expect(await received(channel)).toMatchObject({ text: 'for all' })
    for (const theirs of [before, after]) {
      expect(await theirs.line(/^[0-9a-f]+$/)).toBe(hex('for all'))
    }
  })

  it('sends one datagram that stays on the link, and does not hear it', async () => {
    await using capture = await lab.segment('wire').capture('ip6 and udp port 4242')
    await using channel = await openAdapter({ channel: 'wire' })
    await using neighbour = await openAdapter({ channel: 'wire' })
    await say(channel, { send: 'hello' })
    const frames = await capture.stop()
    expect(frames).toHaveLength(1)
    expect(frames[0]).toMatchObject({
      destination: librecastGroup('wire'),
      udpDestination: 4242,
      hopLimit: 1,
    })
    expect(Buffer.from(frames[0]?.payload ?? []).toString()).toBe('hello')
    for (const silent of [channel, neighbour]) {
      expect((await say(silent, { stats: true })).stats).toMatchObject({ received: 0 })
    }
  })

  it('is heard on its own host when that is asked for', async () => {
    await using channel = await openAdapter({ channel: 'loop', loopback: true })
    await using neighbour = await openAdapter({ channel: 'loop' })
    tell(channel, { send: 'hello' })
    for (const hearer of [channel, neighbour]) {
      expect(await received(hearer)).toMatchObject({ text: 'hello' })
    }
  })

  it('uses the interface that is named, and no other', async () => {
    await using wire = await lab.segment('wire').capture('ip6 and udp port 4242')
    await using other = await lab.segment('other').capture('ip6 and udp port 4242')
    const place = { host: 'border', interface: 'eth1' } as const
    await using channel = await openAdapter({ channel: 'side', ...place })
    await say(channel, { send: 'hello' })
    await send({ form: 'raw', channel: 'side' }, ['not there'])
    expect(await other.stop()).toHaveLength(1)
    expect(await wire.stop()).toHaveLength(1)
    expect((await say(channel, { stats: true })).stats).toMatchObject({ received: 0 })
  })

  it('will not choose between two interfaces', async () => {
    const refused = startAdapter({ channel: 'two', host: 'border' })
    expect(await answer(refused)).toMatchObject({
      failed: 'NO_INTERFACE',
      message: expect.stringContaining('eth0, eth1'),
    })
  })

  it('rejects what cannot leave while the interface is down, and sends again after', async () => {
    const place = { host: 'border', interface: 'eth1' } as const
    await using channel = await openAdapter({ channel: 'down', ...place })
    await lab.host('border').link('eth1', 'down')
    expect(await say(channel, { send: 'lost' })).toMatchObject({ failed: 'NO_PATH' })
    await lab.host('border').link('eth1', 'up')
    expect(await say(channel, { send: 'hello' })).toEqual({ sent: 'hello' })
    expect((await say(channel, { stats: true })).stats).toMatchObject({ sent: 1 })
  })

  it('goes on when the interface is taken away and made again', async () => {
    const border = lab.host('border')
    await using channel = await openAdapter({ channel: 'again', host: 'border', interface: 'eth1' })
    await border.deleteInterface('eth1')
    expect(await say(channel, { send: 'lost' })).toMatchObject({ failed: 'NO_PATH' })
    await border.recreateInterface('eth1')
    await vi.waitFor(
      async () => {
        await send({ form: 'raw', channel: 'again', host: 'far' }, ['back'])
        const { stats } = await say(channel, { stats: true })
        expect(stats?.received).toBeGreaterThan(0)
      },
      { timeout: 10_000, interval: 100 },
    )
    await using theirs = await receive({ form: 'raw', channel: 'again', host: 'far' }, 1)
    expect(await say(channel, { send: 'hello' })).toEqual({ sent: 'hello' })
    expect(await theirs.line(/^[0-9a-f]+$/)).toBe(hex('hello'))
  })

  it('keeps what the overflow policy says while nobody reads', async () => {
    await using channel = await openAdapter({ channel: 'slow', pull: true, queue: 2 })
    await send({ form: 'raw', channel: 'slow' }, ['one', 'two', 'three'])
    await until(channel, { received: 3, dropped: 1 })
    expect(await say(channel, { read: true })).toMatchObject({ text: 'two' })
    expect(await say(channel, { read: true })).toMatchObject({ text: 'three' })
  })

  it('closes when the policy is to fail, after what was queued', async () => {
    const limits = { pull: true, queue: 2, overflow: 'fail' } as const
    await using channel = await openAdapter({ channel: 'strict', ...limits })
    await send({ form: 'raw', channel: 'strict' }, ['one', 'two', 'three'])
    await until(channel, { dropped: 1 })
    expect(await say(channel, { read: true })).toMatchObject({ text: 'one' })
    expect(await say(channel, { read: true })).toMatchObject({ text: 'two' })
    expect(await say(channel, { read: true })).toMatchObject({ failed: 'OVERFLOW' })
    expect(await say(channel, { read: true })).toEqual({ ended: true })
    expect(await say(channel, { send: 'late' })).toMatchObject({ failed: 'CLOSED' })
  })

  it('logs and counts a handler that throws, and goes on', async () => {
    const framed = { channel: 'throws', framed: true }
    await using sender = await openAdapter({ ...framed, host: 'border', interface: 'eth0' })
    await using channel = await openAdapter(framed)
    await say(sender, { send: 'bad', operation: 'del' })
    await say(sender, { send: 'good' })
    expect(await received(channel)).toMatchObject({ text: 'good' })
    expect(channel.stdout).toContain('handler of a Librecast channel has thrown')
    await until(channel, { received: 2, failed: 1 })
  })

  it('warns once that an open channel is open, and not of an encrypted one', async () => {
    await using open = await openAdapter({ channel: 'warn' })
    await using sealed = await openAdapter({ channel: 'warn', key: '33'.repeat(32) })
    expect(open.stdout.match(/channel is unsealed/g)).toHaveLength(1)
    expect(sealed.stdout).not.toContain('unsealed')
  })
})

interface Ours {
  readonly channel: string
  readonly framed?: boolean
  readonly loopback?: boolean
  readonly key?: string | undefined
  readonly host?: 'ours' | 'border'
  readonly interface?: string
  readonly pull?: boolean
  readonly queue?: number
  readonly overflow?: 'fail'
}

interface Theirs {
  readonly form: 'raw' | 'framed'
  readonly channel: string
  readonly key?: string | undefined
  readonly host?: 'ours' | 'theirs' | 'far'
}

/** What the adapter's program prints: see adapter.ts. */
interface Answer {
  readonly text?: string
  readonly from?: string
  readonly header?: { readonly operation: string; readonly sequence: string; timestamp: string }
  readonly stats?: { readonly received: number }
}

async function openAdapter(options: Ours): Promise<HostProcess> {
  const channel = startAdapter(options)
  await channel.line(/^{"ready"/)
  return channel
}

function startAdapter({ host = 'ours', ...options }: Ours): HostProcess {
  return lab.host(host).spawn(process.execPath, [adapter, JSON.stringify(options)])
}

function tell(channel: HostProcess, command: object): void {
  channel.write(`${JSON.stringify(command)}\n`)
}

async function say(channel: HostProcess, command: object): Promise<Answer> {
  tell(channel, command)
  return answer(channel, 'read' in command ? /^{"(text|ended|failed)"/ : undefined)
}

async function answer(channel: HostProcess, form = /^{"(sent|stats|failed)"/): Promise<Answer> {
  return JSON.parse(await channel.line(form)) as Answer // As printed by adapter.ts.
}

/** Datagrams are on their way for a moment. */
async function until(channel: HostProcess, wanted: object): Promise<void> {
  await vi.waitFor(
    async () => expect((await say(channel, { stats: true })).stats).toMatchObject(wanted),
    { timeout: 5_000, interval: 20 },
  )
}

function received(channel: HostProcess): Promise<Answer> {
  return answer(channel, /^{"text"/)
}

async function send(
  { form, channel, key, host = 'theirs' }: Theirs,
  texts: readonly string[],
): Promise<void> {
  const args = ['send', form, channel, 'eth0', ...texts]
  const sent = await lab.host(host).run(peer, args, withKey(key))
  expect(sent).toMatchObject({ code: 0, stderr: '' })
}

async function receive(from: Theirs, count: number): Promise<HostProcess> {
  const { form, channel, key, host = 'theirs' } = from
  const args = ['receive', form, channel, 'eth0', `${count}`]
  const started = lab.host(host).spawn(peer, args, withKey(key))
  await started.line(/^ready$/)
  return started
}

function withKey(key: string | undefined): { env?: Record<string, string> } {
  return key === undefined ? {} : { env: { LIBRECAST_KEY: key } }
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}

function nanoseconds(): bigint {
  return BigInt(Date.now()) * 1_000_000n
}
