/** The lab itself: its hosts hear each other over real multicast, and it sees what they send. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLab, type Lab } from './lab/lab.ts'
import { group, heard, listen, numbered, port, say } from './lab/probes.ts'

let lab: Lab

beforeAll(async () => {
  lab = await openLab({ a: ['a1', 'a2', 'a3', 'r'], b: ['b1', 'b2', 'r'] })
})
afterAll(async () => await lab.close())

describe('segments', () => {
  test('carry multicast to each of their hosts and to nobody else', async () => {
    await using a2 = await listen(lab.host('a2'))
    await using a3 = await listen(lab.host('a3'))
    await using b2 = await listen(lab.host('b2'))
    await say(lab.host('a1'), ['from a'])
    await say(lab.host('b1'), ['from b'])
    await say(lab.host('a1'), ['from a again'])
    expect(await heard(a2, 'from a again')).toEqual(['from a', 'from a again'])
    expect(await heard(a3, 'from a again')).toEqual(['from a', 'from a again'])
    expect(await heard(b2, 'from b')).toEqual(['from b'])
  })

  test('meet in a border host, which hears both', async () => {
    const border = lab.host('r')
    expect(border.interfaces.map((end) => [end.name, end.segment])).toEqual([
      ['eth0', 'a'],
      ['eth1', 'b'],
    ])
    await using ears = await listen(border)
    await say(lab.host('a1'), ['from a'])
    await say(lab.host('b1'), ['from b'])
    expect(await heard(ears, 'from b')).toEqual(['from a', 'from b'])
  })

  test('may have a host twice, each of its interfaces with an address of its own', async () => {
    await using own = await openLab({ t: ['t1', 'two', 'two'] })
    const [first, second] = own.host('two').interfaces
    expect([first?.name, second?.name]).toEqual(['eth0', 'eth1'])
    await using ears = await listen(own.host('t1'))
    await own.host('two').link('eth0', 'down')
    await say(own.host('two'), ['by the second'], `${group}%eth1`)
    await own.host('two').link('eth0', 'up')
    await say(own.host('two'), ['by the first'], `${group}%eth0`)
    expect(await heard(ears, 'by the first')).toEqual(['by the second', 'by the first'])
    expect(ears.stdout).toContain(`"from":"${first?.linkLocal}`)
    expect(ears.stdout).toContain(`"from":"${second?.linkLocal}`)
  })

  test('carry unicast inside and do not route it outside', async () => {
    const { address } = lab.host('a2').interface()
    await using ears = await listen(lab.host('a2'))
    await say(lab.host('a1'), ['only for a2'], address)
    expect(await heard(ears, 'only for a2')).toEqual(['only for a2'])
    expect(await say(lab.host('b1'), ['only for a2'], address)).toEqual(['ENETUNREACH only for a2'])
  })

  test('count what each host sent and received', async () => {
    const [before, count] = [await lab.segment('a').packets(), 200]
    await say(lab.host('a1'), numbered(count))
    const after = await lab.segment('a').packets()
    const change = (host: string, way: 'sent' | 'received'): number =>
      (after.get(host)?.[way] ?? 0) - (before.get(host)?.[way] ?? 0)
    // Now and then a packet of neighbour discovery or MLD comes along.
    expect(change('a1', 'sent') - count).toBeOneOf([0, 1, 2, 3, 4, 5])
    expect(change('a2', 'received') - count).toBeOneOf([0, 1, 2, 3, 4, 5])
    expect(change('a2', 'sent')).toBeLessThan(6)
  })
})

describe('a snooping segment', () => {
  test('knows the groups of its hosts and spares the others', async () => {
    await using own = await openLab({
      s: { hosts: ['s1', 's2', 's3'], snooping: true, queryResponseMs: 200 },
    })
    await using ears = await listen(own.host('s2'))
    const groups = await own.segment('s').groups()
    expect(groups.get('s2')).toContain(group)
    expect(groups.get('s3')).not.toContain(group)

    await using idle = await own.host('s3').capture()
    await expect
      .poll(
        async () => {
          const before = (await idle.frames()).length
          await say(own.host('s1'), ['only for members'])
          return (await idle.frames()).length - before
        },
        { timeout: 5_000 },
      )
      .toBe(0)
    await say(own.host('s1'), ['last'])
    expect(await heard(ears, 'last')).toContain('only for members')
  })

  test('is asked for groups only where it snoops', async () => {
    await expect(lab.segment('a').groups()).rejects.toThrow('segment a does not snoop')
  })
})

describe('a capture', () => {
  test('reads back what was sent', async () => {
    await using capture = await lab.host('a2').capture()
    const before = Date.now()
    await say(lab.host('a1'), ['first', 'second'])
    const frames = await capture.stop()
    expect(frames.map((frame) => Buffer.from(frame.payload).toString())).toEqual([
      'first',
      'second',
    ])
    expect(frames[0]).toMatchObject({
      source: lab.host('a1').interface().linkLocal,
      destination: group,
      hopLimit: 1,
      protocol: 17,
      udpDestination: port,
      size: 14 + 40 + 8 + 'first'.length,
    })
    expect(frames[0]?.udpSource).toBe(frames[1]?.udpSource)
    expect(Math.abs((frames[0]?.time ?? 0) - before)).toBeLessThan(10_000)
  })

  test('of a segment sees one frame, however many hosts it goes to', async () => {
    await using capture = await lab.segment('a').capture()
    await using a2 = await listen(lab.host('a2'))
    await using a3 = await listen(lab.host('a3'))
    await say(lab.host('a1'), numbered(50))
    await Promise.all([heard(a2, 'message 49'), heard(a3, 'message 49')])
    expect(await capture.stop()).toHaveLength(50)
  })

  test('tells the fragments of a large packet', async () => {
    await using capture = await lab.host('a2').capture('eth0', 'ip6 proto 44')
    await say(lab.host('a1'), ['x'.repeat(4_000)])
    const frames = await capture.stop()
    expect(frames.map((frame) => frame.udpDestination)).toEqual([port, undefined, undefined])
    expect(frames.map((frame) => frame.fragment?.more)).toEqual([true, true, false])
    expect(new Set(frames.map((frame) => frame.fragment?.id)).size).toBe(1)
    const bytes = frames.reduce((sum, frame) => sum + frame.payload.length, 0)
    expect(bytes).toBe(4_000)
  })

  test('of nothing is empty', async () => {
    await using capture = await lab.host('b1').capture()
    expect(await capture.stop()).toEqual([])
  })
})

describe('a large lab', () => {
  test('of 50 hosts is up within seconds and hears as one', async () => {
    const names = Array.from({ length: 50 }, (_, number) => `h${number}`)
    const start = performance.now()
    await using large = await openLab({ wide: names })
    expect(performance.now() - start).toBeLessThan(8_000)
    const before = await large.segment('wide').packets()
    await say(large.host('h0'), numbered(20))
    const after = await large.segment('wide').packets()
    for (const name of names.slice(1)) {
      const received = (after.get(name)?.received ?? 0) - (before.get(name)?.received ?? 0)
      expect(received).toBeGreaterThanOrEqual(20)
    }
  })
})

test.each([
  ['a name that is too long', { a: ['tenletters'] }],
  ['a name that the lab needs itself', { a: ['switch'] }],
])('a plan with %s is refused', async (_, plan) => {
  await expect(openLab(plan)).rejects.toThrow(/name/)
})

test('a host or interface that is not there is named', () => {
  expect(() => lab.host('x')).toThrow('the lab has no host x')
  expect(() => lab.segment('x')).toThrow('the lab has no segment x')
  expect(() => lab.host('a1').interface('eth7')).toThrow('host a1 has no interface eth7')
})
