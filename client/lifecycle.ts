/**
 * What happens to a page, told to its bus: offline and online, hidden and shown, gone.
 *
 * A page that goes says goodbye, or others would miss it for some seconds only then to find it gone.
 * One that the browser keeps for the way back is left as it is: when it is shown again its link is
 * called anew, and repair brings what can be had. Workers hear of the network, and have no page.
 */
import type { Bus } from '../bus/api/options.ts'
import type { LinkTransport } from '../bus/io/websocket.ts'
import type { PageClock } from './clock.ts'
import type { PageSystem } from './system.ts'

export interface Followed {
  readonly bus: Bus
  readonly transport: Pick<LinkTransport, 'hurry' | 'flush'>
  readonly clock: Pick<PageClock, 'wake'>
  readonly system: Pick<PageSystem, 'hurry'>
}

/** Until the signal aborts. */
export function follow({ bus, transport, clock, system }: Followed, signal: AbortSignal): void {
  const back = (): void => {
    clock.wake()
    transport.hurry()
  }
  const hidden = (event: Event): void => {
    // Only the browser knows whether it keeps the page.
    if ((event as PageTransitionEvent).persisted) return
    system.hurry()
    void bus.close({ linger: 0 })
    transport.flush()
  }
  const shown = (): void => {
    if (globalThis.document.visibilityState === 'visible') back()
  }
  globalThis.addEventListener('online', back, { signal })
  globalThis.addEventListener('offline', back, { signal })
  globalThis.addEventListener('pageshow', back, { signal })
  globalThis.addEventListener('pagehide', hidden, { signal })
  // A worker has none.
  const page = globalThis.document as Document | undefined
  page?.addEventListener('visibilitychange', shown, { signal })
  page?.addEventListener('resume', back, { signal })
}
