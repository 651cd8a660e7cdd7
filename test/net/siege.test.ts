/** Peers on real sockets under siege: what an attacker on their segment costs them, and brings out. */
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { Kind, readHeader } from '../../bus/core/wire/packet.ts'
import { attack } from '../attack/attack.ts'
import { made } from '../attack/made.ts'
import { dice } from '../attack/twins.ts'
import { compiled } from '../setup/compiled.ts'
import { accountOf, clean, gapsOf, report } from './bus-measure.ts'
import { labKey, Peers } from './bus-peer.ts'
import type { Host } from './lab/host.ts'
import { openLab, type Lab } from './lab/lab.ts'
import type { HostProcess } from './lab/process.ts'
import type { SiegeAnswer, SiegeOrder } from './siege-program.ts'

let lab: Lab
let publisherHost: Host
let listenerHost: Host
let attackerHost: Host

beforeAll(async () => {
  lab = await openLab({ s: ['p', 'l', 'x'] })
  publisherHost = lab.host('p')
  listenerHost = lab.host('l')
  attackerHost = lab.host('x')
})
afterAll(async () => await lab?.close())

describe('a flood on real sockets', () => {
  attack(
    'of random bytes, fifty thousand of them',
    { by: 'outsider', holds: 'nothing is lost without a word, less than 1 % at all' },
    async () => {
      const random = dice('random bytes')
      await endure('random bytes', () => random.bytes(random.integer(0, 400)))
    },
  )

  attack(
    'of made-up peers, fifty thousand packets',
    { by: 'outsider', holds: 'nothing is lost without a word, less than 1 % at all' },
    async () => {
      const random = dice('made-up peers')
      const counts = await endure('made-up peers', ({ hint }) => made(random, { hint }))
      expect(counts['quarantineFull']).toBeGreaterThan(1000)
    },
  )

  attack(
    'of forged packets of members, fifty thousand of them',
    { by: 'outsider', holds: 'each is found out; less than 1 % is lost, and told' },
    async () => {
      const random = dice('members')
      const kinds = [Kind.data, Kind.control, Kind.parity, Kind.direct]
      const counts = await endure('forged packets of members', ({ hint, instances }) => {
        const kind = random.pick(kinds)
        const stream = kind === Kind.control ? 0 : 1
        return made(random, { hint, kind, stream, instance: random.pick(instances) })
      })
      expect(counts['forged']).toBeGreaterThan(1000)
    },
  )

  attack(
    'of forged hellos, fifty thousand of them',
    { by: 'outsider', holds: 'no signature is verified for them; less than 1 % is lost, and told' },
    async () => {
      const random = dice('hellos')
      const counts = await endure('forged hellos', ({ hint }) =>
        made(random, { hint, kind: Kind.hello }),
      )
      expect(counts['forged']! + counts['helloBudget']!).toBeGreaterThan(1000)
    },
  )
})

describe('questions on real sockets', () => {
  attack(
    'recorded ones, fifty thousand of them',
    { by: 'outsider', holds: 'fewer bytes come out of all peers than the attacker has sent' },
    async () => {
      await using peers = new Peers()
      const recorded = await recordings(peers)
      await using outsider = await besieger()
      const before = await sentBytes()
      const { bytes, sent, ms } = await order(outsider, { count: FLOOD, ...recorded })
      // What was asked for may still wait for its turn.
      await new Promise((resolve) => setTimeout(resolve, 1000))
      const bytesOut = (await sentBytes()) - before
      report('recorded packets', [{ sent, ms, bytesIn: bytes, bytesOut }])
      expect(bytesOut).toBeLessThan(bytes)
    },
  )

  attack(
    'ten thousand by a member, for all there is',
    { by: 'member', holds: 'a quarter of the rate is spent on it; others are given all' },
    async () => {
      await using peers = new Peers()
      const publisher = await peers.start(publisherHost, { rate: RATE, minRate: RATE })
      const [listener] = await peers.listen([listenerHost], '*')
      await publisher.say({ publish: 'load', value: 'x'.repeat(1000), count: 500 })
      await listener!.hears(500)
      await using member = await besieger(labKey)
      await publisher.until(
        'the attacker',
        () => publisher.told.filter(({ change }) => change?.type === 'join')[1],
      )
      const [before, bytes] = [await publisher.stats(), await sentBytes([publisherHost])]
      const began = performance.now()
      await publisher.say({ repeat: 'new', everyMs: 10 })
      const { sent, ms } = await order(member, { count: 10_000, ask: publisher.id })
      await publisher.say({ rest: true })
      await publisher.say({ publish: 'new', value: 'last' })
      await listener!.tells('message', ({ value }) => value === 'last', 60_000)
      const seconds = (performance.now() - began) / 1000
      const after = await publisher.stats()
      const bytesOut = (await sentBytes([publisherHost])) - bytes
      const count = (name: string): number =>
        (after as Record<string, number>)[name]! - (before as Record<string, number>)[name]!
      const asked = count('naksReceived')
      const repairs = count('repairsSent')
      report('a member that asks', [{ sent, ms, asked, repairs, bytesOut, seconds }])
      expect(asked).toBeGreaterThan(100)
      expect(repairs).toBeGreaterThan(0)
      expect(repairs * 1000).toBeLessThan((RATE * (seconds + 1)) / 4)
      expect(gapsOf(listener!)).toEqual({})
    },
  )
})

