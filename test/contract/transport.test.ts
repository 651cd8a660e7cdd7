/** Runs the transport contract over memory and over real sockets that never leave this host. */
import { memoryNetwork } from '../../bus/io/memory.ts'
import { udpTransport } from '../../bus/io/udp.ts'
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
