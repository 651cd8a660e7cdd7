/** A plain list of who has what of a shared stream, played beside the shares: both must agree. */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { GIVEN_MAX } from '../../../../bus/core/stream/seat.ts'
import { Shares, WINDOW_MIN } from '../../../../bus/core/stream/shares.ts'
import type { Chosen } from '../../../../bus/core/wire/share.ts'

export interface Step {
  readonly what: 'publish' | 'ask' | 'confirm' | 'leave' | 'forget' | 'expire' | 'wait'
  readonly group: number
  readonly member: number
  readonly size: number
  readonly again: boolean
}

interface Entry {
  readonly first: number
  /** Index that it was given with; -1: it waits. */
  index: number
  seat: number
}

interface SeatModel {
  readonly member: number
  readonly seat: number
  again: boolean
  confirmed: boolean
  window: number
}

/** One group as a list of what is not done, and of who is there. */
interface GroupModel {
  readonly number: number
  entries: Entry[]
  seats: SeatModel[]
  emptyAt: number
}

const AGE = 1000

export class World {
  readonly budget = { used: 0, max: 1e9 }
  #now = 0
  #index = 0
  #lost = 0
  #lostExpected = 0
  readonly #groups = new Map<number, GroupModel>()
  readonly #recent: { readonly index: number; readonly at: number }[] = []
  readonly shares = new Shares({
    budget: this.budget,
    age: AGE,
    patience: 1e9,
    lost: (_cause, count) => (this.#lost += count),
    full: () => undefined,
    given: () => undefined,
    nobody: () => undefined,
    apart: () => undefined,
  })

  play({ what, group, member, size, again }: Step): void {
    switch (what) {
      case 'publish':
        for (let i = 0; i < size; i++) this.#publish()
        break
      case 'ask':
        this.#ask(group, member, again)
        break
      case 'confirm':
        this.#confirm(group, member, size)
        break
      case 'leave':
        this.#leave(group, member)
        break
      case 'forget':
        this.shares.forget(this.#now, BigInt(member))
        for (const one of this.#groups.values()) this.#void(one, member)
        break
      case 'expire':
        this.#expire()
        break
      case 'wait':
        this.#now += size * 40
    }
    this.#again()
    const waiting = [...this.#groups.values()].flatMap(({ entries }) => entries.filter(isWaiting))
    deepStrictEqual([this.shares.waiting, this.#lost], [waiting.length, this.#lostExpected])
  }

  /** Everybody goes, and everything is forgotten. */
  end(): void {
    for (let member = 0; member < MEMBERS; member++) {
      this.play({ what: 'forget', group: 0, member, size: 0, again: true })
    }
    this.#now += AGE
    this.#expire()
    deepStrictEqual([this.shares.waiting, this.budget.used], [0, 0])
  }

  #publish(): void {
    const index = this.#index++
    const message = { codec: 0, payload: Uint8Array.of(index >> 8, index) }
    const chosen = this.shares.choose(this.#now, index, message)
    this.#recent.push({ index, at: this.#now })
    deepStrictEqual(
      chosen.map(({ number }) => number),
      [...this.#groups.values()].map(({ number }) => number),
    )
    for (const group of this.#groups.values()) {
      const { seat } = chosen.find(({ number }) => number === group.number)!
      const waits = group.entries.some(isWaiting) || !this.#free(group)
      deepStrictEqual(seat === 0, waits)
      group.entries.push({ first: index, index: waits ? -1 : index, seat })
      if (!waits) this.#checkLeast(group, seat)
    }
  }

  /** What waits is given, the oldest first, as long as there is room. */
  #again(): void {
    this.shares.again(this.#now, (message, { number, seat }: Chosen, first) => {
      const group = [...this.#groups.values()].find((one) => one.number === number)!
      const entry = group.entries.filter(isWaiting).toSorted((a, b) => a.first - b.first)[0]!
      deepStrictEqual(entry.first, first)
      deepStrictEqual(message.payload, Uint8Array.of(first >> 8, first))
      entry.index = this.#index++
      entry.seat = seat
      this.#checkLeast(group, seat)
      const { window } = group.seats.find((one) => one.seat === seat)!
      ok(this.#loads(group).get(seat)! <= window)
      return entry.index
    })
    for (const group of this.#groups.values()) {
      deepStrictEqual(group.entries.some(isWaiting) && this.#hasRoom(group), false)
    }
  }

  #ask(name: number, member: number, again: boolean): void {
    const known = this.#groups.get(name)
    const told = this.shares.ask(this.#now, this.#claim(name, member, again))
    const group = known ?? this.#open(name, told.number)
    const seat = group.seats.find((one) => one.member === member)
    if (seat) seat.again = again
    else group.seats.push({ member, seat: told.seat, again, confirmed: false, window: WINDOW_MIN })
    group.emptyAt = Infinity
    deepStrictEqual(told, {
      number: group.number,
      seat: seat?.seat ?? told.seat,
      heard: seat?.confirmed ? told.heard : 0,
    })
  }

  /** A new group has what was published lately. */
  #open(name: number, number: number): GroupModel {
    const recent = this.#recent.filter(({ at }) => at + AGE > this.#now)
    const entries = recent.map(({ index }) => ({ first: index, index: -1, seat: 0 }))
    const group = { number, entries, seats: [], emptyAt: Infinity }
    this.#groups.set(name, group)
    return group
  }

  /** A member has done so many more of its own. */
  #confirm(name: number, member: number, count: number): void {
    const group = this.#groups.get(name)
    const seat = group?.seats.find((one) => one.member === member)
    if (!group || !seat) return
    const own = group.entries.filter((one) => one.seat === seat.seat && !isWaiting(one))
    const sorted = own.toSorted((a, b) => a.index - b.index)
    const done = sorted[count]?.index ?? this.#index
    const claim = this.#claim(name, member, seat.again)
    const told = this.shares.confirm(this.#now, claim, { seat: seat.seat, done })
    seat.confirmed = true
    deepStrictEqual([told.seat, told.heard > done], [seat.seat, true])
    const finished = new Set(sorted.filter(({ index }) => index < done))
    group.entries = group.entries.filter((one) => !finished.has(one))
    seat.window = Math.min(GIVEN_MAX, Math.max(WINDOW_MIN, 2 * finished.size))
  }

  #leave(name: number, member: number): void {
    const group = this.#groups.get(name)
    const seat = group?.seats.find((one) => one.member === member)
    if (!group || !seat) return
    const claim = this.#claim(name, member, seat.again)
    this.shares.leave(this.#now, claim, { seat: seat.seat, done: 0 })
    this.#void(group, member)
  }

  #void(group: GroupModel, member: number): void {
    const seat = group.seats.find((one) => one.member === member)
    if (!seat) return
    group.seats = group.seats.filter((one) => one !== seat)
    if (group.seats.length === 0) group.emptyAt = this.#now
    const held = group.entries.filter((one) => !isWaiting(one) && one.seat === seat.seat)
    for (const entry of held) {
      entry.seat = 0
      entry.index = -1
      // What was given while it might not be given again is gone with it.
      if (seat.again) continue
      this.#lostExpected += 1
      group.entries = group.entries.filter((one) => one !== entry)
    }
  }

  #expire(): void {
    this.shares.expire(this.#now)
    for (const [name, group] of this.#groups) {
      if (group.emptyAt + AGE > this.#now) continue
      this.#lostExpected += group.entries.length
      this.#groups.delete(name)
    }
  }

  #claim(name: number, member: number, again: boolean) {
    const about = { group: BigInt(name), again, alone: false, questions: false, ageMs: 1e6 }
    return { member: { instance: BigInt(member), id: 1 }, ...about }
  }

  #loads({ seats, entries }: GroupModel): Map<number, number> {
    const confirmed = seats.filter((one) => one.confirmed).map(({ seat }) => seat)
    const held = entries.filter((one) => !isWaiting(one))
    return new Map(
      confirmed.map((seat) => [seat, held.filter((one) => one.seat === seat).length] as const),
    )
  }

  #free(group: GroupModel): boolean {
    return [...this.#loads(group).values()].some((load) => load < GIVEN_MAX)
  }

  /** Whether the seat with the least to do may have some of what waits. */
  #hasRoom(group: GroupModel): boolean {
    const loads = [...this.#loads(group)]
    const least = Math.min(...loads.map(([, load]) => load))
    const first = loads.filter(([, load]) => load === least)
    // Of equals the hash decides, which the model does not know.
    return (
      first.length > 0 &&
      first.every(([seat, load]) => {
        return load < group.seats.find((one) => one.seat === seat)!.window
      })
    )
  }

  /** It has been given to a seat that is confirmed, and none had less to do. */
  #checkLeast(group: GroupModel, seat: number): void {
    const loads = this.#loads(group)
    const own = loads.get(seat)! - 1
    deepStrictEqual(loads.has(seat) && own < GIVEN_MAX, true)
    for (const load of loads.values()) ok(own <= load)
  }
}

function isWaiting({ index }: Entry): boolean {
  return index < 0
}

export const MEMBERS = 4
