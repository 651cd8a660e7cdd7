/**
 * Passes pages on: whoever has the newest one gives it to those who have slept.
 *
 * A packet of an older epoch makes a peer say the head of its page; a head, or a packet of a newer
 * epoch, makes one ask. All of it goes to the control group, so that what one asks for serves many,
 * and is sealed with a key that everybody has who was ever a member. Whoever is to answer waits for
 * a random moment, and does not say what somebody else has said. An ask names at most three parts
 * and is as large as one of them, so nobody gets more than three times what it sends out of a peer.
 */
import type { Context } from '../context.ts'
import type { GoodHead, Pages } from './pages.ts'
import type { Endpoint } from '../../output.ts'
import { Recent } from '../../recent.ts'
import { Backoff } from '../../service/backoff.ts'
import { Fair } from '../../service/fair.ts'
import { answerDelay } from '../../service/presence.ts'
import { TokenBucket } from '../../stream/pace.ts'
import { type Header, Kind, NUMBER_MAX, readHeader } from '../../wire/packet.ts'
import { type PageTalk, readPageTalk, writePageTalk } from '../../wire/page-talk.ts'

interface Fetch extends GoodHead {
  readonly parts: (Uint8Array | undefined)[]
  readonly since: number
}

export class PageGossip {
  readonly #context: Context
  readonly #pages: Pages
  /** Nonces of packets seen lately: those sent again are answered once. */
  readonly #seen = new Recent(SEEN_MAX)
  /** What others are to be told: -1 is the head, else the number of a part. */
  readonly #due = new Set<number>()
  /** When each of these was last said, by anybody. */
  readonly #saidAt = new Map<number, number>()
  #answerAt = Infinity
  readonly #sleepers: Backoff
  #fetch: Fetch | undefined
  /** When packets of a newer epoch were first heard, whose page has not come. */
  #behindSince: number | undefined
  #behindEpoch = 0
  #askAt = Infinity
  #askMs = ASK_MS
  #askedAt = -Infinity
  #toldAt = -Infinity
  #answers = 0
  #secondEnds = 0
  /** Heads that may be verified now, more of which come all the time. */
  readonly #turns = new TokenBucket(TURNS_A_SECOND, TURNS_MAX, 0)
  /** Heads that have to wait for that, and until when. */
  readonly #heads: Fair<Uint8Array>
  #headsAt = Infinity
  /** When the own page is said again unasked, the next time last. */
  #sayAgainAt: number[] = []

  constructor(context: Context, pages: Pages) {
    this.#context = context
    this.#pages = pages
    this.#sleepers = new Backoff(context.limits.peers)
    this.#heads = new Fair(HEADS_MAX, () => context.unit())
  }

