/**
 * Counts what repair takes against what was lost, stream by stream.
 *
 * Only what is missing may be asked for: a packet that all receivers lack raises a few questions
 * (RFC 5401), one that a single receiver lacks raises one, and a question or an answer that is lost
 * in its turn raises another. Who comes late asks without a loss for what was there before, and
 * again as long as answers come. And only what is asked for may be sent again, with a share of
 * parity that leaves unasked.
 */
import { type ControlRecord, readControl } from '../../bus/core/wire/control.ts'
import { eachMissing, type Nak } from '../../bus/core/wire/nak.ts'
import {
  bodyOf,
  type Header,
  Kind,
  LENGTH_SIZE,
  readHeader,
  splitDatagram,
} from '../../bus/core/wire/packet.ts'
import type { Act, Process } from './process.ts'
import { check } from './violation.ts'

/** What became of one stream. */
interface RepairCounts {
  /** Datagrams with its packets, repairs, parity or questions that a cable or a buffer has lost. */
  lost: number
  questions: number
  /** Packets that these asked for, each as often as it was. */
  asked: number
  /** Packets sent for the first time, sent again, and of parity. */
  sent: number
  repeats: number
  parity: number
  /** Who has asked. */
  readonly askers: Set<bigint>
}

type Transmit = Extract<Act, { readonly type: 'transmit' }>
type Account = RepairCounts & { highest: number }

export class RepairWatch {
  readonly #accountsByInstance = new Map<bigint, Map<number, Account>>()
  /** Questions in control packets, by the packet. */
  readonly #naksByPacket = new Map<string, readonly Nak[]>()

  /** What is sealed into a packet, and the packet's header. */
  onSeal(header: Uint8Array, body: Uint8Array): void {
    const { kind, instance, number } = headerOf(header)
    if (kind === Kind.control) this.#onControl(instance, number, body)
  }

  #onControl(instance: bigint, number: number, body: Uint8Array): void {
    const naks: Nak[] = []
    readControl(body, (record: ControlRecord) => {
      if (record.type === 'nak') naks.push({ ...record, missing: record.missing.slice() })
    })
    if (naks.length > 0) this.#naksByPacket.set(`${instance} ${number}`, naks)
  }

  onDatagram(process: Process, { to, datagram }: Transmit): void {
    const open = process.options.config.realm.root === undefined
    splitDatagram(datagram, (packet) => {
      const { kind, instance, stream, number } = readHeader(packet)
      if (kind === Kind.data) {
        const account = this.#of(instance, stream)
        if (number > account.highest) account.sent += 1
        else account.repeats += 1
        account.highest = Math.max(account.highest, number)
      } else if (kind === Kind.parity) this.#of(instance, stream).parity += 1
      else if (kind === Kind.control) {
        if (open) this.#onControl(instance, number, bodyOf(packet))
        // What the publisher is asked, the topic's group hears in a packet of its own.
        if (typeof to !== 'string' || to === controlGroupOf(process)) this.#count(instance, number)
      }
    })
  }

  onLost(datagram: Uint8Array): void {
    splitDatagram(datagram, (packet) => {
      const { kind, instance, stream, number } = readHeader(packet)
      if (kind === Kind.data || kind === Kind.parity) this.#of(instance, stream).lost += 1
      if (kind !== Kind.control) return
      for (const nak of this.#naksIn(instance, number)) this.#of(nak.target, nak.stream).lost += 1
    })
  }

  /** By publisher and number of the stream. */
  *[Symbol.iterator](): Generator<readonly [string, RepairCounts]> {
    for (const [instance, accounts] of this.#accountsByInstance) {
      for (const [stream, account] of accounts) yield [`${instance} ${stream}`, account]
    }
  }

  /** Throws a violation unless each stream keeps to what its losses allow; `late` came out of order. */
  check(late: number): void {
    for (const [stream, counts] of this) {
      const { lost, questions, asked, sent, repeats, parity, askers } = counts
      const answers = repeats + parity
      const vain = SPARE * Math.max(1, askers.size)
      const most = QUESTIONS_A_LOSS * (lost + late) + QUESTIONS_AN_ANSWER * answers + vain
      check(questions <= most, 'repair', () => {
        return `${stream}: ${questions} questions for ${lost} lost and ${answers} answers`
      })
      check(answers <= ANSWERS_A_PACKET * asked + UNASKED * sent + SPARE, 'repair', () => {
        return `${stream}: ${repeats} repeats and ${parity} of parity for ${asked} asked for`
      })
    }
  }

  #count(instance: bigint, number: number): void {
    for (const nak of this.#naksIn(instance, number)) {
      const account = this.#of(nak.target, nak.stream)
      account.questions += 1
      account.askers.add(instance)
      eachMissing(nak, () => {
        account.asked += 1
        return true
      })
    }
  }

  #naksIn(instance: bigint, number: number): readonly Nak[] {
    return this.#naksByPacket.get(`${instance} ${number}`) ?? []
  }

  #of(instance: bigint, stream: number): Account {
    let accounts = this.#accountsByInstance.get(instance)
    if (!accounts) this.#accountsByInstance.set(instance, (accounts = new Map()))
    let account = accounts.get(stream)
    if (!account) {
      const none = { lost: 0, questions: 0, asked: 0, sent: 0, repeats: 0, parity: 0, highest: 0 }
      account = { ...none, askers: new Set() }
      accounts.set(stream, account)
    }
    return account
  }
}

/** The header alone, as the nonce has it. */
function headerOf(nonce: Uint8Array): Header {
  return readHeader(new Uint8Array([...ZEROS, ...nonce]))
}

/** It is the first group that a peer joins. */
function controlGroupOf({ groups }: Process): string | undefined {
  const [first] = groups
  return first
}

const ZEROS = new Uint8Array(LENGTH_SIZE)
/** Of ten receivers that lack the same, 1.3 ask in the mean; a cable alone raises one question. */
const QUESTIONS_A_LOSS = 2
/** Of a slow publisher: whoever waits asks a few times in the time that its answers take. */
const QUESTIONS_AN_ANSWER = 2
/** Each packet that is asked for is sent again once, however many ask: that is all amplification. */
const ANSWERS_A_PACKET = 1
/** Parity that leaves unasked, for each packet. */
const UNASKED = 0.5
/**
 * In a world of few packets chance has its way; and each of those who lack what does not come asks
 * for it every half second.
 */
const SPARE = 20
