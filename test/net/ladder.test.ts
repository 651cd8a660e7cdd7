/** Peers with multicast and a relay: each packet comes once, and a log outlives multicast's absence. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { Kind, readHeader, splitDatagram } from '../../bus/core/wire/packet.ts'
import { compiled } from '../setup/compiled.ts'
import type { Host } from './lab/host.ts'
import { openLab, type Lab } from './lab/lab.ts'
import type { Frame } from './lab/pcap.ts'
import { arrive, relayUrl, startRelay } from './lab-relay.ts'
import { type Commands, commandsIn, interrupted, logText } from './loss-transfer.ts'

let program: string
beforeAll(async () => {
  program = await compiled('test/net/sixcast.ts')
})

test('each packet is on each network and each link once, when all is settled', async () => {
  await using lab = await openLab(PLAN)
  const commands = await commandsIn(lab, program)
  const { near, far } = await startLabRelay(lab, commands)
  const copies = await Promise.all([
    commands.subscribe('a1', `--raw ${near}`),
    commands.subscribe('a2', '--raw'),
    commands.subscribe('b1', `--raw ${far}`),
    commands.subscribe('b2', `--raw ${far}`),
  ])
  const log = logText(LINES / 10)
  const size = Buffer.byteLength(log)
  const sent = async (host: string, flags: string): Promise<Traffic[]> => {
    const before = await Promise.all(copies.map(async (copy) => (await copy.bytes()).length))
    const pub = commands.run(
      host,
      `pub logs/app --lines --require 4 --timeout 60 --rate ${RATE} ${flags}`,
    )
    const at = log.indexOf('\n') + 1
    pub.write(log.slice(0, at))
    await Promise.all(copies.map((copy, number) => copy.holds(before[number]! + at)))
    // The near one has climbed by then, and who hears the far one has told the relay.
    await sleep(SETTLED_MS)
    await using first = await lab.segment('a').capture('ip6')
    await using second = await lab.segment('b').capture('ip6')
    pub.end(log.slice(at))
    await Promise.all(copies.map((copy, number) => copy.holds(before[number]! + size)))
    const traffic = [trafficOf(await first.stop()), trafficOf(await second.stop())]
    const { code } = await pub.exit
    expect({ code, words: pub.stderr }).toEqual({ code: 0, words: '' })
    return traffic
  }
  const [a, b] = await sent('a1', near)
  // The network of the relay has it from the publisher, once; its link rests.
  expect(a).toMatchObject({ sources: [sourceOf(lab, 'a1', 'a')] })
  expect(a!.linkBytes).toBeLessThan(size / 10)
  // There is no multicast from there to the other network: a copy for each link.
  expect(b).toMatchObject({ packets: 0 })
  expect(b!.linkBytes).toBeLessThan(2.8 * size)
  const [c, d] = await sent('b1', far)
  // The relay brings it to its network, once.
  expect(c).toMatchObject({ sources: [sourceOf(lab, 'r', 'a')] })
  expect(c!.linkBytes).toBeLessThan(size / 10)
  // The neighbour hears the publisher by itself: one copy there, and one on its way to the relay.
  expect(d).toMatchObject({ sources: [sourceOf(lab, 'b1', 'b')] })
  expect(d!.linkBytes).toBeLessThan(1.7 * size)
  expect(await interrupted(copies.map(({ process }) => process))).toEqual([0, 0, 0, 0])
})

test.each([
  ['the publisher', 'a1'],
  ['a subscriber', 'a2'],
])(
  'a log of 50,000 lines loses and doubles nothing when %s has no multicast for a while',
  async (_, host) => {
    await using lab = await openLab(PLAN)
    const commands = await commandsIn(lab, program)
    const { near, far } = await startLabRelay(lab, commands)
    const copies = await Promise.all([
      commands.subscribe('a2', `--raw ${near}`),
      commands.subscribe('b1', `--raw ${far}`),
      commands.subscribe('b2', `--raw ${far}`),
    ])
    const log = logText(LINES)
    const size = Buffer.byteLength(log)
    const source = join(lab.directory, 'source.log')
    await writeFile(source, log)
    const flags = `--require 3 --timeout 60 --linger 60 --rate ${RATE} --log-level info ${near}`
    const pub = commands.publish(flags, source)
    const ladder = host === 'a1' ? pub : copies[0]!.process
    await ladder.errorLine(/path changed.*"multicast"/)
    await Promise.all(copies.map((copy) => copy.holds(size / 8)))
    await withoutMulticast(lab.host(host), true)
    await ladder.errorLine(/path changed.*"relay"/)
    await Promise.all(copies.map((copy) => copy.holds(size / 3)))
    await withoutMulticast(lab.host(host), false)
    await ladder.errorLine(/path changed.*"multicast"/)
    await arrive(log, copies)
    expect(await pub.exit).toMatchObject({ code: 0 })
    for (const { process } of copies) expect(process.stderr).not.toMatch(/gap/)
    expect(await interrupted(copies.map(({ process }) => process))).toEqual([0, 0, 0])
  },
)

/** Drops what the host sends to groups, and what comes to it by them; or no more. */
async function withoutMulticast(host: Host, without: boolean): Promise<void> {
  for (const chain of ['INPUT', 'OUTPUT']) {
    const rule = ['-p', 'udp', '-d', 'ff00::/8', '-j', 'DROP']
    await host.run('ip6tables', ['-w', without ? '-A' : '-D', chain, ...rule])
  }
}

/** What a capture has of streams and of links; repairs are in it, on a busy machine. */
interface Traffic {
  /** Data packets, each counted once. */
  readonly packets: number
  /** Who has sent them. */
  readonly sources: readonly string[]
  /** Of TCP, with all headers. */
  readonly linkBytes: number
}

function trafficOf(frames: readonly Frame[]): Traffic {
  const packets = new Set<string>()
  const sources = new Set<string>()
  let linkBytes = 0
  for (const { protocol, payload, size, source } of frames) {
    if (protocol === TCP) linkBytes += size
    if (protocol !== UDP) continue
    splitDatagram(payload, (packet) => {
      const { kind, instance, stream, number } = readHeader(packet)
      if (kind !== Kind.data) return
      packets.add(`${instance} ${stream} ${number}`)
      sources.add(source)
    })
  }
  return { packets: packets.size, sources: [...sources], linkBytes }
}

function sourceOf(lab: Lab, host: string, segment: string): string {
  return lab.host(host).interface(segment).linkLocal
}

/** Starts a relay on network a that both networks can call; the flags of who is near and far. */
async function startLabRelay(
  lab: Lab,
  commands: Commands,
): Promise<{ readonly near: string; readonly far: string }> {
  await startRelay(lab, commands, { host: 'r', on: 'a' })
  const by = (segment: string): string => `--relay ${relayUrl(lab, 'r', segment)}`
  return { near: by('a'), far: by('b') }
}

/** No multicast passes between the two networks, and the relay takes part on the first alone. */
const PLAN = { a: ['a1', 'a2', 'r'], b: ['b1', 'b2', 'r'] }
const LINES = 50_000
/** Lines a second: the log lasts longer than what happens to it. */
const RATE = 2500
const SETTLED_MS = 4000
const TCP = 6
const UDP = 17
