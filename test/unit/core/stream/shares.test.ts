/** Shares at their bounds: seats, groups, what is kept, and members that stand still. */
import { expect, it } from 'vitest'
import { MEMBER_SEATS_MAX, SEATS_MAX, Shares } from '../../../../bus/core/stream/shares.ts'
import { GIVEN_MAX } from '../../../../bus/core/stream/seat.ts'
import { COPY_SIZE } from '../../../../bus/core/stream/copies.ts'
import { GROUPS_MAX } from '../../../../bus/core/wire/share.ts'

function scene(max = 1e9) {
  const lost: [string, number][] = []
  let full = 0
  const budget = { used: 0, max }
  const shares = new Shares({
    budget,
    age: 10_000,
    patience: 5000,
    lost: (cause, count) => lost.push([cause, count]),
    full: () => (full += 1),
    given: () => undefined,
    nobody: () => undefined,
    apart: () => undefined,
  })
  let index = 0
  const claim = (instance: number, id = 1, group = 1n) => ({
    member: { instance: BigInt(instance), id },
    group,
    again: true,
    alone: false,
    questions: false,
    ageMs: 0,
  })
  const publish = (now = 0, size = 8): number[] => {
    const message = { codec: 0, payload: new Uint8Array(size) }
    return shares.choose(now, index++, message).map(({ seat }) => seat)
  }
  const sit = (instance: number, now = 0): number => {
    const { seat } = shares.ask(now, claim(instance))
    shares.confirm(now, claim(instance), { seat, done: 0 })
    return seat
  }
  return { shares, budget, lost, claim, publish, sit, fullCount: () => full }
}

it('has so many groups, seats of a group, and seats of one instance, and counts one more', () => {
  const { shares, claim, fullCount } = scene()
  const seatOf = (instance: number, id: number, group: bigint): number =>
    shares.ask(0, claim(instance, id, group)).seat
  for (let id = 1; id <= MEMBER_SEATS_MAX; id++) expect(seatOf(1, id, 1n)).toBe(id)
  expect([seatOf(1, 999, 1n), fullCount()]).toEqual([0, 1])
  for (let n = MEMBER_SEATS_MAX + 1; n <= SEATS_MAX; n++) expect(seatOf(n, 1, 1n)).toBe(n)
  expect([seatOf(5000, 1, 1n), fullCount()]).toEqual([0, 2])
  for (let n = 2; n <= GROUPS_MAX; n++) expect(seatOf(1, 1, BigInt(n))).toBe(1)
  expect([seatOf(1, 1, 99n), fullCount()]).toEqual([0, 3])
})

it('gives one seat so much that is not confirmed, and lets the rest wait for it', () => {
  const { shares, claim, publish, sit } = scene()
  const seat = sit(1)
  for (let n = 0; n < GIVEN_MAX; n++) expect(publish()).toEqual([seat])
  expect([publish(), publish(), shares.waiting]).toEqual([[0], [0], 2])
  const given: number[] = []
  // It has still much to do: what waits may be for somebody else.
  shares.confirm(1, claim(1), { seat, done: 1 })
  shares.again(1, () => expect.unreachable())
  shares.confirm(1, claim(1), { seat, done: 250 })
  shares.again(1, (_message, place, first) => given.push(place.seat, first) + 1000)
  expect([given, shares.waiting]).toEqual([[seat, GIVEN_MAX, seat, GIVEN_MAX + 1], 0])
})

it('gives nothing new to who confirms nothing for 5 s, until it does', () => {
  const { shares, claim, publish, sit } = scene()
  const [slow, fast] = [sit(1), sit(2)]
  const first = publish(0)
  expect(new Set([...first, ...publish(0)])).toEqual(new Set([slow, fast]))
  shares.confirm(100, claim(2), { seat: fast, done: 2 })
  for (const now of [5001, 5002, 5003]) {
    expect(publish(now)).toEqual([fast])
    shares.confirm(now, claim(2), { seat: fast, done: 100 })
  }
  shares.confirm(5004, claim(1), { seat: slow, done: 2 })
  publish(5005)
  expect(new Set([...publish(5005), ...publish(5005)])).toEqual(new Set([slow, fast]))
})

it('keeps so many bytes, and lets go what has waited longest', () => {
  const { shares, budget, lost, claim, publish, sit } = scene(10 * (COPY_SIZE + 100))
  const seat = sit(1)
  shares.leave(0, claim(1), { seat, done: 0 })
  for (let n = 0; n < 10; n++) publish(0, 100)
  expect([shares.waiting, lost]).toEqual([10, []])
  publish(0, 100)
  expect([shares.waiting, lost]).toEqual([10, [['overflow', 1]]])
  expect(budget.used).toBeLessThanOrEqual(budget.max)
  // One that is too large for all of it is not kept, and drops nothing else.
  publish(0, 5000)
  expect([shares.waiting, lost.length]).toEqual([10, 2])
})

it('keeps no copy of what fills the budget once it has been given, and says so when it is lost', () => {
  const { shares, lost, publish, sit } = scene(10 * (COPY_SIZE + 100))
  sit(1)
  for (let n = 0; n < 12; n++) publish(0, 100)
  shares.forget(0, 1n)
  expect([shares.waiting, lost]).toEqual([10, [['member-gone', 2]]])
})

it('does not give again what has expired meanwhile', () => {
  const { shares, lost, sit, claim } = scene()
  const seat = sit(1)
  const message = { codec: 0, payload: new Uint8Array(3), expiresAt: 50 }
  shares.choose(0, 0, message)
  shares.leave(1, claim(1), { seat, done: 0 })
  sit(2, 60)
  shares.again(60, () => expect.unreachable())
  expect([shares.waiting, lost]).toEqual([0, [['expired', 1]]])
})

it('forgets a group that nobody is in for 10 s, and gives its number to no other', () => {
  const { shares, lost, claim, publish, sit } = scene()
  const seat = sit(1)
  shares.leave(0, claim(1), { seat, done: 0 })
  publish(0)
  shares.expire(9999)
  expect(shares.waiting).toBe(1)
  shares.expire(10_000)
  expect([shares.waiting, lost]).toEqual([0, [['no-member', 1]]])
  expect(shares.ask(10_001, claim(1)).number).toBe(2)
})

it('lets what was published before wait for the oldest member, whichever asks first', () => {
  const { shares, claim, publish } = scene()
  for (const now of [100, 200, 300, 400]) publish(now)
  shares.ask(500, { ...claim(1), ageMs: 150 })
  expect(shares.waiting).toBe(1)
  shares.ask(500, { ...claim(2), ageMs: 320 })
  expect(shares.waiting).toBe(3)
  const { seat } = shares.ask(500, { ...claim(3), ageMs: 250 })
  expect(shares.waiting).toBe(3)
  shares.confirm(500, claim(3), { seat, done: 0 })
  const given: number[] = []
  shares.again(500, (_message, _chosen, first) => given.push(first) + 1000)
  expect(given).toEqual([1, 2, 3])
})
