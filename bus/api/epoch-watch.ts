/** What a bus does when the realm's epoch changes: keeps it, tells it, and remembers when it is out. */
import type { Notice } from '../core/output.ts'
import type { EpochEvent } from './epoch-options.ts'
import { BusError } from './errors.ts'
import type { BusEvent, Logger } from './options.ts'

export interface EpochParts {
  readonly realm: string
  readonly log: Logger | undefined
  readonly readPage: (text: string) => Uint8Array
  /** Keeps a newer epoch for the next start. */
  readonly keepEpoch: (notice: Extract<Notice, { page: Uint8Array }>) => Promise<void>
}

/** Whom it tells. */
export interface EpochHost {
  event(event: BusEvent): void
  /** This member was removed. */
  out(error: BusError): void
}

export class EpochWatch {
  readonly #parts: EpochParts
  readonly #host: EpochHost
  #out: string | undefined

  constructor(parts: EpochParts, host: EpochHost) {
    this.#parts = parts
    this.#host = host
  }

  /** Throws DENIED once this member was removed. */
  assertIn(): void {
    if (this.#out !== undefined) throw new BusError('DENIED', this.#out)
  }

  onNotice(notice: Extract<Notice, { type: 'epoch' }>): void {
    if ('page' in notice) this.#keep(notice)
    if (notice.state === 'held') return
    const event: EpochEvent = { type: 'epoch', state: notice.state, epoch: notice.epoch }
    const { realm, log } = this.#parts
    const fault = epochFault(event, realm)
    if (fault !== undefined) log?.warn({ epoch: event.epoch }, fault)
    this.#host.event(event)
    if (event.state === 'revoked' || event.state === 'excluded') this.#end(fault)
  }

  #end(fault: string | undefined): void {
    this.#out = fault
    this.#host.out(new BusError('DENIED', fault ?? ''))
  }

  #keep(notice: Extract<Notice, { page: Uint8Array }>): void {
    const failed = (error: unknown): void =>
      this.#host.event({ type: 'error', error: error as Error })
    try {
      this.#parts.keepEpoch(notice).catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}

/** What an epoch means for who is not in it, and the mend; undefined: nothing is wrong. */
export function epochFault({ state, epoch }: EpochEvent, realm: string): string | undefined {
  switch (state) {
    case 'entered':
      return undefined
    case 'revoked':
      return `the owner of realm "${realm}" has removed this member in epoch ${epoch}`
    case 'excluded':
      return `epoch ${epoch} of realm "${realm}" has no key for this identity: ask its owner for another invitation`
    case 'fork':
      return `the owner of realm "${realm}" has made epoch ${epoch} twice: they mend it by: sixcast keys rotate`
    case 'behind':
      return `others in realm "${realm}" are in epoch ${epoch}, and nobody gives its page: take it from another host by: sixcast keys adopt FILE`
  }
}
