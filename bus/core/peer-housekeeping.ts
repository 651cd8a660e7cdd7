/** What a peer looks after from time to time: who has gone, what is too old, what has fallen silent. */
import type { Context } from './peer-context.ts'
import type { Direct } from './peer-direct.ts'
import type { Greeter } from './peer-hello.ts'
import type { Inbound } from './peer-inbound.ts'
import type { Outage } from './peer-outage.ts'
import type { Publisher } from './peer-publisher.ts'
import { HOUSEKEEPING_MS, type Silence } from './peer-silence.ts'
import type { Subscriber } from './peer-subscriber.ts'

interface Parts {
  readonly outage: Outage
  readonly silence: Silence
  readonly greeter: Greeter
  readonly inbound: Inbound
  readonly publisher: Publisher
  readonly subscriber: Subscriber
  readonly direct: Direct
}

export function housekeep(now: number, context: Context, parts: Parts): void {
  const { outage, silence, greeter, inbound, publisher, subscriber, direct } = parts
  outage.pass(now)
  const present = context.roster.size
  greeter.expire(now)
  if (context.roster.size < present) silence.lost(now)
  inbound.expire(now)
  publisher.housekeep(now)
  subscriber.housekeep(now)
  direct.housekeep(now)
  context.reportRejected(now)
  silence.watch(now)
  context.timers.set('housekeeping', now + HOUSEKEEPING_MS)
}
