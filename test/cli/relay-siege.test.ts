/** Relays as processes that are killed again and again, and what lies in the memory of one. */
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { type Bus, connect } from '../../bus/index.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { parseKey } from '../../bus/io/key-text.ts'
import { attack } from '../attack/attack.ts'
import { crypto } from '../unit/core/crypto.ts'
import { Home, objectsOf, type Run } from './command.ts'

const home = new Home()
const realm = 'held'
const keyPath = join(home.config, 'sixcast', 'realms', `${realm}.key`)
const control = join(home.config, 'held.control')
afterAll(() => home[Symbol.dispose]())
beforeAll(async () => {
  await home.run(['keygen', '--realm', realm])
  const exported = await home.run(['keys', 'export', '--realm', realm, '--control'])
  writeFileSync(control, exported.out, { mode: 0o600 })
})

describe('a relay with the control key alone, as a process', () => {
  attack(
    'that is killed six times, by turns with another one',
    {
      by: 'accident',
      holds: 'peers go over each time; nothing is lost, doubled or out of order',
      timeoutMs: 300_000,
    },
    async () => {
      const first = await relayAt('[::1]:0')
      // Peers may be at one each: a trunk joins them.
      const links = [[], ['--link', first.url]]
      const relays = [first, await relayAt('[::1]:0', links[1])]
      const urls = relays.map(({ url }) => url)
      await using publisher = await busAt(urls)
      await using subscriber = await busAt(urls)
      const items = subscriber.subscribe('rounds', { gaps: true, queue: 10_000 })
      await publisher.matched('rounds', { timeout: 30_000 })
      const came: unknown[] = []
      const reading = (async () => {
        for await (const item of items) {
          came.push(item.type === 'message' ? item.value : item)
          if (item.type === 'message' && item.value === 'last') break
        }
      })()
      let count = 0
      for (let round = 0; round < ROUNDS; round++) {
        const victim = relays[round % 2]!
        for (let i = 0; i < 40; i++) {
          publisher.publish('rounds', count++)
          await new Promise((done) => setTimeout(done, 5))
        }
        victim.run.kill('SIGKILL')
        await victim.run.ended
        for (let i = 0; i < 40; i++) publisher.publish('rounds', count++)
        const listen = victim.url.replace('ws://', '')
        relays[round % 2] = await relayAt(listen, links[round % 2])
      }
      publisher.publish('rounds', 'last')
      await reading
      expect(came).toEqual([...Array.from({ length: count }, (_, i) => i), 'last'])
    },
  )

  attack(
    'whose memory is read',
    { by: 'local user', holds: 'no key of a topic, no name and no value is in it' },
    async () => {
      const { url, run } = await relayAt('[::1]:0')
      await using publisher = await busAt([url], 'name-of-the-publisher')
      await using subscriber = await busAt([url])
      const topic = 'topic-that-nobody-reads/pressure'
      const value = 'value-that-nobody-reads'
      let came = 0
      subscriber.subscribe(topic, () => void came++)
      await publisher.matched(topic, { timeout: 30_000 })
      for (let i = 0; i < 500; i++) publisher.publish(topic, { value, i })
      await expect.poll(() => came, { timeout: 30_000 }).toBe(500)
      const { root } = parseKey(readFileSync(keyPath, 'utf8'), keyPath)
      const keys = new RealmKeys(crypto, { name: realm, root })
      const [whole] = keys.ring.topics
      const secrets = {
        'root key': root,
        'text of the root key': Buffer.from(Buffer.from(root).toString('base64url')),
        'topic root': whole!.key,
        'key of the topic': keys.topicKey(topic),
        'name key': keys.ring.tags,
        'names key': keys.ring.names,
        'name of the topic': Buffer.from(topic),
        value: Buffer.from(value),
      }
      // What it does hold is found, so the search is a good one.
      const held = { control: keys.control, name: Buffer.from('name-of-the-publisher') }
      expect(foundIn(run.pid, { ...secrets, ...held })).toEqual(['control', 'name'])
    },
  )
})

interface Started {
  readonly run: Run
  readonly url: string
}

async function relayAt(listen: string, more: readonly string[] = []): Promise<Started> {
  const words = ['relay', '--realm', realm, '--key', control, '--no-multicast', ...more]
  const run = home.start([...words, '--listen', listen, '--json'])
  await run.says(/"type":"relay"/)
  return { run, url: String(objectsOf(run.text('out'))[0]?.['url']) }
}

function busAt(relay: readonly string[], name?: string): Promise<Bus> {
  const key = readFileSync(keyPath, 'utf8')
  const own = { realm, key, relay, multicast: false, linger: 200 }
  return connect({ ...own, ...(name !== undefined && { name }) })
}

/** Which of these are in the memory that a process can write to. */
function foundIn(pid: number, needles: Readonly<Record<string, Uint8Array>>): string[] {
  const found = new Set<string>()
  for (const bytes of memoryOf(pid)) {
    for (const [name, needle] of Object.entries(needles)) {
      if (bytes.includes(Buffer.from(needle))) found.add(name)
    }
  }
  return [...found].toSorted()
}

/** In pieces that overlap. */
function* memoryOf(pid: number): Generator<Buffer> {
  const maps = readFileSync(`/proc/${pid}/maps`, 'latin1')
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  const chunk = Buffer.alloc(CHUNK)
  try {
    for (const [, from = '', to = ''] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)) {
      const end = Number.parseInt(to, 16)
      for (let at = Number.parseInt(from, 16); at < end; at += CHUNK - OVERLAP) {
        const size = Math.min(CHUNK, end - at)
        yield chunk.subarray(0, readAt(memory, chunk, { at, size }))
      }
    }
  } finally {
    closeSync(memory)
  }
}

/** Nothing, where the kernel gives away a mapping that has no pages. */
function readAt(file: number, into: Buffer, { at, size }: { at: number; size: number }): number {
  try {
    return readSync(file, into, 0, size, at)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EIO') return 0
    throw error
  }
}

const ROUNDS = 6
const CHUNK = 2 ** 20
/** No needle is longer. */
const OVERLAP = 128
