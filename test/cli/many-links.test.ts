/** A relay with ten thousand links that say nothing: each costs little, and others are served. */
import { afterAll, describe, expect, it } from 'vitest'
import { parseKey } from '../../bus/io/key-text.ts'
import { ThinLink, ThinPeer } from '../unit/relay/thin-link.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Home, objectsOf } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

const LINKS = 10_000
/** With all that Node and ws keep for a connection. */
const LINK_SIZE_MAX = 64 * 1024

describe('a relay', () => {
  it('bears 10,000 idle links, and serves others meanwhile', async () => {
    await home.run(['keygen', '--realm', 'crowd'])
    const path = join(home.config, 'sixcast', 'realms', 'crowd.key')
    const { root } = parseKey(readFileSync(path, 'utf8'), path)
    const crowd = new ThinPeer({ name: 'crowd', root })
    const on = ['--realm', 'crowd']
    const limits = ['links', 'linksPerAddress'].flatMap((name) => ['--limit', `${name}=10100`])
    // A hundred may be refused in one turn, and nobody is idle for too long.
    const words = [...on, '--no-multicast', '--listen', '[::1]:0', '--metrics', '--json']
    const run = home.start(['relay', ...words, ...limits, '--limit', 'idleTime=3600000'])
    await run.says(/"type":"relay"/)
    const url = String(objectsOf(run.text('out'))[0]?.['url'])
    const before = await metricsOf(url)
    const links: ThinLink[] = []
    while (links.length < LINKS) {
      const some = Array.from({ length: 100 }, () =>
        ThinLink.open(Number(new URL(url).port), crowd),
      )
      links.push(...(await Promise.all(some)))
    }
    const after = await metricsOf(url)
    expect(after.get('sixcast_relay_links')).toBe(LINKS)
    const grown = after.get(MEMORY)! - before.get(MEMORY)!
    expect(grown / LINKS).toBeLessThan(LINK_SIZE_MAX)
    const by = [...on, '--relay', url, '--no-multicast']
    const sub = await home.subscriber(['x', ...by, '--count', '1'])
    expect(await home.run(['pub', 'x', 'through', '--require', '1', ...by])).toMatchObject({
      code: 0,
    })
    expect((await sub.ended).out).toBe('x through\n')
    for (const link of links) link.end()
    await expect.poll(async () => (await metricsOf(url)).get('sixcast_relay_links'), POLL).toBe(0)
    run.kill('SIGTERM')
    expect((await run.ended).code).toBe(0)
  }, 300_000)
})

async function metricsOf(url: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${url.replace('ws:', 'http:')}/metrics`)).text()
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(samples.map((line) => [line.split(' ')[0]!, Number(line.split(' ')[1])]))
}

const MEMORY = 'process_resident_memory_bytes'
const POLL = { timeout: 60_000, interval: 500 }
