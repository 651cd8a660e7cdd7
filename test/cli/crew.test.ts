/** Worker threads, forks and cluster workers: each bus is an instance, and no number comes twice. */
import { execFile } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { connect } from '../../bus/index.ts'

test('threads, forks and cluster workers of one process are instances of their own', async () => {
  const key = new Uint8Array(randomBytes(32))
  const port = randomInt(20_000, 30_000)
  await using bus = await connect({ key, port })
  const numbersByPeer = new Map<string, unknown[]>()
  const listening = bus.subscribe('crew', ({ from, value }) => {
    numbersByPeer.set(from, [...(numbersByPeer.get(from) ?? []), value])
  })
  const program = new URL('crew.js', import.meta.url).pathname
  const text = `sixcast-key-1 ${Buffer.from(key).toString('base64url')}`
  const env = { ...process.env, CREW_KEY: text, CREW_PORT: String(port) }
  await promisify(execFile)(process.execPath, [program], { env, timeout: 60_000 })
  await listening.close()
  const all = Array.from({ length: 200 }, (_, number) => number)
  expect([...numbersByPeer.values()]).toEqual([all, all, all, all])
  expect(bus.stats()).toMatchObject({ clones: 0, messagesLost: 0, forged: 0 })
})
