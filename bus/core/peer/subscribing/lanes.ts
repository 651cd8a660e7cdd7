/** The receivers of one stream taken together: the main one, and the replays beside it. */
import type { Inflow, Lane } from '../context.ts'
import type { Bookmark } from '../../stream/bookmarks.ts'
import { VOID } from '../../stream/messages.ts'
import { TokenBucket } from '../../stream/pace.ts'
import type { ReceiverStream } from '../../stream/receiver.ts'
import type { Run } from '../../wire/gone.ts'
import { NAK_SPAN } from '../../wire/nak.ts'

export function lanesOf(inflow: Inflow): readonly Lane[] {
  return inflow.replays.length > 0 ? [inflow, ...inflow.replays] : [inflow]
}

/** The lane that has asked this question lately. */
export function laneOf(inflow: Inflow, ask: number): Lane | undefined {
  return lanesOf(inflow).find(({ asked }) => asked.some((one) => one.ask === ask))
}

/** The receivers that a packet is of use for; counted when there are none. */
export function takersOf({ receiver, replays }: Inflow, number: number): ReceiverStream[] {
  const takers = replays
    .map((replay) => replay.receiver)
    .filter((one) => one.next > 0 && one.couldUse(number))
  const alone = takers.length === 0 || receiver.next === 0
  const wanted = alone ? receiver.wants(number) : receiver.couldUse(number)
  return wanted ? [receiver, ...takers] : takers
}

/**
 * What these packets held has expired: that counts as if they had come. A few bytes name thousands
 * of packets, so a publisher is believed no more of them than it can have been asked for.
 */
export function passExpired(now: number, inflow: Inflow, { first, count }: Run): void {
  const budget = (inflow.remote.expiry ??= new TokenBucket(EXPIRY_RATE, EXPIRY_BURST, now))
  for (const { receiver } of lanesOf(inflow)) {
    const { metrics } = receiver.options
    if (budget.when(now, 1) > now) return metrics.count('expiryBudget')
    for (const number of receiver.missing.within(first, first + count - 1)) {
      if (!budget.take(now, 1)) return metrics.count('expiryBudget')
      receiver.accept(now, number, VOID)
    }
  }
}

/** Whether a replay has come exactly as far as the main receiver: neither is within a message. */
export function meet(a: ReceiverStream, b: ReceiverStream): boolean {
  const same = a.next > 0 && a.next === b.next && a.messages.index === b.messages.index
  return same && a.messages.whole && b.messages.whole
}

/** The lowest number that some subscription still waits for; 0 while a start is not known. */
export function nextOf(inflow: Inflow): number {
  return Math.min(...lanesOf(inflow).map(({ receiver }) => receiver.next))
}

/** The messages that some subscription had to give up. */
export function lostOf(inflow: Inflow): number {
  return Math.max(...lanesOf(inflow).map(({ receiver }) => receiver.options.tally.lost))
}

/** When something is to be done for the stream. */
export function deadlineOf(inflow: Inflow): number {
  let at = Math.min(inflow.cursorAt, inflow.attachAt, inflow.receiver.deadline)
  for (const { receiver, attachAt } of inflow.replays)
    at = Math.min(at, attachAt, receiver.deadline)
  return at
}

/** Ends a stream whose publisher has gone: where it was left, the same for all who had begun. */
export function markOf(now: number, inflow: Inflow): Omit<Bookmark, 'at'> | undefined {
  const receivers = lanesOf(inflow).map(({ receiver }) => receiver)
  for (const receiver of receivers) receiver.end(now)
  const begun = receivers.filter(({ next, messages }) => next > 0 && messages.index >= 0)
  const [farthest] = begun.toSorted((a, b) => b.next - a.next)
  if (!farthest) return undefined
  const { next, messages } = farthest
  const { index } = messages
  for (const receiver of begun) receiver.messages.giveUp(index, 'publisher-gone')
  const subscriptions = begun.flatMap((receiver) => receiver.messages.subscriptions)
  const { cause } = farthest.options.tally
  return { next, index, lost: lostOf(inflow), cause, subscriptions }
}

/** Packets that one publisher may say have expired, a second and at once: four full questions. */
const EXPIRY_RATE = 4 * NAK_SPAN
const EXPIRY_BURST = 4 * NAK_SPAN
