/** The numbers that a receiver misses, as ranges in order, each with its time to ask. */
import { mark, NAK_SPAN, type Nak, names } from '../wire/nak.ts'

/** Packets `from` to `to` are missing. */
export interface Hole {
  readonly from: number
  readonly to: number
  /** When they were missed, ms of the driver's clock. */
  readonly shownAt: number
  /** When they are asked for. */
  readonly dueAt: number
  /** When they were last asked for, or `-Infinity`. */
  readonly askedAt: number
  /** Times that this receiver has asked for them while others came. */
  readonly asks: number
}

/** What is asked for at one time. */
export interface Ask {
  readonly first: number
  readonly missing: Uint8Array
  /** When the oldest of it was missed. */
  readonly shownAt: number
}

/** A question for missing packets, and whom to ask. */
export interface Question extends Ask {
  /** Only the publisher is asked, and answers only this receiver. */
  readonly solo: boolean
  /** Unicast has not helped: the question goes to everybody. */
  readonly toAll: boolean
  /** Of each block as many packets are named as symbols lack: parity will do. */
  readonly parity: boolean
  /** They are here, but nothing vouches for them: what does is asked for. */
  readonly proof?: boolean
}

export interface AskRules {
  /** What lies behind this number is of no use yet. */
  readonly last: number
  /** When what is asked for now is asked for again. */
  readonly againAt: number
  /** Other packets do come: what has been asked for often is asked for later than that. */
  readonly flowing: boolean
  /** What is due within this time is asked for as well. */
  readonly soonMs: number
  /** The same, of what has been asked for before. */
  readonly againSoonMs: number
  /** So is whatever else is missing of a block of so many packets. */
  readonly block: number
  /** Which blocks parity mends, by their first packets: they are not asked for with others. */
  readonly mendable: (base: number) => boolean
}

export class Holes {
  /** What was last asked for comes in order, unlike what parity mends. */
  inOrder = true
  #holes: Hole[] = []
  /** Never later than the earliest due time. */
  #dueAt = Infinity
  /** The last packet that came because it was asked for, and when. */
  #flowed = 0
  #flowedAt = -Infinity

  get first(): Hole | undefined {
    return this.#holes[0]
  }

  /** Ranges held. */
  get count(): number {
    return this.#holes.length
  }

  /** When something may be due, or `Infinity`. */
  get dueAt(): number {
    return this.#dueAt
  }

  /** Packets behind all others known are missing. */
  show(hole: Omit<Hole, 'askedAt' | 'asks'>): void {
    this.#holes.push({ ...hole, ...UNASKED })
    this.#dueAt = Math.min(this.#dueAt, hole.dueAt)
  }

  /** A packet that had come was none: it is asked for at once. */
  reopen(now: number, number: number): void {
    const hole = { from: number, to: number, shownAt: now, dueAt: now, ...UNASKED }
    this.#holes.splice(this.#find(number), 0, hole)
    this.#dueAt = Math.min(this.#dueAt, now)
  }

  /** What lies from `number` on is not missed any more. */
  dropFrom(number: number): void {
    this.#holes = this.#holes
      .filter(({ from }) => from < number)
      .map((hole) => ({ ...hole, to: Math.min(hole.to, number - 1) }))
    this.#settle()
  }

  /** A packet has come: returns the hole that it was in. */
  fill(now: number, number: number): Hole | undefined {
    const at = this.#find(number)
    const hole = this.#holes[at]
    if (!hole || hole.from > number) return undefined
    const before = hole.from < number ? [{ ...hole, to: number - 1 }] : []
    const behind = hole.to > number ? [{ ...hole, from: number + 1 }] : []
    this.#holes.splice(at, 1, ...before, ...behind)
    if (hole.askedAt > -Infinity) {
      this.#flowed = number
      this.#flowedAt = now
    }
    this.#settle()
    return hole
  }

  /** The missing numbers from `first` to `last`. */
  within(first: number, last: number): number[] {
    const numbers: number[] = []
    for (let at = this.#find(first); at < this.#holes.length; at++) {
      const { from, to } = this.#holes[at]!
      if (from > last) break
      const end = Math.min(to, last)
      for (let number = Math.max(from, first); number <= end; number++) numbers.push(number)
    }
    return numbers
  }

