/** The public types of joining a realm over the bus: what `invite` and `join` take and give. */
import type { Cancel, CloseReport, ConnectOptions, Identity } from './options.ts'
import type { GrantOptions } from './grant-options.ts'

/** Where inviter and newcomer meet: the same for both. */
type Meeting = Cancel &
  Pick<ConnectOptions, 'scope' | 'interface' | 'port' | 'hops' | 'name' | 'log'>
/** What `grant` is told, but for whom. */
type Granted = Pick<
  GrantOptions,
  | 'realm'
  | 'key'
  | 'issuer'
  | 'rights'
  | 'until'
  | 'depth'
  | 'publish'
  | 'subscribe'
  | 'expose'
  | 'write'
>

/** What the newcomer is granted, by whom, and for how long the code is good. */
export interface InviteOptions extends Meeting, Granted {
  /** Keys for those topics alone, which end in `/**`, instead of the realm's. Default: false. */
  readonly guest?: boolean
  /** The realm's `groups`, if it folds its topics. */
  readonly groups?: number
  /** The only identity that is let in, 64 hexadecimal digits. Default: whoever has the code. */
  readonly only?: string
  /** Says whether somebody who has the code is let in. Default: yes. */
  readonly admit?: (newcomer: Omit<Newcomer, 'rights'>) => boolean | Promise<boolean>
  /** How long the code is good, ms, by the clock of the inviter. Default: 600,000 (10 minutes). */
  readonly expires?: number
  /** Is told of each one that is not let in. */
  readonly refused?: (newcomer: RefusedNewcomer) => void
}

/** Who has been let in, and with what rights. */
export interface Newcomer {
  /** 64 hexadecimal digits. */
  readonly identity: string
  /** As it calls itself. */
  readonly name: string
  /** The text of its rights. */
  readonly rights: string
}

export interface RefusedNewcomer {
  readonly identity: string
  readonly name: string
  /** Somebody else has used the code, it is too old, or it is for another identity. */
  readonly reason: 'used' | 'expired' | 'other'
}

/** An invitation that waits for one newcomer. */
export interface OpenInvitation extends AsyncDisposable {
  /** What the newcomer must know, and nobody else: seven groups of four letters and digits. */
  readonly code: string
  readonly expires: Date
  /**
   * Resolves when somebody has been let in. Rejects with TIMEOUT when the code is too old, LIMIT
   * when too many asked who were not let in, CLOSED after `close`.
   */
  readonly accepted: Promise<Newcomer>
  /** Nobody is let in from now on; the report tells whether the newcomer has confirmed. */
  close(): Promise<CloseReport>
}

export interface JoinOptions extends Meeting {
  /** Who the newcomer is from now on in that realm. Default: a new identity. */
  readonly identity?: Identity
  /** How long to look for the inviter, ms. Default: 30,000. */
  readonly timeout?: number
}

/** What a newcomer has been given: all of it is for `connect`. */
export interface Joined {
  readonly realm: string
  readonly key: string
  readonly identity: Identity
  readonly rights: string
  readonly scope?: NonNullable<ConnectOptions['scope']>
  readonly port?: number
  readonly groups?: number
}
