/** A bridge between three segments in a test: what crosses when something is heard. */
import type { Endpoint } from '../../../bus/core/output.ts'
import { Groups } from '../../../bus/core/path/group.ts'
import type { BridgeOutput } from '../../../relay/bridge-output.ts'
import type { RelayLimits } from '../../../relay/limits.ts'
import { at, Carrier, keys } from './carrying.ts'

export const { control }: Groups = new Groups('link', 0, (label) => keys.groupBytes(label))
export const FACES: readonly string[] = ['a', 'b', 'c']
/** When the first seconds of a bridge are over. */
export const LATER = 60_000

/** A bridge whose segments have been there for long. */
export class Settled extends Carrier {
  now = LATER

  constructor(faces: readonly string[], limits: Partial<RelayLimits> = {}) {
    super(limits, faces)
    this.bridge.tick(this.now)
    this.wants()
  }

  /** What follows when a datagram comes by a face. */
  protected follows(
    face: string,
    bytes: Uint8Array,
    { to = control, from = at(1) }: Where = {},
  ): BridgeOutput[] {
    this.bridge.fromGroup(this.now, to, { bytes, from, face })
    return this.wants()
  }
}

/** The group that a datagram goes to, and where it is from. */
export interface Where {
  readonly to?: string
  readonly from?: Endpoint
}

/** A bridge with three segments whose first seconds are over. */
export class Crossroads extends Settled {
  constructor(limits: Partial<RelayLimits> = {}) {
    super(FACES, limits)
  }

  hears(face: string, bytes: Uint8Array, where: Where = {}): BridgeOutput[] {
    return this.follows(face, bytes, where)
  }

  /** The faces that a datagram goes on to. */
  crosses(face: string, bytes: Uint8Array, where: Where = {}): string[] {
    return facesOf(this.hears(face, bytes, where))
  }

  ticks(ms: number): BridgeOutput[] {
    this.now += ms
    this.bridge.tick(this.now)
    return this.wants()
  }
}

/** The segments that it brings something to. */
export function facesOf(outputs: readonly BridgeOutput[]): string[] {
  return outputs.filter(isMulticast).map(({ face }) => face)
}

export function isMulticast(
  one: BridgeOutput,
): one is Extract<BridgeOutput, { type: 'multicast' }> {
  return one.type === 'multicast'
}