  /** What lies below `number` is not missed any more. */
  dropBelow(number: number): void {
    const at = this.#find(number)
    const rest = this.#holes.slice(at)
    const cut = rest[0]
    if (cut && cut.from < number) rest[0] = { ...cut, from: number }
    this.#holes = rest
    this.#settle()
  }

  clear(): void {
    this.#holes = []
    this.#dueAt = Infinity
  }

  /**
   * Gathers what is due, up to number `last`, as one question; it is due again at `againAt`. What
   * is due soon comes along. What lies too far from the first of it stays due.
   */
  ask(now: number, rules: AskRules): Ask | undefined {
    const { last, againAt, flowing, soonMs, againSoonMs, block, mendable } = rules
    if (now < this.#dueAt) return undefined
    if (this.inOrder) this.#await(now, againAt - now)
    const isSoon = ({ dueAt, askedAt }: Hole): boolean => {
      return dueAt <= now + (askedAt > -Infinity ? againSoonMs : soonMs)
    }
    const due = this.#holes.find(({ dueAt, from }) => dueAt <= now && from <= last)
    if (!due) {
      this.#recount(now, last, againAt)
      return undefined
    }
    const kinds = new Map<number, boolean>()
    const kindOf = ({ from }: Hole): boolean => {
      const base = blockFrom(from, block)
      const kind = kinds.get(base) ?? mendable(base)
      kinds.set(base, kind)
      return kind
    }
    const kind = kindOf(due)
    const whole = new Set<number>()
    for (const hole of this.#holes) {
      if (!isSoon(hole) || kindOf(hole) !== kind) continue
      whole.add(blockFrom(hole.from, block)).add(blockFrom(hole.to, block))
    }
    const along = (hole: Hole): boolean => {
      return whole.has(blockFrom(hole.from, block)) && kindOf(hole) === kind
    }
    // Where nothing comes, what lies before it comes along too: rounds that began apart are one.
    const reach = flowing ? due.from : Math.max(1, due.from - NAK_SPAN + 1)
    const start = Math.min(blockFrom(due.from, block), reach)
    const first = this.#holes.find((hole) => hole.to >= start && along(hole))!.from
    const end = Math.min(last, first + NAK_SPAN - 1)
    const missing = new Uint8Array(NAK_SPAN / 8)
    let shownAt = Infinity
    let highest = first
    const asked: Hole[] = []
    for (const hole of this.#holes) {
      if (!along(hole) || hole.from < first || hole.from > end) {
        asked.push(hole)
        continue
      }
      const to = Math.min(hole.to, end)
      for (let number = hole.from; number <= to; number++) mark(missing, number - first)
      const asks = hole.asks + (flowing ? 1 : 0)
      const waitMs = flowing ? againMs(againAt - now, asks) : againAt - now
      asked.push({ ...hole, to, dueAt: now + waitMs, askedAt: now, asks })
      if (hole.to > to) asked.push({ ...hole, from: to + 1 })
      shownAt = Math.min(shownAt, hole.shownAt)
      highest = to
    }
    this.#holes = asked
    this.#recount(now, last, againAt)
    return { first, missing: missing.subarray(0, ((highest - first) >>> 3) + 1), shownAt }
  }

  /**
   * Somebody else has asked: what is `covered` by the question waits for the answer until
   * `againAt`, unless it has waited too long already. Returns whether a question was saved.
   */
  overheard(now: number, againAt: number, covered: (hole: Hole) => boolean): boolean {
    let saved = false
    let left = false
    this.#holes = this.#holes.map((hole) => {
      if (hole.dueAt >= againAt) return hole
      const waited = now - hole.shownAt > OVERHEAR_MS
      if (waited || !covered(hole)) {
        left = true
        return hole
      }
      saved = true
      return { ...hole, dueAt: againAt, askedAt: now }
    })
    this.#dueAt = this.#earliest
    return saved && !left
  }

  /** Everything gets its full time again, from `now`, and is asked for at `dueAt` at the earliest. */
  postpone(now: number, dueAt: number): void {
    this.#holes = this.#holes.map((hole) => {
      return { ...hole, shownAt: Math.max(now, hole.shownAt), dueAt: Math.max(dueAt, hole.dueAt) }
    })
    this.#dueAt = this.#earliest
  }

  /** What is missing of a range is missed since `now`: that it was missing was not certain before. */
  restamp(from: number, to: number, now: number): void {
    const last = this.#holes.at(-1)
    if (!last || last.to < from) return
    this.#holes = this.#holes.flatMap((hole) => {
      if (hole.to < from || hole.from > to) return [hole]
      const before = hole.from < from ? [{ ...hole, to: from - 1 }] : []
      const behind = hole.to > to ? [{ ...hole, from: to + 1 }] : []
      const inner = { from: Math.max(from, hole.from), to: Math.min(to, hole.to) }
      return [...before, { ...hole, ...inner, shownAt: now }, ...behind]
    })
  }

  /** What has not been asked for yet, up to number `last`, is due at `dueAt` at the latest. */
  hurry(last: number, dueAt: number): void {
    this.#retime(({ to, askedAt }) => to <= last && askedAt === -Infinity, Math.min, dueAt)
  }

  /** What is missing in a range is due at `dueAt`. */
  renew(from: number, last: number, dueAt: number): void {
    this.#retime(
      (hole) => hole.to >= from && hole.from <= last,
      (_, due) => due,
      dueAt,
    )
  }

  #retime(
    those: (hole: Hole) => boolean,
    choose: (a: number, b: number) => number,
    dueAt: number,
  ): void {
    this.#holes = this.#holes.map((hole) => {
      return those(hole) ? { ...hole, dueAt: choose(hole.dueAt, dueAt) } : hole
    })
    this.#dueAt = this.#earliest
  }

  /** Answers come in order: what was asked for behind the last one is still on its way. */
  #await(now: number, roundMs: number): void {
    const until = this.#flowedAt + roundMs
    if (until <= now) return
    this.#holes = this.#holes.map((hole) => {
      const waits = hole.from > this.#flowed && hole.askedAt > -Infinity && hole.dueAt <= now
      return waits ? { ...hole, dueAt: until } : hole
    })
  }

  get #earliest(): number {
    let earliest = Infinity
    for (const { dueAt } of this.#holes) if (dueAt < earliest) earliest = dueAt
    return earliest
  }

  /** What `last` holds back looks again at `laterAt`. */
  #recount(now: number, last: number, laterAt: number): void {
    this.#dueAt = Infinity
    for (const { from, dueAt } of this.#holes) {
      const at = from > last && dueAt <= now ? laterAt : dueAt
      if (at < this.#dueAt) this.#dueAt = at
    }
  }

  #settle(): void {
    if (this.#holes.length === 0) this.#dueAt = Infinity
  }

  /** Place of the first hole that does not end below `number`. */
  #find(number: number): number {
    let low = 0
    let high = this.#holes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#holes[middle]!.to < number) low = middle + 1
      else high = middle
    }
    return low
  }
}

