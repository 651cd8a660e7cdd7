/**
 * How often a peer speaks of itself: RTCP's rule (RFC 3550 section 6.2) with constants of ours.
 *
 * The realm's beacons together stay near BEACON_BYTES_PER_SECOND however many peers there are:
 * each waits longer as the roster grows, and draws its own time so that they do not fall in step.
 */

const BEACON_BYTES_PER_SECOND = 8 * 1024
/** What peers want, for relays: said rarely, and heard by few. */
const INTEREST_BYTES_PER_SECOND = 16 * 1024
/** A beacon on the wire with IPv6 and UDP headers. */
const BEACON_SIZE = 110
/** What each peer adds to the mean wait of all, ms. */
const SHARE_MS = (BEACON_SIZE * 1000) / BEACON_BYTES_PER_SECOND
/** The longest wait, in parts of the mean. */
const LONGEST = 1.5
const GROUP_SIZE = 16
const REFRESH_MIN_MS = 10_000
const REFRESH_MAX_MS = 200_000
const INTERVAL_MIN_MS = 500
const INTERVAL_MAX_MS = 30_000
/** So many times as rare as the delay with which a peer reads: where all are behind, they recover. */
const BEHIND_FACTOR = 4
/** Rarer than this it could be taken for gone, before others have heard how rare it has become. */
const BEHIND_MAX_MS = 3000
/** Spread of the answers to one question, for each peer that may answer. */
const ANSWER_SPREAD_MS = 2
const ANSWER_MIN_MS = 10
const ANSWER_MAX_MS = 2000
/** The same of answers that go to one peer alone: it takes four in a millisecond. */
const TOLD_SPREAD_MS = 0.25
const TOLD_MAX_MS = 500

/**
 * Mean time between two beacons of one peer when `peers` are present, ms. `backlogMs`: how long what
 * comes waits to be read here, and so for others on the same processors as well.
 */
export function beaconInterval(peers: number, backlogMs = 0): number {
  const behindMs = Math.min(BEHIND_MAX_MS, backlogMs * BEHIND_FACTOR)
  return Math.min(INTERVAL_MAX_MS, Math.max(INTERVAL_MIN_MS, peers * SHARE_MS, behindMs))
}

/** The next wait: between half and one and a half of the mean; `unit` is in [0, 1). */
export function jitteredInterval(peers: number, unit: number, backlogMs = 0): number {
  return beaconInterval(peers, backlogMs) * (0.5 + unit)
}

/** The longest wait there can be: what a peer states, so that others know when it is gone. */
export function statedInterval(peers: number, backlogMs = 0): number {
  return Math.ceil(beaconInterval(peers, backlogMs) * LONGEST)
}

/** How many peers there are as the one sees it that states this interval; 0 where it does not tell. */
export function crowdOf(statedMs: number): number {
  const meanMs = statedMs / LONGEST
  if (Math.floor(meanMs) <= INTERVAL_MIN_MS) return 0
  return Math.floor(Math.min(INTERVAL_MAX_MS, meanMs) / SHARE_MS)
}

/** Mean time between two refreshes of what one peer wants, ms; all peers share a rate. */
export function interestInterval(peers: number, groups: number): number {
  const fair = (peers * groups * GROUP_SIZE * 1000) / INTEREST_BYTES_PER_SECOND
  return Math.min(REFRESH_MAX_MS, Math.max(REFRESH_MIN_MS, fair))
}

/** How long to wait before answering a question that everybody heard. */
export function answerDelay(peers: number, unit: number): number {
  return unit * answerSpread(peers)
}

/** The longest of these waits, ms. */
export function answerSpread(peers: number): number {
  return Math.min(ANSWER_MAX_MS, Math.max(ANSWER_MIN_MS, peers * ANSWER_SPREAD_MS))
}

/** The longest wait before telling one peer what it has asked everybody. */
export function toldSpread(peers: number): number {
  return Math.min(TOLD_MAX_MS, Math.max(ANSWER_MIN_MS, peers * TOLD_SPREAD_MS))
}
