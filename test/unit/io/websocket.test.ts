/** The link of a peer in a time that stands until the test moves it: doubts, and hurries. */
import { describe, expect, it } from 'vitest'
import { RealmKeys } from '../../../bus/core/seal/keys.ts'
import { LinkProof } from '../../../bus/core/seal/link-proof.ts'
import {
  readLinkMessage,
  writeChallenge,
  writeSign,
  writeWelcome,
  writeWelcomeTerms,
} from '../../../bus/core/wire/link.ts'
import type { LinkSocket, LinkSockets, SocketEvents } from '../../../bus/io/link-socket.ts'
import { linkTransport, type LinkTransport } from '../../../bus/io/websocket.ts'
import { counting, crypto } from '../core/crypto.ts'

const keys = new RealmKeys(crypto, { name: 'home', root: counting(32) })
const proof = new LinkProof(crypto, keys)
const INTERVAL_MS = 1000

/** Sockets to a relay that answers, or to none. */
class Network implements LinkSockets {
  now = 0
  isThere = true
  /** What the system says when it is not. */
  fault = 'ECONNREFUSED'
  /** When it was called. */
  readonly dialled: number[] = []
  /** The relay's end of the link. */
  says: (message: Uint8Array) => void = () => undefined
  readonly #timers = new Set<{ readonly at: number; readonly act: () => void }>()

  dial(_: string, events: SocketEvents): LinkSocket {
    this.dialled.push(this.now)
    const end = (): void => events.closed({ code: 1006, reason: '' })
    const nonce = counting(32)
    this.says = (message) => events.message(message)
    const refuse = (): void => events.closed({ code: 1006, reason: '', fault: this.fault })
    this.turn(() => (this.isThere ? this.says(writeChallenge(nonce)) : refuse()))
    const send = (message: Uint8Array, taken: () => void): void => {
      taken()
      readLinkMessage(message, (record) => {
        if (record.type !== 'proof') return
        const terms = { port: 40_000, groups: 10, datagramSize: 1232, resumed: false }
        const claimed = writeWelcomeTerms({ ...terms, intervalMs: INTERVAL_MS })
        this.says(writeWelcome(claimed, proof.relayMac(nonce, record.mac, claimed)))
      })
    }
    return { bufferedAmount: 0, send, close: end, terminate: end }
  }

  turn(then: () => void): void {
    this.after(0, then)
  }

  after(delayMs: number, then: () => void): () => void {
    const timer = { at: this.now + delayMs, act: then }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  advance(ms: number): void {
    const until = this.now + ms
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#timers.delete(due)
      this.now = Math.max(this.now, due.at)
      due.act()
    }
    this.now = until
  }
}

class World {
  readonly network = new Network()
  readonly events: string[] = []
  readonly faults: string[] = []
  readonly link: LinkTransport

  constructor() {
    const credentials = {
      proof,
      identity: counting(32),
      rights: undefined,
      hint: keys.hint,
      scope: 1,
      sign: () => new Uint8Array(64),
      // Each wait is half of what it may be.
      random: (size: number) => new Uint8Array(size),
      refused: () => undefined,
    }
    const urls = ['ws://relay.example']
    this.link = linkTransport({ urls, credentials, sockets: this.network })
    void this.link.open({
      datagram: () => undefined,
      event: (event) => {
        if (event.type === 'unlinked') this.faults.push(`${event.relay}: ${event.reason}`)
        else this.events.push(event.type)
      },
    })
    this.network.advance(1)
  }
}

describe('a relay that has fallen silent', () => {
  it('is given up in time, however often the network may be another one', () => {
    const { link, network, events } = new World()
    for (let ms = 0; ms < 1500; ms += 100) {
      link.hurry()
      network.advance(100)
    }
    expect(events).toEqual(['unreachable'])
  })

  it('is doubted no more when it has said something, and anew after that', () => {
    const { link, network, events } = new World()
    link.hurry()
    network.advance(1400)
    network.says(writeSign('ping'))
    network.advance(1000)
    expect(events).toEqual([])
    link.hurry()
    network.advance(1500)
    expect(events).toEqual(['unreachable'])
  })
})

describe('a relay that is not there', () => {
  it('is called at once when the network may be another one, but not again and again', () => {
    const { link, network } = new World()
    network.isThere = false
    link.hurry()
    network.advance(10_000)
    const before = network.dialled.length
    for (let ms = 0; ms < 2500; ms += 50) {
      link.hurry()
      network.advance(50)
    }
    // At once, then after 50, 100, 200 and 400 ms, and after 500.
    expect(network.dialled.length - before).toBeLessThan(9)
    network.advance(3000)
    const again = network.dialled.length
    link.hurry()
    expect(network.dialled.length).toBe(again + 1)
  })

  it('is told of once for each reason, and anew when it was there meanwhile', () => {
    const { link, network, events, faults } = new World()
    const goes = (): void => {
      network.isThere = false
      link.hurry()
      network.advance(20_000)
    }
    goes()
    expect(faults).toEqual(['ws://relay.example: ECONNREFUSED'])
    network.fault = 'ENOTFOUND'
    network.advance(20_000)
    expect(faults.slice(1)).toEqual(['ws://relay.example: ENOTFOUND'])
    network.isThere = true
    network.advance(2600)
    expect(events).toEqual(['unreachable', 'reachable'])
    goes()
    expect(faults.slice(2)).toEqual(['ws://relay.example: ENOTFOUND'])
  })
})
