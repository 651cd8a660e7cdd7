/**
 * The relays that meet on a backbone: who is there, and what they say to each other.
 *
 * Whoever can write to the backbone can write anything, and again what somebody has said. So each
 * message proves the realm's control key, each number of a relay counts once, and who is heard first
 * is met only when it has answered a challenge: a recording of a relay that is gone never does.
 */
import { concat } from '../../bus/core/bytes.ts'
import type { Crypto } from '../../bus/core/env.ts'
import { sameMac } from '../../bus/core/seal/link-proof.ts'
import { ReplayWindow } from '../../bus/core/seal/replay.ts'
import type { Counters } from '../counters.ts'
import type { RelayKeys } from '../keys.ts'
import type { RelayLimits } from '../limits.ts'
import { Quota } from '../quota.ts'
import { readTrunkMessage, type TrunkRecord, writeTrunkRecord } from '../trunk-wire.ts'
import { BackboneKeys } from './keys.ts'
import {
  BACKBONE_NONCE_SIZE,
  type BackboneMessage,
  HERE_ASKS,
  type MessageKind,
  readBackboneMessage,
  writeBackboneMessage,
} from './message.ts'

export interface CircleOptions {
  readonly crypto: Crypto
  readonly keys: RelayKeys
  /** Random, of this start of the relay. */
  readonly id: bigint
  /** The scope's nibble in group addresses. */
  readonly scope: number
  readonly limits: Pick<RelayLimits, 'backboneRelays'>
  readonly counters: Counters
}

export interface CircleEvents {
  /** Writes to the backbone. */
  write(subject: string, message: Uint8Array): void
  random(size: number): Uint8Array
  /** That relay is there, and knows the realm's key. */
  met(relay: bigint): void
  lost(relay: bigint): void
  /** A relay that is met has said this. */
  record(relay: bigint, record: TrunkRecord): void
}

interface Met {
  readonly window: ReplayWindow
  heardAt: number
}

export class Circle {
  readonly #id: bigint
  readonly #keys: BackboneKeys
  readonly #own: string
  readonly #limits: Pick<RelayLimits, 'backboneRelays'>
  readonly #counters: Counters
  readonly #events: CircleEvents
  readonly #met = new Map<bigint, Met>()
  /** What was asked of relays that have not answered yet. */
  readonly #asked = new Map<bigint, { readonly nonce: Uint8Array; readonly at: number }>()
  readonly #quota = new Quota()
  #junk = 0
  #secondEnds = -Infinity
  #isUp = false
  #number = 0
  #saidAt = -Infinity

  constructor({ crypto, keys, id, scope, limits, counters }: CircleOptions, events: CircleEvents) {
    this.#id = id
    this.#keys = new BackboneKeys(crypto, keys, scope)
    this.#own = this.#keys.ofRelay(id)
    this.#limits = limits
    this.#counters = counters
    this.#events = events
  }

