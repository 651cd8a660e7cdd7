/** Whether datagrams can leave to the network, and what else its interfaces tell. */
import type { Logger } from '../bus/api/options.ts'
import type { TransportEvent } from '../bus/io/transport.ts'

export class Reachability {
  readonly #log: Logger | undefined
  #fault: string | undefined

  constructor(log: Logger | undefined) {
    this.#log = log
  }

  /** Why no datagram can leave; undefined: they do. */
  get fault(): string | undefined {
    return this.#fault
  }

  take(event: TransportEvent): void {
    switch (event.type) {
      case 'interface':
        return this.#log?.info({ interface: event.name, up: event.up }, 'interface changed')
      case 'unreachable':
        this.#fault = event.reason
        return this.#log?.warn({ reason: event.reason }, 'no datagram can leave')
      case 'reachable':
        this.#fault = undefined
        return this.#log?.info({}, 'datagrams leave again')
      case 'full':
      case 'path':
      case 'peer':
      case 'unlinked':
        return undefined // those are of links
      case 'warning':
        return this.#log?.warn({}, event.message)
    }
  }
}
