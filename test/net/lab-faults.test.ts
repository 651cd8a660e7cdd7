/** The faults of the lab: each one hurts what it says, and only that, and heals. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Host } from './lab/host.ts'
import { openLab, type Lab } from './lab/lab.ts'
import { group, heard, listen, numbered, port, say } from './lab/probes.ts'
import type { HostProcess } from './lab/process.ts'

let lab: Lab
let a1: Host
let a2: Host
let a3: Host

beforeAll(async () => {
  lab = await openLab({ a: ['a1', 'a2', 'a3'] })
  a1 = lab.host('a1')
  a2 = lab.host('a2')
  a3 = lab.host('a3')
})
afterAll(async () => await lab.close())

describe('loss', () => {
  afterEach(async () => await a2.clearLoss())

  test('of every fourth packet loses exactly a quarter, for this host only', async () => {
    await using lossy = await listen(a2)
    await using sound = await listen(a3)
    await a2.loss({ every: 4 })
    await say(a1, numbered(100))
    const expected = numbered(100).filter((_, number) => number % 4 !== 0)
    expect(await heard(lossy, 'message 99')).toEqual(expected)
    expect(await heard(sound, 'message 99')).toHaveLength(100)
  })

  test('by chance loses about as many as it should', async () => {
    await using lossy = await listen(a2)
    await a2.loss({ probability: 0.5 })
    await say(a1, numbered(400))
    await a2.clearLoss()
    await say(a1, ['last'])
    const share = (await heard(lossy, 'last')).length / 400
    expect(share).toBeGreaterThan(0.35)
    expect(share).toBeLessThan(0.65)
  })

  test('from one host leaves the others heard', async () => {
    await using ears = await listen(a2)
    await a2.loss({ every: 1, from: a1 })
    await say(a1, ['from a1'])
    await say(a1, ['unicast from a1'], a2.interface().address)
    await say(a3, ['from a3'])
    expect(await heard(ears, 'from a3')).toEqual(['from a3'])
  })

  test('on one port leaves the others heard', async () => {
    await using ears = await listen(a2)
    await a2.loss({ every: 1, port: port + 1 })
    await say(a1, ['on another port'])
    expect(await heard(ears, 'on another port')).toHaveLength(1)
    await a2.loss({ every: 1, port })
    await say(a1, ['on this port'])
    await a2.clearLoss()
    await say(a1, ['last'])
    expect(await heard(ears, 'last')).toEqual(['on another port', 'last'])
  })
})

describe('a link', () => {
  test('that is down refuses to send, and carries again when it is up', async () => {
    await using ears = await listen(a2)
    await a1.link('eth0', 'down')
    expect(await say(a1, ['lost'])).toEqual(['ENETUNREACH lost'])
    await a1.link('eth0', 'up')
    expect(await say(a1, ['carried'])).toEqual(['sent carried'])
    expect(await heard(ears, 'carried')).toEqual(['carried'])
    await say(a1, ['by unicast'], a2.interface().address)
    expect(await heard(ears, 'by unicast')).toContain('by unicast')
  })

  test('that is deleted and made again has its addresses back under a new index', async () => {
    const before = await index(a1)
    await a1.deleteInterface('eth0')
    expect((await a1.run('ip', ['link', 'show', 'eth0'])).code).not.toBe(0)
    expect((await lab.segment('a').packets()).has('a1')).toBe(false)
    await a1.recreateInterface('eth0')
    expect(await index(a1)).not.toBe(before)
    const { stdout } = await a1.run('ip', ['address', 'show', 'eth0'])
    expect(stdout).toContain(a1.interface().address)
    expect(stdout).toContain(a1.interface().linkLocal)
    await using ears = await listen(a2)
    await say(a1, ['carried'])
    expect(await heard(ears, 'carried')).toEqual(['carried'])
  })
})

describe('a port', () => {
  test('that is down takes the carrier: sending succeeds and nothing arrives', async () => {
    await using ears = await listen(a2)
    await a1.port('eth0', 'down')
    expect(await carrier(a1)).toBe('0')
    expect(await say(a1, ['lost'])).toEqual(['sent lost'])
    await a1.port('eth0', 'up')
    expect(await untilHeard(ears, 'carried')).not.toContain('lost')
  })

  test('with a smaller MTU loses larger packets for its host only', async () => {
    await using small = await listen(a2)
    await using sound = await listen(a3)
    await a2.portMtu('eth0', 1280)
    const [fits, large] = ['f'.repeat(1232), 'x'.repeat(1300)]
    await say(a1, [large, fits])
    expect(await heard(small, fits)).toEqual([fits])
    expect(await heard(sound, fits)).toEqual([large, fits])
    await a2.portMtu('eth0', 1500)
    await say(a1, [large])
    expect(await heard(small, large)).toEqual([fits, large])
  })

  test('with a low rate is late, and loses what waits too long', async () => {
    await using slow = await listen(a2)
    await a2.portRate('eth0', 200)
    const start = performance.now()
    await say(a1, [...Array.from({ length: 9 }, () => 'x'.repeat(1_200)), 'last'])
    expect(await heard(slow, 'last')).toHaveLength(10)
    expect(performance.now() - start).toBeGreaterThan(250) // 88 kbit, of which 32 are free.
    await a2.portRate('eth0', undefined)
  })
})

test('a receiver that does not read overflows, and the host counts it', async () => {
  await using ears = await listen(a2)
  expect(await a2.udpDrops()).toBe(0)
  ears.signal('SIGSTOP')
  await say(
    a1,
    Array.from({ length: 500 }, () => 'x'.repeat(1_200)),
  )
  expect(await a2.udpDrops()).toBeGreaterThan(0)
  expect(await a3.udpDrops()).toBe(0)
  ears.signal('SIGCONT')
  expect((await a2.counters()).get('Udp6InDatagrams')).toBeGreaterThan(0)
})

async function index(host: Host): Promise<string> {
  return (await host.run('cat', ['/sys/class/net/eth0/ifindex'])).stdout.trim()
}

async function carrier(host: Host): Promise<string> {
  return (await host.run('cat', ['/sys/class/net/eth0/carrier'])).stdout.trim()
}

/** The kernel takes up to a second to notice a carrier that came back. */
async function untilHeard(ears: HostProcess, text: string): Promise<string[]> {
  await expect
    .poll(
      async () => {
        await say(a1, [text], group)
        return ears.stdout.includes(text)
      },
      { timeout: 5_000 },
    )
    .toBe(true)
  return heard(ears, text)
}
