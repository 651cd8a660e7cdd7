/** Runs the transport contract over links to a relay that is on no network of its own. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { newIdentity } from '../../bus/index.ts'
import { SCOPES } from '../../bus/core/path/group.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { LinkProof } from '../../bus/core/seal/link-proof.ts'
import { RELAY_ADDRESS } from '../../bus/core/wire/link.ts'
import { BODY_OFFSET, Kind, VERSION_SEALED, writeHeader } from '../../bus/core/wire/packet.ts'
import { nodeSystem } from '../../bus/io/system.ts'
import { ladderTransport } from '../../bus/io/ladder.ts'
import { memoryNetwork } from '../../bus/io/memory.ts'
import type { Transport } from '../../bus/io/transport.ts'
import { udpTransport } from '../../bus/io/udp.ts'
import { type Beside, type LinkTransport, linkTransport } from '../../bus/io/websocket.ts'
import { nodeSockets } from '../../bus/io/ws-socket.ts'
import { type Relay, serve } from '../../relay/index.ts'
import { foreignSuite, transportSuite } from './transport-suite.ts'

const realm = { name: 'contract', root: new Uint8Array(randomBytes(32)) }

let relay: Relay
let urls: readonly string[]
let linkBeside: (to: readonly string[], beside: Beside) => LinkTransport
let create: () => Transport

beforeAll(async () => {
  const limits = { linksPerAddress: 1000 }
  const { name, root } = realm
  relay = await serve({ listen: '[::1]:0', realm: name, key: root, multicast: false, limits })
  const identity = newIdentity()
  const system = await nodeSystem(identity)
  const keys = new RealmKeys(system.env.crypto, realm)
  const credentials = {
    rights: undefined,
    refused: () => undefined,
    proof: new LinkProof(system.env.crypto, keys),
    identity: identity.publicKey,
    hint: keys.hint,
    scope: SCOPES.host,
    sign: (message: Uint8Array) => system.sign(message),
    random: (size: number) => system.env.random(size),
  }
  urls = [relay.url ?? '']
  const common = { credentials, sockets: nodeSockets }
  create = () => linkTransport({ urls, ...common })
  linkBeside = (to, beside) => linkTransport({ urls: to, ...common, beside })
  header = { ...header, hint: keys.hint }
})
afterAll(() => relay.close())

/** A relay carries packets of its realm alone. */
let header = {
  version: VERSION_SEALED,
  kind: Kind.data,
  flags: 0,
  epoch: 0,
  instance: 1n,
  stream: 1,
  number: 1,
  hint: 0,
}
function head(size: number): Uint8Array {
  const bytes = new Uint8Array(BODY_OFFSET)
  writeHeader(bytes, header, Math.max(0, size - BODY_OFFSET))
  return bytes
}

const links = {
  name: 'links of one relay',
  create: () => create(),
  head,
  self: ({ port }: Transport) => ({ address: RELAY_ADDRESS, port }),
}
transportSuite(links)
foreignSuite(links)

// Each way alone, where the other one is missing; together they are the ladder's own tests.
const ladders = {
  native: memoryNetwork(),
  clock: {
    now: () => performance.now(),
    after: (delayMs: number, then: () => void) => nodeSockets.after(delayMs, then),
  },
}
transportSuite({
  name: 'a ladder without multicast',
  create: () => {
    const native = (): Transport => udpTransport({ scope: 'host', interfaces: ['none'], port: 9 })
    return ladderTransport({
      clock: ladders.clock,
      native,
      link: (beside) => linkBeside(urls, beside),
    })
  },
  head,
  self: links.self,
})
transportSuite({
  name: 'a ladder without a relay',
  create: () => {
    const native = (): Transport => ladders.native.transport()
    const link = (beside: Beside): LinkTransport => linkBeside(['ws://[::1]:9'], beside)
    return ladderTransport({ clock: ladders.clock, native, link })
  },
})
