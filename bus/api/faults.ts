/** What the peer refuses, as the errors that the program gets. */
import type { Limits } from '../core/limits.ts'
import type { PublishFault } from '../core/publication.ts'
import { BusError } from './errors.ts'

export function faultError(
  fault: Exclude<PublishFault, undefined>,
  topic: string,
  limits: Limits,
): BusError {
  switch (fault) {
    case 'queue': {
      const mend = 'await bus.ready between messages, or raise limits.sendSize'
      return new BusError('OVERFLOW', `${limits.sendSize} bytes wait to be sent: ${mend}`)
    }
    case 'streams': {
      const mend = 'use fewer topics, or raise limits.streams'
      return new BusError('LIMIT', `topic "${topic}" is one more than ${limits.streams}: ${mend}`)
    }
    case 'rights': {
      const mend = 'ask the owner of the realm; sixcast acl test explains'
      return new BusError(
        'DENIED',
        `topic "${topic}" is not among those it may publish on: ${mend}`,
      )
    }
    case 'flow': {
      const mend = 'a topic keeps the flow control of its first message; use another topic'
      return new BusError('INVALID_OPTION', `topic "${topic}" has another flow control: ${mend}`)
    }
    case 'shared': {
      const mend = 'a topic is shared from its first message on, or never; use another topic'
      return new BusError('INVALID_OPTION', `"shared" is not what "${topic}" began with: ${mend}`)
    }
    case 'proof': {
      const mend = 'a topic keeps the proof of its first message; use another topic'
      return new BusError('INVALID_OPTION', `topic "${topic}" has another proof: ${mend}`)
    }
    case 'delivery': {
      const mend = 'a topic keeps the mode of its first message; use another topic'
      return new BusError('INVALID_OPTION', `topic "${topic}" has another delivery mode: ${mend}`)
    }
  }
}
