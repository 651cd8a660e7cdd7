/** The public types of `rotate`: what it takes and makes. */
import type { Identity } from './options.ts'

/** Somebody who is to have the key of the new epoch. */
export interface EpochMember {
  /** 64 hexadecimal digits. */
  readonly identity: string
  /** A guest: the patterns that its keys are for, each of which ends in the only wildcard. */
  readonly topics?: readonly string[]
}

export interface RotateOptions {
  readonly realm: string
  /** The text of the realm's key file, of the epoch before. */
  readonly key: string
  readonly owner: Identity
  /** Everybody who stays, the owner's own members too. */
  readonly members: readonly EpochMember[]
  /** Identities that are not admitted any more, 64 hexadecimal digits each. */
  readonly revoked?: readonly string[]
  /** Serials of grants that do not count any more, nor what was handed on from them. */
  readonly revokedSerials?: readonly number[]
  /** Nothing of the epoch before is sealed or opened any more. Default: when somebody is revoked. */
  readonly atOnce?: boolean
}

/** When new keys are due, and how they are made. */
export interface RotatingOptions {
  /** Makes the next epoch: asked each time, so that its members are those of then. */
  readonly next: () => Rotation | Promise<Rotation>
  /** Milliseconds. */
  readonly every?: number
  /** Bytes that the bus has sent and received since the keys before. */
  readonly volume?: number
  /** Ends it. */
  readonly signal?: AbortSignal
}

/** A new epoch, made and signed. */
export interface Rotation {
  readonly epoch: number
  /** The text of a member's new key file. */
  readonly key: string
  /** The text of the page that brings it to all others: it is no secret. */
  readonly page: string
}