/**
 * How long to wait for what has been asked for so often, where an answer takes `roundMs`: the answer
 * may be behind much else that its publisher has to send.
 */
function againMs(roundMs: number, asks: number): number {
  const slow = ((roundMs * (asks - 2)) / 2) * SLOWER ** Math.max(0, asks - PATIENT_ASKS)
  return Math.max(roundMs, Math.min(AGAIN_MAX_MS, slow))
}

/** The first packet of the block of so many packets that a packet is in. */
function blockFrom(number: number, block: number): number {
  return number - ((number - 1) % block)
}

/** Whether a question names all of a range. */
export function covers(nak: Pick<Nak, 'first' | 'missing'>, { from, to }: Hole): boolean {
  if (from < nak.first || to >= nak.first + nak.missing.length * 8) return false
  for (let number = from; number <= to; number++) if (!names(nak, number)) return false
  return true
}

const UNASKED = { askedAt: -Infinity, asks: 0 }
/** What is asked for in vain is asked for this often at least. */
const AGAIN_MAX_MS = 500
/** From so many questions on each wait is that much longer than the one before. */
const PATIENT_ASKS = 6
const SLOWER = 1.25
/** Others are relied on for so long: who names a hole again and again must not keep it open. */
const OVERHEAR_MS = 1000
