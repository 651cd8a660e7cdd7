/** The public types of realms with an owner: what `newRealm` makes and `grant` takes. */
import type { Identity } from './options.ts'

/** A realm that has just been made. Who has `owner` decides who may do what; keep it apart. */
export interface NewRealm {
  readonly realm: string
  /** The text of its key file, for every member. */
  readonly key: string
  readonly owner: Identity
}

/** What `grant` puts into rights. Patterns are as in `subscribe`, without names. */
export interface GrantOptions {
  readonly realm: string
  /** The text of the realm's key file. */
  readonly key: string
  /** The realm's owner, or somebody whose rights may be handed on. */
  readonly issuer: Identity
  /** The rights of an issuer who is not the owner. */
  readonly rights?: string
  /** The identity that is to have them, 64 hexadecimal digits. */
  readonly to: string
  readonly publish?: readonly string[]
  readonly subscribe?: readonly string[]
  /** Names of variables that they may offer, and set. */
  readonly expose?: readonly string[]
  readonly write?: readonly string[]
  /** Reserved for relays: what one may carry. */
  readonly relay?: readonly string[]
  /** Default: now. */
  readonly from?: Date
  readonly until: Date
  /** How many times they may be handed on. Default: 0. */
  readonly depth?: number
}
