/** The UDP transport on real interfaces: they go, come back and are made anew under it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Host } from './lab/host.ts'
import { openLab, type Lab } from './lab/lab.ts'
import { failToStart, port, startPeer, type UdpPeer } from './udp-peer.ts'

let lab: Lab
let a1: Host
let a2: Host

beforeAll(async () => {
  lab = await openLab({ a: { hosts: ['a1', 'a2', 'r'], snooping: true }, b: ['b1', 'r'] })
  a1 = lab.host('a1')
  a2 = lab.host('a2')
})
// Each test finds all interfaces up, whatever the one before has left.
afterEach(async () => await Promise.all([a1.link('eth0', 'up'), a2.link('eth0', 'up')]))
afterAll(async () => await lab.close())

describe('on a segment', () => {
  test('multicast reaches members, and unicast the private port', async () => {
    await using sender = await startPeer(a1)
    await using member = await startPeer(a2)
    await member.join(group)
    await learnt(a2, [group])
    await sender.send(group, 'to all')
    const from = await member.hears('to all')
    expect(from).toBe(`${a1.interface().linkLocal}%eth0`)
    const privatePort = Number(JSON.parse(sender.lines('ready')[0] ?? '').ready)
    await member.send({ address: from, port: privatePort }, 'to you')
    expect(await sender.hears('to you')).toBe(`${a2.interface().linkLocal}%eth0`)
  })

  test('a border host is on both its segments', async () => {
    await using border = await startPeer(lab.host('r'))
    await using a = await startPeer(a1)
    await using b = await startPeer(lab.host('b1'))
    for (const peer of [border, a, b]) await peer.join(group)
    for (const host of [a1, lab.host('r')]) await learnt(host, [group])
    await a.send(group, 'from a')
    await b.send(group, 'from b')
    await border.hears('from b')
    expect(border.lines('"from a"')).toHaveLength(1)
    await border.send(group, 'from the border')
    await a.hears('from the border')
    await b.hears('from the border')
    expect(a.lines('"from b"')).toEqual([])
  })

  test.each([
    [{ scope: 'link' }, 'ff12::8000:1', 1],
    [{ scope: 'site' }, 'ff15::8000:1', 16],
    [{ scope: 'site', hops: 3 }, 'ff15::8000:1', 3],
  ] as const)('%o sends with its number of hops', async (options, to, hopLimit) => {
    await using sender = await startPeer(a1, options)
    await using capture = await lab.segment('a').capture(`udp and port ${port}`)
    await sender.send(to, 'far')
    const frames = await capture.stop()
    expect(frames.map((frame) => frame.hopLimit)).toEqual([hopLimit])
  })

  test('scope host stays inside the host, both ways', async () => {
    await using sender = await startPeer(a1, { scope: 'host' })
    await using other = await startPeer(a1, { scope: 'host' })
    await using outside = await startPeer(a2, { scope: 'link' })
    await using capture = await lab.segment('a').capture(`udp and port ${port}`)
    await other.join(hostGroup, group)
    await outside.join(hostGroup)
    await sender.send(hostGroup, 'private', 4_000)
    expect(await other.hears('private')).toBe('::1')
    expect(await capture.stop()).toEqual([])
    await outside.send({ address: a1.interface().address, port }, 'stranger by unicast')
    await outside.send(group, 'stranger by multicast')
    await sender.send(hostGroup, 'last')
    await other.hears('last')
    expect(other.lines('stranger')).toEqual([])
    expect(outside.lines('private')).toEqual([])
  })
})

describe('an interface', () => {
  test('that goes down and up again carries all groups as before', async () => {
    await using sender = await startPeer(a1)
    await using member = await startPeer(a2)
    const groups = numbered(300)
    await member.join(...groups)
    await a2.link('eth0', 'down')
    await member.reports('"name":"eth0","up":false')
    await member.reports('"unreachable"')
    await a2.link('eth0', 'up')
    await member.reports('"name":"eth0","up":true')
    await member.reports('"reachable"')
    await learnt(a2, groups)
    for (const [number, each] of groups.entries()) {
      await sender.send(each, `${number} again`)
      await member.hears(`${number} again`)
    }
    await sender.join(group)
    await learnt(a1, [group])
    await member.send(group, 'answer')
    await sender.hears('answer')
  })

  test('that goes down under a sender is reported once, however often it sends', async () => {
    await using sender = await startPeer(a1)
    await using member = await startPeer(a2)
    await member.join(group)
    await learnt(a2, [group])
    await sender.send(group, 'before')
    await member.hears('before')
    await a1.link('eth0', 'down')
    for (let number = 0; number < 20; number += 1) await sender.send(group, 'into the void')
    await sender.reports('"unreachable"')
    await sleep(1_200)
    expect(sender.lines('"unreachable"')).toHaveLength(1)
    await a1.link('eth0', 'up')
    await sender.reports('"reachable"')
    await sender.send(group, 'after')
    await member.hears('after')
    expect(sender.lines('"reachable"')).toHaveLength(1)
  })

  test('that is deleted and made again is joined again, its number being another', async () => {
    await using sender = await startPeer(a1)
    await using member = await startPeer(a2)
    for (const peer of [sender, member]) await peer.join(group)
    for (const host of [a1, a2]) {
      await host.deleteInterface('eth0')
      await host.recreateInterface('eth0')
    }
    for (const peer of [sender, member]) await peer.reports('"name":"eth0","up":true')
    for (const host of [a1, a2]) await learnt(host, [group])
    await sender.send(group, 'there')
    await member.hears('there')
    await member.send(group, 'and back')
    await sender.hears('and back')
  })

  test('without carrier hears at once when the switch has forgotten its groups', async () => {
    await using sender = await startPeer(a1)
    await using member = await startPeer(a2)
    await member.join(group)
    await a2.port('eth0', 'down')
    await member.reports('"up":false')
    await a2.port('eth0', 'up')
    await member.reports('"up":true')
    // Without a fresh report this would wait for the next query, up to 10 s.
    await learnt(a2, [group], 1_000)
    await sender.send(group, 'back')
    await member.hears('back')
  })

  test('that a glob matches is added when it appears', async () => {
    const border = lab.host('r')
    await border.deleteInterface('eth1')
    await using member = await startPeer(border, { interfaces: ['eth*'] })
    await using sender = await startPeer(lab.host('b1'))
    await member.join(group)
    await border.recreateInterface('eth1')
    await member.reports('"name":"eth1","up":true')
    await sender.send(group, 'from b')
    await member.hears('from b')
  })

  test('is waited for while the kernel still checks its address', async () => {
    const conf = '/proc/sys/net/ipv6/conf/eth0'
    const restart = 'ip link set eth0 down; ip link set eth0 up'
    await a2.run('sh', ['-c', `echo 1 >${conf}/accept_dad; ${restart}`])
    await using sender = await startPeer(a2)
    await using member = await startPeer(a1)
    await member.join(group)
    await learnt(a1, [group])
    await sender.send(group, 'at once')
    await member.hears('at once')
    expect(sender.lines('"unreachable"')).toEqual([])
    await a2.run('sh', ['-c', `echo 0 >${conf}/accept_dad`])
  })
})

describe('what the system grants', () => {
  test('too little memory in one socket for many groups is made up by more sockets', async () => {
    await a2.run('sysctl', ['-w', 'net.core.optmem_max=4096'])
    await using sender = await startPeer(a1)
    await using member = await startPeer(a2)
    const groups = numbered(300)
    await member.join(...groups)
    await learnt(a2, groups)
    for (const [number, each] of groups.entries()) {
      await sender.send(each, `${number} small`)
      await member.hears(`${number} small`)
    }
    expect(member.lines('warning')).toEqual([])
  })

  test('no memory for groups is one warning, and is made up when there is some', async () => {
    await a2.run('sysctl', ['-w', 'net.core.optmem_max=16'])
    await using sender = await startPeer(a1)
    await using member = await startPeer(a2)
    await member.join(...numbered(50))
    expect(await member.reports('warning')).toContain('sysctl -w net.core.optmem_max=131072')
    await sleep(1_200)
    expect(member.lines('warning')).toHaveLength(1)
    await a2.run('sysctl', ['-w', 'net.core.optmem_max=131072'])
    await heardWithin(5_000, sender, member)
  })

  test('few open files leave sending as it is, only slower', async () => {
    await using sender = await startPeer(a1, { openFilesMax: 60 })
    await using member = await startPeer(a2)
    const groups = numbered(200)
    await member.join(...groups)
    await learnt(a2, groups)
    for (const [number, each] of groups.entries()) {
      await sender.send(each, `${number} poor`)
      await member.hears(`${number} poor`)
    }
    expect(sender.lines('unreachable')).toEqual([])
  })

  test('a firewall that drops what is sent is one warning', async () => {
    await a1.run('ip6tables', ['-A', 'OUTPUT', '-p', 'udp', '--dport', `${port}`, '-j', 'DROP'])
    await using sender = await startPeer(a1)
    for (let number = 0; number < 5; number += 1) await sender.send(group, 'stopped')
    expect(await sender.reports('warning')).toContain('a firewall on this machine drops it')
    await a1.run('ip6tables', ['-F', 'OUTPUT'])
    await sender.send(group, 'last')
    expect(sender.lines('"event"')).toHaveLength(1)
  })

  test('the end of the input is the end of the process: nothing keeps it alive', async () => {
    const peer = await startPeer(a1)
    await peer.join(...numbered(300))
    for (const each of numbered(300)) await peer.send(each, 'bye')
    expect(await peer.end()).toEqual({ code: 0, signal: null })
  })
})

describe('opening fails with', () => {
  test('NO_INTERFACE for a name that is not there, or not up', async () => {
    const unknown = await failToStart(a1, { interfaces: ['eth0', 'wlan0'] })
    expect(unknown.failed).toBe('NO_INTERFACE')
    expect(unknown.message).toContain("'wlan0' does not exist")
    expect(unknown.message).toContain('there is lo, eth0')
    const border = lab.host('r')
    await border.link('eth1', 'down')
    const down = await failToStart(border, { interfaces: ['eth1'] })
    await border.link('eth1', 'up')
    expect(down.failed).toBe('NO_INTERFACE')
  })

  test('PORT_IN_USE when another program does not share the port', async () => {
    const bind = `require('dgram').createSocket('udp6').bind(${port}, () => console.log('bound'))`
    await using owner = a1.spawn('node', ['-e', bind])
    await owner.line(/bound/)
    const { failed, message } = await failToStart(a1)
    expect(failed).toBe('PORT_IN_USE')
    expect(message).toContain(`UDP port ${port}`)
    expect(message).toContain('choose another port')
  })

  test('NO_PATH where there is only a loopback interface, until multicast has a route', async () => {
    await using bare = await openLab({ a: ['x'] })
    const host = bare.host('x')
    await host.deleteInterface('eth0')
    const wider = await failToStart(host, { scope: 'link' })
    expect(wider.failed).toBe('NO_PATH')
    expect(wider.message).toContain('stay on this host with scope host')
    const mend = 'ip -6 route add local ff00::/8 dev lo table local'
    const { failed, message } = await failToStart(host, { scope: 'host' })
    expect(failed).toBe('NO_PATH')
    expect(message).toContain(mend)
    await host.run(...command(mend))
    await using sender = await startPeer(host, { scope: 'host' })
    await using member = await startPeer(host, { scope: 'host' })
    await member.join(hostGroup)
    await sender.send(hostGroup, 'over lo', 60_000)
    expect(await member.hears('over lo')).toBe('::1')
  })

  test('NO_PATH without IPv6', async () => {
    await using bare = await openLab({ a: ['x'] })
    const host = bare.host('x')
    await host.run('sysctl', ['-w', 'net.ipv6.conf.all.disable_ipv6=1'])
    const { failed, message } = await failToStart(host, { scope: 'host' })
    expect(failed).toBe('NO_PATH')
    expect(message).toContain('IPv6')
  })
})

test('processes at scope host meet again when the interface they chose changes', async () => {
  await using changing = await openLab({ a: ['x'] })
  const host = changing.host('x')
  await using early = await startPeer(host, { scope: 'host' })
  await early.join(hostGroup)
  await host.run(...command('ip -6 route add local ff00::/8 dev lo table local'))
  await using late = await startPeer(host, { scope: 'host' })
  await early.reports('"name":"lo","up":true')
  await late.send(hostGroup, 'here')
  await early.hears('here')
})

const group = 'ff12::8000:1'
const hostGroup = 'ff11::8000:1'

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `ff12::8000:1${number.toString(16)}`)
}

function command(line: string): [string, string[]] {
  const [name = '', ...args] = line.split(' ')
  return [name, args]
}

/** A switch that snoops delivers a group only some milliseconds after the join. */
async function learnt(host: Host, groups: readonly string[], timeoutMs = 5_000): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs
  while (performance.now() < giveUpAt) {
    const known = new Set((await lab.segment('a').groups()).get(host.name))
    if (groups.every((each) => known.has(each))) return
    await sleep(20)
  }
  throw new Error(`the switch has not learnt the groups of ${host.name}`)
}

/** The member tries its joins once a second, so the first of these may come too early. */
async function heardWithin(timeoutMs: number, sender: UdpPeer, member: UdpPeer): Promise<void> {
  const repeat = setInterval(() => void sender.send('ff12::8000:131', 'at last'), 100)
  try {
    await member.hears('at last', timeoutMs)
  } finally {
    clearInterval(repeat)
  }
}
