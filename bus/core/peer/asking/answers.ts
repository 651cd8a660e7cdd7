/**
 * The answering half of a peer: answers to what others ask, each to its asker alone.
 *
 * An answer is cut into direct packets, which share the pacer's rate and are sent again, byte for
 * byte, until the asker acknowledges them. That ends when its life is over, when nothing has been
 * acknowledged for long, or when the asker has gone: then the answer is given up, and counted.
 * Where later answers wait behind it the asker is told, so that they need not.
 */
import type { Context, Remote } from '../context.ts'
import type { Pacer } from '../publishing/pacer.ts'
import type { Answer, AnswerFault } from '../../publication.ts'
import { EpochKey } from '../../seal/epochs.ts'
import { RoundTrip } from '../../stream/round-trip.ts'
import type { Answered } from '../../wire/answered.ts'
import { Writer } from '../../wire/cursor.ts'
import { DIRECT_PREFIX_SIZE_MAX, DirectFlag, writeDirect } from '../../wire/direct.ts'
import type { Run } from '../../wire/gone.ts'
import { BODY_OFFSET, Kind } from '../../wire/packet.ts'

/** All that one asker is sent. */
interface Line {
  readonly asker: Remote
  readonly trip: RoundTrip
  /** Packets that have left, by number. */
  readonly unacknowledged: Map<number, Piece>
  /** By number of the stream that it has asked by. */
  readonly keyByStream: Map<number, EpochKey>
  /** The last answer that it may wait for. */
  lastId: number
}

interface Outgoing {
  readonly line: Line
  readonly id: number
  readonly previous: number
  readonly stream: number
  readonly topic: string
  readonly key: EpochKey
  readonly payload: Uint8Array
  /** Says that nothing will come. */
  readonly givenUp: boolean
  readonly pieces: readonly Piece[]
  /** Pieces that are not acknowledged. */
  left: number
  /** When it is of no use any more. */
  readonly endsAt: number
  /** When it first left, or something of it was last acknowledged. */
  triedAt: number
}

interface Piece {
  readonly offset: number
  /** 0 until it first leaves. */
  number: number
  times: number
  sentAt: number
  /** When it is sent (again); `Infinity`: it waits for its turn, or has come. */
  dueAt: number
  acknowledged: boolean
  of: Outgoing
}

export class Answers {
  readonly #context: Context
  readonly #pacer: Pacer
  readonly #lines = new Map<bigint, Line>()
  readonly #outgoing = new Set<Outgoing>()
  readonly #pieceSize: number
  /** When an acknowledgement last came. */
  acknowledgedAt: number = -Infinity
  #number = 0
  #id = 0
  #size = 0

  constructor(context: Context, pacer: Pacer) {
    this.#context = context
    this.#pacer = pacer
    const { config, keys } = context
    this.#pieceSize = config.packetSize - BODY_OFFSET - keys.overhead - DIRECT_PREFIX_SIZE_MAX
  }

  /** The last number of a direct packet that was given out. */
  get number(): number {
    return this.#number
  }

  /** Bytes that wait to be sent or acknowledged. */
  get size(): number {
    return this.#size
  }

