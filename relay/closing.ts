/** Why a relay ends a link: the codes that say so, and what is counted. */
import type { RelayCounter } from './counters.ts'

export type Closing =
  | 'leaving'
  | 'malformed'
  | 'proof'
  | 'admit'
  | 'realm'
  | 'scope'
  | 'rights'
  | 'self'
  | 'double'
  | 'handshakeLate'
  | 'idle'
  | 'stuck'
  | 'noPort'
  | 'trunksFull'

interface Words {
  readonly code: number
  readonly reason: string
  readonly counter?: RelayCounter
}

/**
 * 4400 to 4407 are about the peer, and calling again will not help; 4408 and above are about the
 * moment. 1001 is that of RFC 6455.
 */
export const CLOSINGS: Readonly<Record<Closing, Words>> = {
  leaving: { code: 1001, reason: 'the relay is going' },
  malformed: { code: 4400, reason: 'this is not the protocol sixcast.1', counter: 'malformed' },
  proof: {
    code: 4401,
    reason: 'the key of the realm is another one, or its epoch is over: take the newest page',
    counter: 'proofRefused',
  },
  admit: { code: 4403, reason: 'this peer is not admitted here', counter: 'admitRefused' },
  realm: { code: 4404, reason: 'this relay serves another realm', counter: 'realmRefused' },
  scope: { code: 4405, reason: 'this relay serves another scope', counter: 'scopeRefused' },
  rights: { code: 4406, reason: 'these rights do not count here', counter: 'rightsRefused' },
  self: { code: 4407, reason: 'this relay has called itself', counter: 'trunkSelf' },
  handshakeLate: { code: 4408, reason: 'no proof in time', counter: 'handshakeLate' },
  idle: { code: 4409, reason: 'nothing has come for too long', counter: 'idle' },
  stuck: { code: 4410, reason: 'too much waits to be read', counter: 'stuck' },
  double: { code: 4411, reason: 'these relays have a trunk already', counter: 'trunkDouble' },
  noPort: { code: 4429, reason: 'the relay has no port left', counter: 'noPort' },
  trunksFull: { code: 4430, reason: 'the relay has all its trunks', counter: 'trunksFull' },
}
