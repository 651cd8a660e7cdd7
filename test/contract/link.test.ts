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
import type { Transport } from '../../bus/io/transport.ts'
import { linkTransport } from '../../bus/io/websocket.ts'
import { nodeSockets } from '../../bus/io/ws-socket.ts'
import { type Relay, serve } from '../../relay/index.ts'
import { foreignSuite, transportSuite } from './transport-suite.ts'

const realm = { name: 'contract', root: new Uint8Array(randomBytes(32)) }

let relay: Relay
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
  const urls = [relay.url ?? '']
  create = () => linkTransport({ urls, credentials, sockets: nodeSockets })
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