  /** Who has still to acknowledge something. */
  get awaited(): ReadonlySet<Remote> {
    return new Set([...this.#outgoing].map(({ line }) => line.asker))
  }

  /** Takes an answer, or says what forbids it; then nothing has happened. */
  answer(now: number, answer: Answer): AnswerFault {
    const { limits, metrics, roster, keys } = this.#context
    const { to, stream, payload, spreadMs, lifeMs } = answer
    const asker = roster.get(to)
    const binding = asker?.bindings.get(stream)
    if (!asker || !binding || !keys.opens(binding.topic)) return 'gone'
    if (this.#size + chargeOf(payload) > limits.answersSize) {
      metrics.count('answersFull')
      return 'queue'
    }
    metrics.count('answersSent')
    const line = this.#lineTo(asker, stream)
    const startsAt = spreadMs > 0 ? now + this.#context.unit() * spreadMs : now
    const previous = line.lastId
    line.lastId = this.#id += 1
    const { topic } = binding
    const key = this.#keyOf(line, stream, topic)
    const about = { line, id: this.#id, previous, stream, topic, key, endsAt: now + lifeMs }
    // A copy: it stays here past the program's turn.
    this.#add(now, startsAt, { ...about, payload: new Uint8Array(payload), givenUp: false })
    this.#pacer.pump(now)
    return undefined
  }

  /** Some packets have come to their asker. */
  onAnswered(now: number, remote: Remote, { entries }: Answered): void {
    const line = this.#lines.get(remote.instance)
    const own = entries.filter(({ answerer }) => answerer === this.#context.self.instance)
    for (const run of own.flatMap(({ runs }) => runs)) {
      // Nobody can have what was not sent.
      if (run.first + run.count - 1 > this.#number) this.#context.reject('malformed')
      else if (line) for (const piece of named(line, run)) this.#acknowledge(now, line, piece)
    }
  }

  /** An asker has gone: what it was to be told is of no use. */
  forget(instance: bigint): void {
    this.#lines.delete(instance)
    for (const one of this.#outgoing) {
      if (one.line.asker.instance === instance) this.#giveUp(one)
    }
  }

  /** Nothing is sent any more. */
  end(): void {
    for (const one of this.#outgoing) this.#giveUp(one)
  }

  /** The `answer` timer: what is due leaves as the pacer allows. */
  onTimer(now: number): void {
    let next = Infinity
    for (const one of this.#outgoing) {
      if (now >= this.#overAt(one)) {
        this.#giveUp(one)
        this.#tell(now, one)
        continue
      }
      for (const piece of one.pieces) {
        if (piece.dueAt <= now) this.#enqueue(now, piece)
        next = Math.min(next, piece.dueAt)
      }
      next = Math.min(next, this.#overAt(one))
    }
    if (next < Infinity) this.#context.timers.setBefore('answer', Math.max(next, now + TICK_MS))
    this.#pacer.pump(now)
  }

  #lineTo(asker: Remote, stream: number): Line {
    let line = this.#lines.get(asker.instance)
    if (line) return line
    const { rttMs } = asker.inflows.get(stream)?.receiver.options.timing ?? {}
    const trip = new RoundTrip(rttMs)
    line = { asker, trip, unacknowledged: new Map(), keyByStream: new Map(), lastId: 0 }
    this.#lines.set(asker.instance, line)
    return line
  }

  #keyOf({ asker, keyByStream }: Line, stream: number, topic: string): EpochKey {
    const known = keyByStream.get(stream)
    if (known) return known
    const { self } = this.#context
    const key = new EpochKey((keys) => keys.directKeyOf(asker.sender, topic, self))
    if (keyByStream.size >= KEYS_MAX) keyByStream.clear()
    keyByStream.set(stream, key)
    return key
  }

  #add(now: number, startsAt: number, about: Omit<Outgoing, 'pieces' | 'left' | 'triedAt'>): void {
    const pieces: Piece[] = []
    const one: Outgoing = { ...about, pieces, left: 0, triedAt: Infinity }
    const rest = { number: 0, times: 0, sentAt: 0, dueAt: startsAt, acknowledged: false, of: one }
    for (let offset = 0; offset === 0 || offset < one.payload.length; offset += this.#pieceSize) {
      pieces.push({ ...rest, offset })
    }
    one.left = pieces.length
    this.#outgoing.add(one)
    this.#size += chargeOf(one.payload)
    if (startsAt <= now) for (const piece of pieces) this.#enqueue(now, piece)
    this.#context.timers.setBefore('answer', Math.min(pieces[0]!.dueAt, one.endsAt))
  }

  #enqueue(now: number, piece: Piece): void {
    const { asker } = piece.of.line
    const taken = this.#pacer.answer(`${asker.instance}`, {
      get to() {
        return asker.endpoint
      },
      packet: () => (this.#isWanted(piece) ? this.#seal(piece) : undefined),
      left: (at) => this.#left(at, piece),
    })
    piece.dueAt = taken ? Infinity : now + FULL_MS
  }

  #isWanted(piece: Piece): boolean {
    return !piece.acknowledged && this.#outgoing.has(piece.of)
  }

  /** The bytes depend on the number and the epoch alone: what is sent again is the same packet. */
  #seal(piece: Piece): Uint8Array | undefined {
    const { keys, sealer } = this.#context
    const { id, previous, stream, topic, key, payload, givenUp } = piece.of
    // The keys that a guest has of another epoch need not be those of before.
    if (!keys.opens(topic)) return undefined
    const bytes = payload.subarray(piece.offset, piece.offset + this.#pieceSize)
    if (piece.number === 0) piece.number = this.#number += 1
    const body = writeDirect(new Writer(DIRECT_PREFIX_SIZE_MAX + bytes.length), {
      id,
      previous,
      totalSize: payload.length,
      offset: piece.offset,
      bytes,
    })
    const flags = givenUp ? DirectFlag.givenUp : 0
    const header = { kind: Kind.direct, flags, stream, number: piece.number }
    return sealer.seal(header, body, key.of(keys))
  }

  #left(now: number, piece: Piece): void {
    const { of: one, number } = piece
    if (piece.times > 0) this.#context.metrics.count('answersResent')
    piece.times += 1
    piece.sentAt = now
    if (!this.#isWanted(piece)) return
    one.triedAt = Math.min(one.triedAt, now)
    one.line.unacknowledged.set(number, piece)
    piece.dueAt = now + one.line.trip.patience(piece.times)
    this.#context.timers.setBefore('answer', piece.dueAt)
  }

  #acknowledge(now: number, line: Line, piece: Piece): void {
    const { of: one } = piece
    line.unacknowledged.delete(piece.number)
    if (piece.times === 1) line.trip.measured(now - piece.sentAt)
    piece.acknowledged = true
    piece.dueAt = Infinity
    one.triedAt = now
    this.acknowledgedAt = now
    one.left -= 1
    if (one.left === 0) this.#drop(one)
  }