interface Seen {
  readonly hint: number
  readonly instances: readonly bigint[]
}

/** One publishes and one listens while the attacker sends; then a newcomer is let in. */
async function endure(name: string, make: (seen: Seen) => Uint8Array) {
  await using peers = new Peers()
  const publisher = await peers.start(publisherHost)
  const [listener] = await peers.listen([listenerHost], 'load')
  await using capture = await lab.segment('s').capture()
  await publisher.say({ repeat: 'load', everyMs: 1 })
  await listener!.hears(300)
  const frames = (await capture.stop()).filter(({ destination }) => destination.startsWith('ff12'))
  const headers = frames.map(({ payload }) => readHeader(payload))
  const seen = {
    hint: headers[0]!.hint,
    instances: [...new Set(headers.map((one) => one.instance))],
  }
  expect(seen.instances.length).toBe(2)
  const groups = [...new Set(frames.map(({ destination }) => destination))]
  const datagrams = Array.from({ length: POOL }, () => base64(make(seen)))
  await using outsider = await besieger()
  const { sent, ms } = await order(outsider, { count: FLOOD, datagrams, groups })
  await publisher.say({ rest: true })
  await publisher.say({ publish: 'load', value: 'last' })
  await listener!.tells('message', ({ value }) => value === 'last', 60_000)
  const newcomer = await peers.start(listenerHost)
  await newcomer.meets(publisher)
  const counts = await listener!.stats()
  const lost = counts.messagesLost
  const drops = await listenerHost.udpDrops()
  report(`a flood of ${name}`, [
    {
      sent,
      aSecond: Math.round((sent / ms) * 1000),
      messages: listener!.messages().length,
      lost,
      drops,
    },
  ])
  expect(await accountOf(listener!, publisher)).toEqual(clean)
  expect(lost).toBeLessThan(listener!.messages().length / 100)
  return counts as Readonly<Record<string, number>>
}

/** Everything that two peers say while one is given what it lacks; and to which groups. */
async function recordings(peers: Peers): Promise<Pick<SiegeOrder, 'datagrams' | 'groups'>> {
  await using capture = await lab.segment('s').capture()
  await listenerHost.loss({ probability: 0.2 })
  const publisher = await peers.start(publisherHost)
  const [listener] = await peers.listen([listenerHost, listenerHost], 'load')
  await publisher.say({ publish: 'load', value: 'x', count: 500, urgent: true })
  await listener!.hears(500)
  await listenerHost.clearLoss()
  expect((await publisher.stats()).naksReceived).toBeGreaterThan(0)
  const frames = (await capture.stop()).filter(({ udpDestination }) => udpDestination !== undefined)
  const groups = frames
    .map(({ destination }) => destination)
    .filter((one) => one.startsWith('ff12'))
  return { datagrams: frames.map(({ payload }) => base64(payload)), groups: [...new Set(groups)] }
}

async function besieger(key?: string): Promise<HostProcess> {
  program ??= compiled('test/net/siege-program.ts')
  const started = attackerHost.spawn('node', [await program, ...(key === undefined ? [] : [key])])
  await started.line(/"ready"/)
  return started
}

async function order(siege: HostProcess, given: SiegeOrder): Promise<SiegeAnswer> {
  siege.write(`${JSON.stringify(given)}\n`)
  return JSON.parse(await siege.line(/"sent"/, 100_000)) as SiegeAnswer // The program's own.
}

/** What has left these hosts, all headers counted. */
async function sentBytes(hosts = [publisherHost, listenerHost]): Promise<number> {
  const tables = await Promise.all(hosts.map((host) => host.run('cat', ['/proc/net/dev'])))
  return tables.reduce((sum, { stdout }) => {
    const [, fields = ''] = /eth0:(.*)/.exec(stdout) ?? []
    return sum + Number(fields.trim().split(/\s+/)[8])
  }, 0)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

/** Compiled once. */
let program: Promise<string> | undefined
const FLOOD = 50_000
/** More of them than a peer remembers hellos. */
const POOL = 2000
/** Bytes a second. */
const RATE = 200_000
