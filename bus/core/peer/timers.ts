/** Which part of a peer each timer is for. */
import type { Acquaintance } from './subscribing/acquaintance.ts'
import type { Direct } from './asking/direct.ts'
import type { EpochChange } from './realm/epochs.ts'
import type { Greeter } from './presence/hello.ts'
import type { InterestOut } from './interest.ts'
import type { Learner } from './subscribing/learner.ts'
import type { Publisher } from './publishing/publisher.ts'
import type { Subscriber } from './subscribing/subscriber.ts'
import type { TimerName } from '../timers.ts'

interface Parts {
  readonly greeter: Greeter
  readonly learner: Learner
  readonly publisher: Publisher
  readonly subscriber: Subscriber
  readonly acquaintance: Acquaintance
  readonly direct: Direct
  readonly epochs: EpochChange
  readonly interest: InterestOut
  housekeep(now: number): void
}

export class TimerHands {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  on(now: number, name: TimerName): void {
    const { greeter, learner, publisher, subscriber, acquaintance, epochs, interest, direct } =
      this.#parts
    switch (name) {
      case 'hello':
        return greeter.onHelloTimer(now)
      case 'beacon':
        return greeter.beacons.onTimer(now)
      case 'batch':
        return publisher.onTurn(now)
      case 'announce':
        return publisher.announcer.announce(now)
      case 'pace':
        return publisher.pump(now)
      case 'learn':
        return learner.onTimer(now)
      case 'receive':
        return subscriber.onTimer(now)
      case 'heartbeat':
        return publisher.onHeartbeatTimer(now)
      case 'interest':
        return interest.onTimer(now)
      case 'housekeeping':
        return this.#parts.housekeep(now)
      case 'meet':
        return acquaintance.onTimer(now)
      case 'epoch':
        return epochs.onTimer(now)
      case 'proof':
        return publisher.onProofTimer(now)
      case 'answer':
        return direct.onAnswerTimer(now)
      case 'answered':
        return direct.onAnsweredTimer()
      case 'unicast':
        return greeter.unicast.onTimer(now)
      case 'share':
        return subscriber.seats.onTimer(now)
      case 'close':
      case 'seek':
      case 'live':
        return undefined // every input lets those look who wait for it
    }
  }
}