  /** When `onTimer` has something to do, or `Infinity`. */
  get deadline(): number {
    return Math.min(this.#answerAt, this.#askAt, this.#headsAt, this.#sayAgainAt.at(-1) ?? Infinity)
  }

  /** Who begins, and hears nobody, may have slept: others may have said before what they know. */
  begin(now: number): void {
    this.#askAt = now + ALONE_MS
  }

  /** A page has come, or the peer begins: others may not have it. */
  announce(now: number): void {
    this.#saidAt.clear()
    if (this.#fetch && this.#fetch.head.epoch <= this.#pages.newest) this.#settle()
    if (this.#pages.newest >= this.#behindEpoch) this.#settle()
    if (!this.#pages.held) return
    this.#answer(now, [HEAD], ANNOUNCED_MS)
    this.#sayAgainAt = SAY_AGAIN_MS.map((ms) => now + ms)
  }

  /** Somebody seals with the keys of another epoch. */
  heard(now: number, { epoch, instance }: Header): void {
    if (epoch > this.#pages.newest) return this.#lags(now, epoch)
    const asleep = epoch < (this.#pages.held?.head.epoch ?? 0)
    if (asleep && this.#sleepers.allow(now, instance)) this.#answer(now, [HEAD], ANNOUNCED_MS)
  }

  onPacket(now: number, packet: Uint8Array, { address }: Endpoint): void {
    const { sealer, keys } = this.#context
    const { instance, stream, number } = readHeader(packet)
    const nonce = `${instance} ${stream} ${number}`
    if (this.#seen.has(nonce)) return this.#context.metrics.count('duplicate')
    const body = sealer.open(packet, keys.pages)
    if (!body) return this.#context.reject('forged')
    this.#seen.add(nonce)
    const talk = readPageTalk(body)
    if (!talk) return this.#context.reject('malformed')
    if (talk.type === 'ask') return this.#onAsk(now, talk)
    if (talk.type === 'head') return this.#onHead(now, talk.head, address)
    this.#onPart(now, talk)
  }

  onTimer(now: number): void {
    this.#second(now)
    this.#verifyWaiting(now)
    if ((this.#sayAgainAt.at(-1) ?? Infinity) <= now) {
      this.#sayAgainAt.pop()
      this.#answer(now, [HEAD], HOLD_MS)
    }
    if (this.#answerAt <= now) this.#sayDue(now)
    if (this.#askAt <= now) this.#ask(now)
  }

  #onAsk(now: number, ask: Extract<PageTalk, { type: 'ask' }>): void {
    const { held } = this.#pages
    if (ask.epoch > this.#pages.newest) return this.#lags(now, ask.epoch)
    // Somebody else asks for what this peer lacks as well: the answer goes to both.
    const fetch = this.#fetch
    const same = fetch ? ask.page === fetch.id : ask.page === 0n
    if (same && this.#askAt < Infinity) this.#askAt = Math.max(this.#askAt, now + this.#askMs)
    if (!held || held.head.epoch <= ask.epoch) return
    if (ask.page !== held.id) return this.#answer(now, [HEAD], HOLD_MS)
    const wanted = ask.wanted.filter((index) => index < held.parts.length).slice(0, ASK_PARTS)
    this.#answer(now, wanted, HOLD_MS)
  }

  #onHead(now: number, bytes: Uint8Array, source: string): void {
    const weighed = this.#pages.weigh(bytes)
    if (!weighed) return
    const { id, worth } = weighed
    if (id === this.#pages.held?.id) this.#said(now, HEAD)
    if (worth === 'stale') {
      this.#context.reject('pageStale')
      return this.#answer(now, [HEAD], ANNOUNCED_MS)
    }
    if (worth === 'own' || id === this.#fetch?.id) return
    if (this.#heads.size === 0 && this.#turns.take(now, 1)) return this.#verify(bytes)
    if (!this.#heads.add(source, bytes.slice())) this.#context.metrics.count('pageBudget')
    this.#headsAt = this.#turns.when(now, 1)
  }

  /** Heads that many have sent take turns, or whoever sends most would keep the true one out. */
  #verifyWaiting(now: number): void {
    while (this.#heads.size > 0 && this.#turns.when(now, 1) <= now) {
      const bytes = this.#heads.take()!
      const weighed = this.#pages.weigh(bytes)
      const isNews = weighed?.worth === 'news' && weighed.id !== this.#fetch?.id
      if (isNews && this.#turns.take(now, 1)) this.#verify(bytes)
    }
    this.#headsAt = this.#heads.size > 0 ? this.#turns.when(now, 1) : Infinity
  }

  #verify(bytes: Uint8Array): void {
    this.#pages.verify(bytes, (at, good) => this.#begin(at, good))
  }

  #begin(now: number, good: GoodHead): void {
    const { head, id } = good
    if (id === this.#pages.held?.id || id === this.#fetch?.id) return
    this.#context.lag.proves(head.epoch)
    if (this.#fetch && this.#fetch.head.epoch >= head.epoch) return
    const parts = head.hashes.map(() => undefined)
    this.#fetch = { ...good, parts, since: now }
    this.#askMs = ASK_MS
    this.#askAt = now + this.#delay()
  }

  #onPart(now: number, { page, index, part }: Extract<PageTalk, { type: 'part' }>): void {
    if (page === this.#pages.held?.id) return this.#said(now, index)
    const fetch = this.#fetch
    if (!fetch || page !== fetch.id || fetch.parts[index]) return
    if (!this.#pages.isPart(fetch, index, part)) return this.#context.reject('pageForged')
    fetch.parts[index] = part.slice()
    this.#askMs = ASK_MS
    const parts = fetch.parts.filter((one) => one !== undefined)
    if (parts.length < fetch.parts.length) {
      this.#askAt = Math.min(this.#askAt, now + ASK_MS + this.#delay())
      return
    }
    this.#settle()
    this.#pages.take(now, fetch, parts)
  }

  /** Others are in an epoch that this peer has no key of. */
  #lags(now: number, epoch: number): void {
    if (epoch <= this.#pages.newest) return
    this.#context.lag.hears(now, epoch)
    this.#behindEpoch = Math.max(this.#behindEpoch, epoch)
    this.#behindSince ??= now
    if (!this.#fetch && this.#askAt === Infinity) {
      this.#askAt = Math.max(now, this.#askedAt + this.#askMs) + this.#delay()
    }
    const alone = this.#context.roster.size === 0
    if (!alone || now < this.#behindSince + BEHIND_MS || now < this.#toldAt + TOLD_MS) return
    this.#toldAt = now
    this.#context.emit({ type: 'epoch', state: 'behind', epoch: this.#behindEpoch })
  }

  #ask(now: number): void {
    const fetch = this.#fetch
    const isSure = !fetch && this.#behindSince === undefined && this.#context.roster.size > 0
    if (isSure) {
      this.#askAt = Infinity
      return
    }
    const missing = fetch ? [...fetch.parts.keys()].filter((i) => !fetch.parts[i]) : []
    this.#askedAt = now
    this.#askMs = Math.min(fetch ? SURE_MAX_MS : ASK_MAX_MS, this.#askMs * 2)
    // Without a head it is for others to be heard again: nothing is asked for on one packet's word.
    this.#askAt = fetch ? now + this.#askMs : Infinity
    const wanted = missing.slice(0, ASK_PARTS)
    this.#say({ type: 'ask', epoch: this.#pages.newest, page: fetch?.id ?? 0n, wanted })
  }

  #answer(now: number, items: readonly number[], holdMs: number): void {
    for (const item of items) {
      if (now >= (this.#saidAt.get(item) ?? -Infinity) + holdMs) this.#due.add(item)
    }
    if (this.#due.size > 0) this.#answerAt = Math.min(this.#answerAt, now + this.#delay())
  }

  #sayDue(now: number): void {
    this.#answerAt = Infinity
    const { held } = this.#pages
    for (const item of held ? this.#due : []) {
      if (this.#answers >= ANSWERS_MAX) {
        this.#context.metrics.count('pageBudget')
        break
      }
      this.#answers += 1
      const part = held?.parts[item]
      if (item === HEAD) this.#say({ type: 'head', head: held!.bytes })
      else if (part) this.#say({ type: 'part', page: held!.id, index: item, part })
      this.#saidAt.set(item, now)
    }
    this.#due.clear()
  }

  #said(now: number, item: number): void {
    this.#saidAt.set(item, now)
    this.#due.delete(item)
  }

  #say(talk: PageTalk): void {
    const { env, sealer, keys, controlGroup, metrics } = this.#context
    const random = env.random(10)
    const view = new DataView(random.buffer, random.byteOffset, random.byteLength)
    const number = (view.getUint16(4) * 0x100000000 + view.getUint32(6)) % NUMBER_MAX
    const id = { kind: Kind.page, flags: 0, stream: view.getUint32(0), number }
    metrics.count('pagesSent')
    this.#context.transmit(controlGroup, sealer.seal(id, writePageTalk(talk), keys.pages))
  }

  /** Nothing is lacking any more. */
  #settle(): void {
    this.#fetch = undefined
    this.#behindSince = undefined
    this.#askAt = Infinity
    this.#askMs = ASK_MS
  }

  #delay(): number {
    return answerDelay(this.#context.roster.size, this.#context.unit())
  }

  #second(now: number): void {
    if (now < this.#secondEnds) return
    this.#secondEnds = now + 1000
    this.#answers = 0
  }
}

const HEAD = -1
/** Parts that one ask names. */
const ASK_PARTS = 3
/** So long after its start a peer that has met nobody asks whether there is a newer page. */
const ALONE_MS = 100
/** The wait for an answer, at first and at most, and for a page that the owner has signed. */
const ASK_MS = 100
const ASK_MAX_MS = 4000
const SURE_MAX_MS = 1000
/** What somebody has said within this time is not said again, to who asks and unasked. */
const HOLD_MS = 50
const ANNOUNCED_MS = 1000
/** Who has a page says its head again after so long, last first: a rotation is rare, loss is not. */
const SAY_AGAIN_MS = [6000, 3000, 1500, 700, 250]
/** Packets a second that tell others of a page. */
const ANSWERS_MAX = 100
/** Heads that are verified at once, and each second; and those that wait for it. */
const TURNS_MAX = 10
const TURNS_A_SECOND = 50
const HEADS_MAX = 64
/** Somebody who is alone for so long, though a newer epoch is heard, is told so. */
const BEHIND_MS = 10_000
const TOLD_MS = 60_000
const SEEN_MAX = 1024
