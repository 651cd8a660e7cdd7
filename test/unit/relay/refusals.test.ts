/** What a relay's log says of calls that it refuses, and what the bus that has called says of it. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it, vi } from 'vitest'
import { connect } from '../../../bus/index.ts'
import { Refusals } from '../../../relay/refusals.ts'
import { FakeLog } from './fake-log.ts'
import { busAt, key, open, realm, relayWith, WAIT } from './world.ts'

const DEAD = 'ws://[::1]:9'

it('one line a minute for each reason, with the number of the others', () => {
  const log = new FakeLog()
  const refusals = new Refusals(log)
  for (let i = 0; i < 50; i += 1) refusals.tell('another key', '::1', i * 1000)
  refusals.tell('another realm', '::2', 50_000)
  refusals.tell('another key', '::3', 60_000)
  refusals.tell('another key', '::1', 120_000)
  expect(log.notes.map(([fields]) => fields)).toEqual([
    { remote: '::1', reason: 'another key' },
    { remote: '::2', reason: 'another realm' },
    { remote: '::3', reason: 'another key', untold: 49 },
    { remote: '::1', reason: 'another key' },
  ])
})

it('a relay tells of whom it does not take, and of calls that it does not answer', async () => {
  const log = new FakeLog()
  const relay = await relayWith({ log, limits: { links: 1 } })
  await expect(busAt(relay.url, { realm: 'other' })).rejects.toMatchObject({ code: 'DENIED' })
  await busAt(relay.url)
  const full = busAt(relay.url)
  await expect(full).rejects.toThrow(/: answers 503 Too Many Links$/)
  const reasons = log.notes.flatMap(([{ reason }, words]) => {
    return words === 'link refused' ? [reason] : []
  })
  expect(reasons).toEqual(['this relay serves another realm', '503 Too Many Links'])
})

it('a bus with multicast tells of a relay that does not answer or turns it away, once', async () => {
  const log = new FakeLog()
  const other = await relayWith({ realm: 'other' })
  const relays = [DEAD, other.url]
  const bus = await connect({ realm, key, relay: relays, log, linger: 0 })
  open.push(bus)
  const told = (): unknown[] => log.warnings.filter(([, words]) => words === 'no link to a relay')
  const dead = { relay: DEAD, reason: 'connect ECONNREFUSED ::1:9' }
  const reason = 'closed with 4404: this relay serves another realm'
  const refused = { relay: other.url, reason }
  await vi.waitFor(
    () => expect(told().map((line) => (line as [object])[0])).toEqual([dead, refused]),
    WAIT,
  )
  const events = bus.events()
  await other.close()
  for await (const event of events) {
    if (event.type !== 'unlinked') continue
    // The first one has nothing new to say, however often it was called meanwhile.
    expect(event).toMatchObject({ relay: other.url, reason: expect.stringMatching(/REFUSED/) })
    break
  }
  expect(told()).toHaveLength(3)
})

it('an address with the wrong scheme is told as what it is', async () => {
  const { url } = await relayWith()
  const plain = busAt(url.replace('ws:', 'wss:'))
  await expect(plain).rejects.toThrow(/no TLS: ws:\/\/ instead of wss:\/\/$/)
  const sealed = createServer((socket) => socket.end(Uint8Array.of(21, 3, 1, 0, 2, 2, 70)))
  await once(sealed.listen(0, '::1'), 'listening')
  const { port } = sealed.address() as AddressInfo // it listens on TCP
  await expect(busAt(`ws://[::1]:${port}`)).rejects.toThrow(/speaks no HTTP: wss:\/\/ where/)
  sealed.close()
})
