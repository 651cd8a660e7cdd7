/** The public types of what a bus tells of the realm's epochs. */

/** What a bus has learnt of an epoch, for the program to keep. */
export interface KeptEpoch {
  readonly epoch: number
  /** The text of the new key file; absent when only the page is new. */
  readonly key?: string
  readonly page: string
}

/**
 * Of a realm with an owner: its keys are those of a newer epoch ('entered'); this member was removed
 * ('revoked'), or has no key of that epoch ('excluded'); the owner has made the same epoch twice
 * ('fork'); or others are in an epoch whose page does not come ('behind').
 */
export interface EpochEvent {
  readonly type: 'epoch'
  readonly state: 'entered' | 'revoked' | 'excluded' | 'fork' | 'behind'
  readonly epoch: number
}
