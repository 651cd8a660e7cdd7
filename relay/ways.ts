/** Names of the ways by which something comes to a relay and leaves it, for those who look on. */
import { BACKBONE } from './faces.ts'
import type { Source } from './gate.ts'

export const BACKBONE_WAY = 'backbone'

export function segmentWay(face: string): string {
  return `segment ${face}`
}

export function linkWay(port: number): string {
  return `link ${port}`
}

/** Undefined: it has not proved itself yet. */
export function trunkWay(relay: bigint | undefined): string {
  return `trunk ${relay?.toString(16) ?? ''}`
}

export function wayOf(from: Source): string {
  if ('link' in from) return linkWay(from.link)
  if (from.face === BACKBONE) return BACKBONE_WAY
  const [, relay] = /^relay (\w+)$/.exec(from.face) ?? []
  return relay === undefined ? segmentWay(from.face) : `trunk ${relay}`
}
