/** Hosts with a route and no multicast between them: one names the other; and multicast that fails. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { Kind, readHeader, splitDatagram } from '../../bus/core/wire/packet.ts'
import { compiled } from '../setup/compiled.ts'
import type { Host } from './lab/host.ts'
import { openLab, type Lab } from './lab/lab.ts'
import type { Frame } from './lab/pcap.ts'
import { arrive } from './lab-relay.ts'
import { commandsIn, interrupted, logText } from './loss-transfer.ts'

let program: string
beforeAll(async () => {
  program = await compiled('test/net/sixcast.ts')
})

test('a log crosses a router that forwards no multicast, in one copy for each peer there', async () => {
  await using lab = await openLab({ a: ['a1', 'a2', 'r'], b: ['b1', 'b2', 'r'] })
  await route(lab, { by: 'r', hosts: ['a1', 'b1', 'b2'] })
  const commands = await commandsIn(lab, program)
  const copies = await Promise.all([
    commands.subscribe('a2', '--raw'),
    commands.subscribe('b1', `--raw --unicast-port ${PORT}`),
    commands.subscribe('b2', `--raw --unicast-port ${PORT}`),
  ])
  const named = ['b1', 'b2'].map((host) => `--peer ${endpointOf(lab, host)}`).join(' ')
  await using capture = await lab.segment('b').capture('ip6 and udp')
  const log = logText(5000)
  const flags = `--require 3 --timeout 60 --linger 60 --rate ${RATE} --log-level info ${named}`
  const pub = commands.publish(flags)
  pub.end(log)
  await arrive(log, copies)
  expect(await pub.exit).toMatchObject({ code: 0 })
  expect(pub.stderr).toMatch(/path changed.*"unicast"/)
  for (const { process } of copies) expect(process.stderr).not.toMatch(/gap/)
  // Those two hear each other by multicast; of what comes over the router each has its own copy.
  const packets = dataOf(await capture.frames(), lab.host('a1'))
  expect([...packets.values()].every((copies) => copies.size === 2)).toBe(true)
  expect(packets.size).toBeGreaterThan(100)
  const peers = commands.run('a1', `peers --json --timeout 5 ${named}`)
  expect(await peers.exit).toMatchObject({ code: 0 })
  const found = peers.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; path: string }) // as `peers --json` prints it
    .filter(({ type }) => type === 'peer')
  expect(found.map(({ path }) => path).toSorted((a, b) => a.localeCompare(b))).toEqual([
    'multicast',
    'unicast',
    'unicast',
  ])
  expect(await interrupted(copies.map(({ process }) => process))).toEqual([0, 0, 0])
})

test('whom nobody has named is met by way of who is named', async () => {
  await using lab = await openLab({ a: ['a1', 'a2', 'r'], b: ['b1', 'b2', 'r'] })
  await route(lab, { by: 'r', hosts: ['a1', 'a2', 'b1', 'b2'] })
  const commands = await commandsIn(lab, program)
  const named = `--peer ${endpointOf(lab, 'b1')}`
  const copies = await Promise.all([
    commands.subscribe('a2', `--raw ${named}`),
    commands.subscribe('b1', `--raw --unicast-port ${PORT}`),
    commands.subscribe('b2', '--raw'),
  ])
  const log = logText(2000)
  // It names nobody: its neighbour is told of the others, and they of it.
  const pub = commands.publish(`--require 3 --timeout 60 --linger 60 --rate ${RATE}`)
  pub.end(log)
  await arrive(log, copies)
  expect(await pub.exit).toMatchObject({ code: 0 })
  for (const { process } of copies) expect(process.stderr).not.toMatch(/gap/)
  const peers = commands.run('b2', 'peers --json --timeout 5')
  expect(await peers.exit).toMatchObject({ code: 0 })
  const paths = peers.stdout.split('\n').filter((line) => line.includes('"type":"peer"'))
  expect(paths.filter((line) => line.includes('"unicast"'))).toHaveLength(1)
  expect(paths).toHaveLength(3)
  expect(await interrupted(copies.map(({ process }) => process))).toEqual([0, 0, 0])
})

test.each([
  ['the publisher', 'a1'],
  ['a subscriber', 'a2'],
])('a log loses and doubles nothing when %s has no multicast for a while', async (_, host) => {
  await using lab = await openLab({ a: ['a1', 'a2', 'a3'] })
  const commands = await commandsIn(lab, program)
  const copies = await Promise.all([
    commands.subscribe('a2', `--raw --unicast-port ${PORT}`),
    commands.subscribe('a3', `--raw --unicast-port ${PORT}`),
  ])
  const log = logText(LINES)
  const size = Buffer.byteLength(log)
  const source = join(lab.directory, 'source.log')
  await writeFile(source, log)
  const named = ['a2', 'a3'].map((name) => `--peer ${endpointOf(lab, name)}`).join(' ')
  const flags = `--require 2 --timeout 60 --linger 60 --rate ${RATE} --log-level info ${named}`
  const pub = commands.publish(flags, source)
  await Promise.all(copies.map((copy) => copy.holds(size / 8)))
  // It begins by unicast, unless beacons have been heard both ways before its peers have answered.
  if (pub.stderr.includes('path changed')) await pub.errorLine(/path changed.*"multicast"/)
  await withoutMulticast(lab.host(host), true)
  await pub.errorLine(/path changed.*"unicast"/)
  await Promise.all(copies.map((copy) => copy.holds(size / 3)))
  await withoutMulticast(lab.host(host), false)
  await pub.errorLine(/path changed.*"multicast"/)
  await arrive(log, copies)
  expect(await pub.exit).toMatchObject({ code: 0 })
  for (const { process } of copies) expect(process.stderr).not.toMatch(/gap/)
  expect(await interrupted(copies.map(({ process }) => process))).toEqual([0, 0])
})

/** Makes a host on both segments a router of unicast, and tells the others of it. */
async function route(
  lab: Lab,
  { by, hosts }: { readonly by: string; readonly hosts: readonly string[] },
): Promise<void> {
  const router = lab.host(by)
  await must(router, 'sysctl', '-w', 'net.ipv6.conf.all.forwarding=1')
  for (const name of hosts) {
    const host = lab.host(name)
    const [{ segment }] = host.interfaces as [Host['interfaces'][number]] // it has one
    const far = router.interfaces.find((one) => one.segment !== segment)!
    const network = `${far.address.slice(0, far.address.indexOf('::'))}::/64`
    await must(host, 'ip', '-6', 'route', 'add', network, 'via', router.interface(segment).address)
  }
}

