/** What a bridge is made with. */
import type { Crypto } from '../bus/core/env.ts'
import type { ScopeName } from '../bus/core/path/group.ts'
import type { Counters } from './counters.ts'
import type { HeardBy } from './gate.ts'
import type { Verify } from './hellos.ts'
import type { Judge } from './judge.ts'
import type { RelayKeys } from './keys.ts'
import type { RelayLimits } from './limits.ts'

export interface BridgeOptions {
  readonly crypto: Crypto
  readonly keys: RelayKeys
  readonly verify: Verify
  readonly scope: ScopeName
  /** Random, of this start of the relay. */
  readonly id: bigint
  readonly limits: RelayLimits
  readonly counters: Counters
  /** Of rights, in a realm with an owner. */
  readonly judge?: Judge | undefined
  /** What comes and may be carried, for who looks on. */
  readonly heard?: HeardBy | undefined
}