  /** Subjects that the relay hears as long as the backbone is there. */
  get subjects(): readonly string[] {
    return [this.#keys.all, this.#own]
  }

  subjectOf(group: string): string {
    return this.#keys.ofGroup(group)
  }

  /** The backbone can be used, and its subjects are heard. */
  up(now: number): void {
    this.#isUp = true
    this.#saidAt = now
    this.#write(this.#keys.all, 'here', Uint8Array.of(HERE_ASKS))
  }

  /** It is gone, and with it all who were met there. */
  down(): void {
    this.#isUp = false
    this.#asked.clear()
    for (const relay of this.#met.keys()) this.#lose(relay)
  }

  /** Tells all others that this relay goes. */
  leave(): void {
    if (this.#isUp) this.#write(this.#keys.all, 'bye')
    this.#isUp = false
  }

  /** Something has come to a subject. */
  hear(now: number, subject: string, bytes: Uint8Array): void {
    const message = readBackboneMessage(bytes)
    if (!message || !this.#isUp) return this.#counters.count('backboneForged')
    const { relay, epoch, number } = message
    if (relay === this.#id) return undefined
    const known = this.#met.get(relay)
    if (!this.#keys.knows(epoch)) return this.#counters.count('otherEpoch')
    if (known && known.window.check(number) !== 'new') {
      return this.#counters.count('backboneReplayed')
    }
    if (!this.#opens(now, subject, message)) return this.#counters.count('backboneForged')
    if (known) {
      known.window.accept(number)
      known.heardAt = now
    }
    this.#take(now, subject, message)
  }

  /** To one relay; 0: to all, or to those who want the group. */
  say(relay: bigint, record: TrunkRecord): void {
    if (this.#met.size === 0) return
    const { all } = this.#keys
    const everybody = record.type === 'group' ? this.#keys.ofGroup(record.group) : all
    const subject = relay === 0n ? everybody : this.#keys.ofRelay(relay)
    this.#write(subject, 'records', writeTrunkRecord(record))
  }

  /** Called several times a second. */
  tick(now: number): void {
    if (!this.#isUp) return
    if (now - this.#saidAt >= HERE_MS) {
      this.#saidAt = now
      this.#write(this.#keys.all, 'here', Uint8Array.of(0))
    }
    for (const [relay, { heardAt }] of this.#met) {
      if (now - heardAt > SILENCE_MS) this.#lose(relay)
    }
    for (const [relay, { at }] of this.#asked) {
      if (now - at > SILENCE_MS) this.#asked.delete(relay)
    }
  }

  #opens(now: number, subject: string, message: BackboneMessage): boolean {
    if (now >= this.#secondEnds) {
      this.#secondEnds = now + 1000
      this.#junk = 0
    }
    // So much of it costs the relay its time: then its segments and links come first.
    if (this.#junk >= JUNK_MAX) return false
    const opens = this.#keys.isProved(message.epoch, subject, message)
    if (!opens) this.#junk += 1
    return opens
  }

  #take(now: number, subject: string, { kind, relay, number, body }: BackboneMessage): void {
    const isOwn = subject === this.#own
    if (kind === 'challenge' && isOwn) this.#reply(now, relay, { kind: 'answer', body })
    if (kind === 'here' && body[0] === HERE_ASKS) {
      this.#reply(now, relay, { kind, body: Uint8Array.of(0) })
    }
    if (kind === 'bye') return this.#lose(relay)
    if (kind === 'answer')
      return isOwn ? this.#meet(now, { relay, number, nonce: body }) : undefined
    if (!this.#met.has(relay)) {
      if (kind === 'records') this.#counters.count('backboneStrangers')
      return this.#challenge(now, relay)
    }
    if (kind !== 'records') return undefined
    const isWhole = readTrunkMessage(body, (record) => {
      if (CARRIED.has(record.type)) this.#events.record(relay, record as TrunkRecord) // they are
    })
    if (!isWhole) this.#counters.count('backboneForged')
  }

  #challenge(now: number, relay: bigint): void {
    const asked = this.#asked.get(relay)
    if (asked && now - asked.at < AGAIN_MS) return undefined
    if (this.#met.size >= this.#limits.backboneRelays) return this.#counters.count('backboneFull')
    const nonce = this.#events.random(BACKBONE_NONCE_SIZE)
    this.#asked.delete(relay)
    this.#asked.set(relay, { nonce, at: now })
    if (this.#asked.size > ASKED_MAX) this.#forgetOldest()
    this.#write(this.#keys.ofRelay(relay), 'challenge', nonce)
  }

  #reply(
    now: number,
    relay: bigint,
    { kind, body }: { readonly kind: MessageKind; readonly body: Uint8Array },
  ): void {
    if (!this.#quota.takes(now, [[kind, REPLIES_MAX]])) return
    this.#write(this.#keys.ofRelay(relay), kind, body)
  }

  #meet(
    now: number,
    {
      relay,
      number,
      nonce,
    }: { readonly relay: bigint; readonly number: number; readonly nonce: Uint8Array },
  ): void {
    const asked = this.#asked.get(relay)
    if (!asked || !sameMac(asked.nonce, nonce)) return
    this.#asked.delete(relay)
    if (this.#met.has(relay) || this.#met.size >= this.#limits.backboneRelays) return
    this.#met.set(relay, { window: new ReplayWindow(number), heardAt: now })
    this.#counters.count('backboneMet')
    this.#events.met(relay)
  }

  #lose(relay: bigint): void {
    if (this.#met.delete(relay)) this.#events.lost(relay)
  }

  #forgetOldest(): void {
    for (const oldest of this.#asked.keys()) {
      this.#asked.delete(oldest)
      return
    }
  }

  #write(subject: string, kind: MessageKind, body: Uint8Array = NOTHING): void {
    this.#number += 1
    const { epoch } = this.#keys
    const about = { kind, epoch, relay: this.#id, number: this.#number, body }
    const message = writeBackboneMessage(about)
    this.#events.write(subject, concat(message, this.#keys.mac(subject, message)))
  }
}

/** What prunes and grafts, only trunks carry: here each hears what it has subscribed to. */
const CARRIED: ReadonlySet<string> = new Set(['group', 'instance', 'ask'])
const NOTHING = new Uint8Array(0)
/** So often each relay says that it is there. */
const HERE_MS = 1000
/** Who has not been heard for so long is gone; a busy host may be late by seconds. */
const SILENCE_MS = 10_000
/** A challenge that was not answered is said again. */
const AGAIN_MS = 1000
const ASKED_MAX = 256
/** Of each kind a second. */
const REPLIES_MAX = 256
/** Messages a second that prove nothing; at some 10 us each they cost little. */
const JUNK_MAX = 2000
