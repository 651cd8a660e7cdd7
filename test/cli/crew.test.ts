/** Worker threads, forks and cluster workers: each bus is an instance, and no number comes twice. */
import { execFile } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { promisify } from 'node:util'
import { serialize } from 'node:v8'
import { describe, expect } from 'vitest'
import { connect, newIdentity } from '../../bus/index.ts'
import { splitDatagram } from '../../bus/core/wire/packet.ts'
import { connectOver } from '../../bus/io/connect.ts'
import { identityText } from '../../bus/io/identity-text.ts'
import type { Transport } from '../../bus/io/transport.ts'
import { udpTransport } from '../../bus/io/udp.ts'
import { attack } from '../attack/attack.ts'

const key = new Uint8Array(randomBytes(32))

describe('one identity in many places', () => {
  attack(
    'threads, forks and cluster workers of a process that has a bus, twice',
    { by: 'accident', holds: 'each is an instance of its own, and no nonce leaves with two texts' },
    async () => {
      const port = randomInt(20_000, 30_000)
      const transport = udpTransport({ scope: 'host', port })
      const wire = recorded(transport)
      await using bus = await connectOver(transport, { key })
      const identities = new Set<string>()
      void (async () => {
        for await (const { peer } of bus.presence.watch()) identities.add(peer.identity)
      })()
      const numbersByPeer = new Map<string, unknown[]>()
      const listening = bus.subscribe('crew', ({ from, value }) => {
        numbersByPeer.set(from, [...(numbersByPeer.get(from) ?? []), value])
      })
      const own = newIdentity()
      const env = {
        ...process.env,
        CREW_KEY: `sixcast-key-1 ${Buffer.from(key).toString('base64url')}`,
        CREW_IDENTITY: identityText(own),
        CREW_PORT: String(port),
      }
      const program = new URL('crew.js', import.meta.url).pathname
      for (const _ of ['first', 'again']) {
        await promisify(execFile)(process.execPath, [program], { env, timeout: 60_000 })
      }
      await listening.close()
      const all = Array.from({ length: 200 }, (_, number) => number)
      expect([...numbersByPeer.values()]).toEqual(Array.from({ length: 8 }, () => all))
      expect([...identities]).toEqual([Buffer.from(own.publicKey).toString('hex')])
      expect(bus.stats()).toMatchObject({ clones: 0, messagesLost: 0, forged: 0 })
      // Up to ten messages share a packet.
      expect(wire.textsByNonce.size).toBeGreaterThan(160)
      expect([...wire.textsByNonce.values()].filter(({ size }) => size > 1)).toEqual([])
    },
  )

  attack(
    'a bus that is handed to a thread',
    { by: 'accident', holds: 'what comes there is no bus, and holds no key' },
    async () => {
      await using bus = await connect({ key, port: randomInt(20_000, 30_000) })
      const copy = copied(() => structuredClone<unknown>(bus))
      expect(typeof (copy as { publish?: unknown } | undefined)?.publish).toBe('undefined')
      const bytes = copied(() => serialize(bus)) ?? Buffer.alloc(0)
      expect(bytes.includes(Buffer.from(key))).toBe(false)
      expect(serialize({ key }).includes(Buffer.from(key))).toBe(true)
    },
  )
})

/** What cannot be copied is refused by the runtime. */
function copied<T>(copy: () => T): T | undefined {
  try {
    return copy()
  } catch (error) {
    expect((error as Error).name).toMatch(/DataCloneError|^Error$/)
    return undefined
  }
}

/** Every packet that a transport hears: which bytes have come under which nonce. */
function recorded(transport: Transport): { readonly textsByNonce: Map<string, Set<string>> } {
  const textsByNonce = new Map<string, Set<string>>()
  const open = transport.open.bind(transport)
  transport.open = (listener) =>
    open({
      event: (event) => listener.event(event),
      datagram: (bytes, from) => {
        splitDatagram(bytes, (packet) => {
          const nonce = Buffer.from(packet.subarray(2, 26)).toString('hex')
          const texts = textsByNonce.get(nonce) ?? new Set()
          textsByNonce.set(nonce, texts.add(Buffer.from(packet).toString('hex')))
        })
        listener.datagram(bytes, from)
      },
    })
  return { textsByNonce }
}
