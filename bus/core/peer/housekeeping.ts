/** What a peer looks after from time to time: who has gone, what is too old, what has fallen silent. */
import type { Context } from './context.ts'
import type { Direct } from './asking/direct.ts'
import type { Greeter } from './presence/hello.ts'
import type { Inbound } from './inbound.ts'
import type { Outage } from './presence/outage.ts'
import type { Publisher } from './publishing/publisher.ts'
import { HOUSEKEEPING_MS, type Silence } from './presence/silence.ts'
import type { Subscriber } from './subscribing/subscriber.ts'

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
