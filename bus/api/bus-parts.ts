/** What a bus is put together from. */
import type { Peer } from '../core/peer.ts'
import type { Rights } from '../core/rights.ts'
import type { EpochParts } from './epoch-watch.ts'
import type { FileWork } from './file-work.ts'
import type { Limits } from './limits.ts'
import type { After } from './matching.ts'
import type { Native } from './native-options.ts'
import type { PathKind, PayloadCodec, Proof } from './options.ts'

/** How a bus moves its peer; a driver is one. */
export interface PeerLink {
  command<T>(input: (peer: Peer, now: number) => T): T
  endTurn(): void
  /** Lets what was sent get out, and releases everything. */
  close(): Promise<void>
}

export interface BusParts extends EpochParts {
  readonly link: PeerLink
  readonly path: PathKind
  readonly native: Native
  readonly limits: Limits
  readonly lingerMs: number
  /** Shown in presence. */
  readonly tags: Readonly<Record<string, string>>
  readonly proof: Proof
  readonly after: After
  /** Turns the driver's clock into ms since 1970. */
  readonly wallOffset: number
  readonly codec: PayloadCodec | undefined
  readonly files: FileWork
  /** Rights of this bus's identity, from their text. */
  readonly readRights: (text: string) => Rights
}
