/**
 * Runs the transport contract over memory and over real sockets that never leave this host: with the
 * fast path, without, with one end of each kind, and where it fails.
 */
import assert from 'node:assert/strict'
import { beforeAll } from 'vitest'
import { BODY_OFFSET, Kind, VERSION_SEALED, writeHeader } from '../../bus/core/wire/packet.ts'
import { memoryNetwork } from '../../bus/io/memory.ts'
import { udpTransport } from '../../bus/io/udp.ts'
import { FastPath, fastPath } from '../../bus/native/fast-path.ts'
import { foreignSuite, transportSuite } from './transport-suite.ts'

const network = memoryNetwork()
const memory = { name: 'memory', create: () => network.transport() }
transportSuite(memory)
foreignSuite(memory)

// Below the ephemeral ports, and not the same in two runs at once.
const port = 20_000 + (process.pid % 10_000)
transportSuite({
  name: 'udp at scope host',
  create: () => udpTransport({ scope: 'host', port }),
})

let shared: FastPath
beforeAll(async () => {
  shared = await fastPath(true)
})

transportSuite({
  name: 'udp at scope host, by the fast path',
  create: () => {
    // Without it this would be the suite above once more: `npm ci` installs what it needs.
    assert.ok(shared.inUse, shared.reason)
    return udpTransport({ scope: 'host', port: port + 1 }, { fast: shared })
  },
  head,
})

let made = 0
transportSuite({
  name: 'udp at scope host, by turns with the fast path and without',
  // What one of them sends by one call reaches the other one by one, and the other way round.
  create: () => {
    const parts = made++ % 2 === 0 ? { fast: shared } : {}
    return udpTransport({ scope: 'host', port: port + 2 }, parts)
  },
  head,
})

transportSuite({
  name: 'udp at scope host, where the system refuses the fast path when it is needed',
  // As an old kernel does, and as a container may.
  create: () => {
    const refused = new FastPath(() => false)
    return udpTransport({ scope: 'host', port: port + 3 }, { fast: refused })
  },
  head,
})

/** Joined datagrams are told apart by the lengths of their packets. */
function head(size: number): Uint8Array {
  const bytes = new Uint8Array(BODY_OFFSET)
  const marks = { version: VERSION_SEALED, kind: Kind.data, flags: 0, epoch: 0, hint: 0 }
  const header = { ...marks, instance: 1n, stream: 1, number: 1 }
  writeHeader(bytes, header, Math.max(0, size - BODY_OFFSET))
  return bytes
}
