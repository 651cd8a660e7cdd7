/** When what a member says of its seat is said again. */

/** Again after this wait, which doubles; rarely where nobody answers. */
export function waitMs(attempts: number): number {
  if (attempts < ATTEMPTS_MAX) return Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** attempts)
  return REST_MS
}

export const WAIT_MIN_MS = 40
const WAIT_MAX_MS = 1000
const ATTEMPTS_MAX = 10
/** A seat is confirmed anew, in case its publisher has forgotten it. */
export const REST_MS = 10_000
