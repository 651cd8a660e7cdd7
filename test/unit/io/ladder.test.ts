/** Multicast and a link as one transport: what goes by which, and what comes of it when one is missing. */
import { beforeEach, describe, expect, it } from 'vitest'
import { BusError } from '../../../bus/index.ts'
import type { Endpoint } from '../../../bus/core/output.ts'
import { readLinkMessage } from '../../../bus/core/wire/link.ts'
import { ladderTransport, type LadderLink } from '../../../bus/io/ladder.ts'
import type { Transport, TransportEvent, TransportListener } from '../../../bus/io/transport.ts'
import type { Beside } from '../../../bus/io/websocket.ts'
import { counting } from '../core/crypto.ts'

const GROUP = 'ff12:1:2:3:4:5:8000:1'
const RELAY = 77n
const PEER: Endpoint = { address: 'fe80::1%eth0', port: 40_001 }

/** One way, as the test wants it: everything that it is told is in its log. */
class Way implements LadderLink {
  readonly log: string[] = []
  readonly groups = new Set<string>()
  readonly datagramSize: number
  readonly pending = 0
  readonly port: number
  listener: TransportListener | undefined
  fault: Error | undefined
  beside: Beside | undefined
  /** Opens later, by the test. */
  held: (() => void) | undefined
  closed = false

  constructor(port: number, datagramSize: number) {
    this.port = port
    this.datagramSize = datagramSize
  }

  async open(listener: TransportListener): Promise<void> {
    this.listener = listener
    if (this.held) await new Promise<void>((resolve) => (this.held = resolve))
    if (this.fault) throw this.fault
  }

  join(group: string): void {
    this.groups.add(group)
  }

  leave(group: string): void {
    this.groups.delete(group)
  }

  rejoin(group: string): void {
    this.log.push(`rejoin ${group}`)
  }

  send(to: string | Endpoint, datagram: Uint8Array): void {
    const text = typeof to === 'string' ? to : `${to.address} ${to.port}`
    this.log.push(`send ${text} ${datagram[0]}`)
  }

  say(record: Uint8Array): void {
    readLinkMessage(record, (one) => {
      if (one.type === 'rung') this.log.push(one.near ? 'near' : 'far')
      if (one.type === 'spare' || one.type === 'need') this.log.push(one.type)
    })
  }

  hurry(): void {
    this.log.push('hurry')
  }

  async close(): Promise<void> {
    this.closed = true
  }

  /** What has been said since the last time. */
  said(): string[] {
    return this.log.splice(0)
  }
}

let native: Way
let link: Way
let now: number
let timers: { readonly at: number; readonly run: () => void }[]
let events: TransportEvent[]
let heard: Endpoint[]
let ladder: Transport

beforeEach(() => {
  native = new Way(40_000, 1400)
  link = new Way(50_000, 1232)
  now = 0
  timers = []
  events = []
  heard = []
  ladder = ladderTransport({
    native: () => native,
    link: (beside) => Object.assign(link, { beside }),
    clock: {
      now: () => now,
      after: (delayMs, run) => {
        const timer = { at: now + delayMs, run }
        timers.push(timer)
        return () => void (timers = timers.filter((one) => one !== timer))
      },
    },
  })
})

const listener: TransportListener = {
  datagram: (_bytes, from) => heard.push(from),
  event: (event) => events.push(event),
}

async function opened(): Promise<void> {
  await ladder.open(listener)
  ladder.begin?.({ salt: counting(16) })
}

/** Time passes, with beacons of the relay by multicast or without. */
function passes(ms: number, beacons = true): void {
  for (const until = now + ms; now < until;) {
    now += 250
    if (beacons) {
      ladder.heard?.({ instance: RELAY, rung: 'multicast', intervalMs: 500, relay: true })
    }
    for (const one of timers.filter(({ at }) => at <= now)) {
      timers = timers.filter((other) => other !== one)
      one.run()
    }
  }
}

