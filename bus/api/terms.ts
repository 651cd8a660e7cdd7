/** Types that all other public types share. */

/** Sixteen hexadecimal digits: one life of one process on the bus. */
export type PeerId = string & { readonly __brand: 'PeerId' }

/** Stops a wait; the promise rejects with the signal's reason. */
export interface Cancel {
  readonly signal?: AbortSignal
}