async function must(host: Host, command: string, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await host.run(command, args)
  expect({ code, stderr }).toMatchObject({ code: 0 })
}

/** Drops what the host sends to groups, and what comes to it by them; or no more. */
async function withoutMulticast(host: Host, without: boolean): Promise<void> {
  for (const chain of ['INPUT', 'OUTPUT']) {
    const rule = ['-p', 'udp', '-d', 'ff00::/8', '-j', 'DROP']
    await must(host, 'ip6tables', '-w', without ? '-A' : '-D', chain, ...rule)
  }
}

function endpointOf(lab: Lab, host: string): string {
  return `[${lab.host(host).interface().address}]:${PORT}`
}

/** Data packets that a host has sent, and to whom each of them went. */
function dataOf(frames: readonly Frame[], from: Host): Map<string, Set<string>> {
  const packets = new Map<string, Set<string>>()
  for (const { payload, source, destination } of frames) {
    if (source !== from.interface().address) continue
    splitDatagram(payload, (packet) => {
      const { kind, stream, number } = readHeader(packet)
      if (kind !== Kind.data) return
      const name = `${stream} ${number}`
      packets.set(name, (packets.get(name) ?? new Set()).add(destination))
    })
  }
  return packets
}

const PORT = 18_666
const LINES = 30_000
/** Lines a second: the log lasts longer than what happens to it. */
const RATE = 1500