  #overAt({ endsAt, triedAt }: Outgoing): number {
    return Math.min(endsAt, triedAt + this.#context.limits.answerAge)
  }

  #giveUp(one: Outgoing): void {
    if (!one.givenUp) this.#context.metrics.count('answersGivenUp')
    this.#drop(one)
  }

  #drop(one: Outgoing): void {
    if (!this.#outgoing.delete(one)) return
    this.#size -= chargeOf(one.payload)
    for (const { number } of one.pieces) one.line.unacknowledged.delete(number)
  }

  /** Answers behind one that was given up must not wait for it. */
  #tell(now: number, one: Outgoing): void {
    const { line, id, previous } = one
    if (one.givenUp) return
    // Where there are none, the next one does not name it.
    if (line.lastId === id) line.lastId = previous
    else this.#add(now, now, { ...one, payload: NOTHING, givenUp: true, endsAt: Infinity })
  }
}

/** The packets of a run that this asker has still to acknowledge, however long the run may be. */
function named({ unacknowledged }: Line, { first, count }: Run): Piece[] {
  if (count > unacknowledged.size) {
    return [...unacknowledged.values()].filter(({ number }) => {
      return number >= first && number < first + count
    })
  }
  const pieces: Piece[] = []
  for (let number = first; number < first + count; number++) {
    const piece = unacknowledged.get(number)
    if (piece) pieces.push(piece)
  }
  return pieces
}

/** What an answer costs, however small it is. */
function chargeOf(payload: Uint8Array): number {
  return payload.length + ANSWER_COST
}

const NOTHING = new Uint8Array(0)
const ANSWER_COST = 256
/** Keys of one asker's streams that are remembered. */
const KEYS_MAX = 64
/** The timer is no finer than this. */
const TICK_MS = 1
/** When the pacer has no room. */
const FULL_MS = 20