/** Lets promises that are due go on. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

const bytes = counting(1, 9)

describe('both ways', () => {
  it('carry what goes to groups until relay and peer hear each other; then multicast alone', async () => {
    await opened()
    expect(ladder).toMatchObject({ path: 'relay', port: 40_000, datagramSize: 1232 })
    expect(link.said()).toEqual(['far'])
    ladder.join(GROUP)
    ladder.send(GROUP, bytes)
    expect([native.said(), link.said()]).toEqual([[`send ${GROUP} 9`], [`send ${GROUP} 9`]])
    link.beside?.hears(true, RELAY)
    passes(2000)
    expect(link.said()).toEqual(['near'])
    expect(events).toMatchObject([{ type: 'path', path: 'multicast', greets: false }])
    ladder.send(GROUP, bytes)
    expect([native.said(), link.said()]).toEqual([[`send ${GROUP} 9`], []])
    expect([...link.groups]).toEqual([GROUP])
    passes(1000)
    expect([...link.groups]).toEqual([])
    ladder.join('ff12:1:2:3:4:5:8000:2')
    expect([link.groups.size, native.groups.size]).toEqual([0, 2])
  })

  it('carry it again, and the link joins again, when the relay is heard no more', async () => {
    await opened()
    ladder.join(GROUP)
    link.beside?.hears(true, RELAY)
    passes(4000)
    link.said()
    passes(2000, false)
    expect(link.said()).toEqual(['far'])
    expect([...link.groups]).toEqual([GROUP])
    expect(events.at(-1)).toMatchObject({ type: 'path', path: 'relay' })
    ladder.send(GROUP, bytes)
    expect(link.said()).toEqual([`send ${GROUP} 9`])
  })

  it('take answers back to where they were heard from', async () => {
    await opened()
    link.said()
    native.listener?.datagram(bytes, PEER)
    link.listener?.datagram(bytes, { address: 'fe80:0:0:0:0:0:0:1%2', port: 40_001 })
    expect(heard.map(({ rung }) => rung)).toEqual(['multicast', 'relay'])
    for (const from of heard) ladder.send(from, bytes)
    expect(native.said()).toEqual(['send fe80::1%eth0 40001 9'])
    expect(link.said()).toEqual(['send fe80:0:0:0:0:0:0:1%2 40001 9'])
  })

  it('tell by which of them each peer comes, and the relay what need not come down', async () => {
    await opened()
    link.said()
    ladder.heard?.({ instance: 5n, rung: 'multicast', intervalMs: 750, relay: false })
    expect(link.said()).toEqual(['spare'])
    passes(2500)
    expect(link.said()).toEqual(['need'])
    expect(events).toMatchObject([
      { type: 'peer', instance: 5n, path: 'multicast' },
      { type: 'peer', instance: 5n, path: 'relay' },
    ])
    ladder.gone?.(5n)
    expect(link.said()).toEqual([])
  })
})

describe('one of them alone', () => {
  it('is multicast while the link is broken, and both again with the next', async () => {
    await opened()
    ladder.join(GROUP)
    link.beside?.hears(true, RELAY)
    passes(4000)
    link.listener?.event({ type: 'unreachable', reason: 'ws://r: gone' })
    expect(ladder.path).toBe('multicast')
    expect([...link.groups]).toEqual([GROUP])
    link.said()
    link.listener?.event({ type: 'reachable', reason: 'a link to ws://s' })
    expect(link.said()).toEqual(['far'])
    expect(events.at(-1)).toMatchObject({ type: 'path', path: 'relay', greets: true })
  })

  it('is the link while no multicast leaves; nothing is left when both are broken', async () => {
    await opened()
    native.listener?.event({ type: 'unreachable', reason: 'no interface is up' })
    expect(ladder.path).toBe('relay')
    expect(events).toEqual([])
    link.listener?.event({ type: 'unreachable', reason: 'ws://r: gone' })
    expect(events).toMatchObject([{ type: 'unreachable' }])
    native.listener?.event({ type: 'reachable' })
    expect(events.at(-1)).toMatchObject({ type: 'path', path: 'multicast', greets: true })
  })

  it('is the link where there is no network, which is looked for and then used', async () => {
    native.fault = new BusError('NO_INTERFACE', 'nothing there')
    await opened()
    expect(ladder).toMatchObject({ path: 'relay', port: 50_000 })
    expect(events).toMatchObject([{ type: 'warning' }])
    ladder.join(GROUP)
    ladder.send({ ...PEER, rung: 'multicast' }, bytes)
    expect(link.said()).toEqual(['far', `send ${PEER.address} ${PEER.port} 9`])
    passes(10_000, false)
    await turn()
    native.fault = undefined
    passes(10_000, false)
    await turn()
    expect([...native.groups]).toEqual([GROUP])
    expect(ladder.port).toBe(40_000)
    expect(events.at(-1)).toMatchObject({ type: 'path', greets: true })
  })

  it('is multicast where no relay answers within a second', async () => {
    link.held = () => undefined
    const opening = ladder.open(listener)
    await turn()
    passes(1000, false)
    await opening
    expect(ladder).toMatchObject({ path: 'multicast', datagramSize: 1400 })
    ladder.begin?.({ salt: counting(16) })
    link.held()
    await turn()
    expect(ladder.path).toBe('relay')
    expect(link.said()).toEqual(['far'])
    expect(events).toMatchObject([{ type: 'path', path: 'relay', greets: true }])
  })

  it('is needed: without either it does not open', async () => {
    native.fault = new BusError('NO_INTERFACE', 'nothing there')
    link.fault = new BusError('NO_PATH', 'no relay answers')
    await expect(ladder.open(listener)).rejects.toMatchObject({
      code: 'NO_PATH',
      message: 'no multicast: nothing there; and no relay answers',
    })
    await ladder.close()
    expect([native.closed, link.closed]).toEqual([true, true])
  })
})
