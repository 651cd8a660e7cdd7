/** `sixcast demo`: what it counts, how long it takes, and that nothing of it stays. */
import { createSocket } from 'node:dgram'
import { once as nodeOnce } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { Home, objectsOf, type Run } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

describe('the demo', () => {
  it('ends in about ten seconds with 0, and every message was delivered', async () => {
    const startedAt = performance.now()
    const { code, out, err } = await home.run(['demo'])
    const seconds = (performance.now() - startedAt) / 1000
    expect(err).toBe('')
    expect(out).toMatch(/^Starting 3 publishers and 4 subscribers/)
    expect(out).toMatch(/^ {2}1 s {2}\d+ messages, \d+ packets, \d+ deliveries, 0 gaps$/m)
    expect(out).toMatch(/^ {2}messages published +\d+$/m)
    expect(out).toMatch(/^ {2}gaps +0 +nothing was lost$/m)
    expect(code).toBe(0)
    expect(seconds).toBeGreaterThan(8)
    expect(seconds).toBeLessThan(20) // about ten on a machine that has nothing else to do
  })

  it('counts with --json what the buses counted', async () => {
    const { code, out } = await home.run(['demo', '--seconds', '2', '--json'])
    expect(code).toBe(0)
    const [first, ...others] = objectsOf(out)
    expect(first).toMatchObject({ type: 'progress', seconds: 1, gaps: 0 })
    const summary = others.at(-1)
    expect(summary).toMatchObject({ type: 'summary', processes: 7, gaps: 0 })
    const { published, delivered, expected, packetsSent, deliveriesPerPacket } = summary!
    expect(published).toBeGreaterThan(50)
    expect(delivered).toBe(expected)
    expect(delivered).toBeGreaterThan(Number(published) * 2)
    expect(deliveriesPerPacket).toBeCloseTo(Number(delivered) / Number(packetsSent), 1)
  })

  it('keeps apart from the user’s bus and makes no key there', async () => {
    using fresh = new Home()
    const running = fresh.start(['demo', '--seconds', '1', '--port', home.port])
    const peers = await home.run(['peers', '--json', '--timeout', '2'])
    expect((await running.ended).code).toBe(0)
    expect(objectsOf(peers.out).map(({ type }) => type)).toEqual(['self'])
    expect(readdirSync(fresh.config)).toEqual([])
  })

  it('gives its processes no key in their command lines', async () => {
    const run = home.start(['demo', '--seconds', '1'])
    await run.says(/Starting/)
    const lines = childrenOf(run).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    await run.ended
    expect(lines).toHaveLength(7)
    for (const line of lines) expect(line).toMatch(/main\.js\0demo-peer\0--log-level\0warn\0$/)
  })

  it.each([
    ['while it gathers', /Starting/],
    ['while it runs', / 1 s /],
  ])('is ended by Ctrl-C %s, and no process stays', async (_when, pattern) => {
    const run = home.start(['demo'])
    await run.says(pattern)
    const children = childrenOf(run)
    expect(children).toHaveLength(7)
    run.kill('SIGINT')
    expect((await run.ended).code).toBe(130)
    expect(children.filter(alive)).toEqual([])
  })

  it('leaves no process when it is killed', async () => {
    const run = home.start(['demo'])
    await run.says(/ 1 s /)
    const children = childrenOf(run)
    run.kill('SIGKILL')
    for (let waited = 0; waited < 50 && children.some(alive); waited++) await sleep(100)
    expect(children.filter(alive)).toEqual([])
  })

  it.each([
    [[], /^sixcast: UDP port \d+ belongs to a program that does not share it: [^\n]*\n$/],
    [['--json'], /^\{"type":"error","code":"PORT_IN_USE",[^\n]*\n$/],
  ])('tells once what fails in all of its processes: %j', async (words, once) => {
    const owner = createSocket({ type: 'udp6', ipv6Only: true })
    owner.bind(Number(home.port) + 7, '::')
    await nodeOnce(owner, 'listening')
    const { code, err } = await home.run(['demo', '--port', String(owner.address().port), ...words])
    owner.close()
    expect(err).toMatch(once)
    expect(code).toBe(1)
  })

  it('exits 1 when one of its processes dies, and takes the others along', async () => {
    const run = home.start(['demo'])
    await run.says(/ 1 s /)
    const children = childrenOf(run)
    process.kill(children[0]!, 'SIGKILL')
    const { code, err } = await run.ended
    expect(err).toMatch(/^sixcast: the demo's process "dashboard" ended with SIGKILL$/m)
    expect(code).toBe(1)
    expect(children.filter(alive)).toEqual([])
  })
})

function childrenOf({ pid }: Run): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

function alive(pid: number): boolean {
  return existsSync(`/proc/${pid}`)
}
