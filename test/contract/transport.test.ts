/**
 * Runs the transport contract over memory and over real sockets that never leave this host, with and
 * without the fast path.
 */
import assert from 'node:assert/strict'
import { beforeAll } from 'vitest'
import { BODY_OFFSET, Kind, VERSION_SEALED, writeHeader } from '../../bus/core/wire/packet.ts'
import { memoryNetwork } from '../../bus/io/memory.ts'
import { udpTransport } from '../../bus/io/udp.ts'
import { type FastPath, fastPath } from '../../bus/native/fast-path.ts'
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

/** Joined datagrams are told apart by the lengths of their packets. */
function head(size: number): Uint8Array {
  const bytes = new Uint8Array(BODY_OFFSET)
  const marks = { version: VERSION_SEALED, kind: Kind.data, flags: 0, epoch: 0, hint: 0 }
  const header = { ...marks, instance: 1n, stream: 1, number: 1 }
  writeHeader(bytes, header, Math.max(0, size - BODY_OFFSET))
  return bytes
}
