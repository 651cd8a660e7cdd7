/** What a sending stream is made of, and what it remembers of its receivers. */
import type { Delivery } from '../output.ts'
import type { FlowRule, ProofRule } from '../publication.ts'
import type { Flow } from './flow.ts'
import type { Renews } from './history.ts'
import type { ProofOut, SealBody } from './proof-out.ts'
import type { Shares } from './shares.ts'

export interface SenderOptions extends Renews {
  readonly stream: number
  readonly topic: string
  readonly segments: readonly string[]
  readonly tag: bigint
  readonly group: string
  readonly delivery: Delivery
  /** Largest packet, length field and header included. */
  readonly packetSize: number
  /** Largest body of such a packet. */
  readonly bodySize: number
  readonly seal: SealBody
  /** Who slows it down. */
  readonly flowRule?: FlowRule
  /** Absent: nobody does. */
  readonly flow?: Flow | undefined
  readonly proofRule?: ProofRule
  /** Absent: nothing is signed. */
  readonly proof?: ProofOut | undefined
  /** Absent: it has no groups. */
  readonly shares?: Shares | undefined
}

/** A receiver that has attached. */
export interface Attached {
  /** The next number it waits for, as far as it has told. */
  next: number
  /** Messages that it had to give up, as far as it has told. */
  lost: number
  /** Index of the first message that it gets. */
  first: number
  /** What it has last said of its loss: packets missed, of so many. */
  missed: number
  all: number
  /** What was sent before its count began: it can have counted no more than what came behind. */
  before: number
}
