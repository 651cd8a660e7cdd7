/** Addresses of actors: a name, and the peer that has it where that is said. */
import { BusError } from '../api/errors.ts'
import { isPeerId } from '../api/rules.ts'
import type { PeerId } from '../api/terms.ts'
import { parseTopic } from '../core/topic/pattern.ts'

export interface Address {
  readonly name: string
  /** Absent: whoever has an actor of the name. */
  readonly peer: PeerId | undefined
}

/** Throws INVALID_TOPIC. */
export function addressOf(text: string): Address {
  const at = text.indexOf('@')
  if (at < 0) return { name: nameOf(text), peer: undefined }
  const peer = text.slice(at + 1)
  if (isPeerId(peer)) return { name: nameOf(text.slice(0, at)), peer }
  const mend = 'name@peer, with the 16 hexadecimal digits of bus.id, or the name alone'
  throw new BusError('INVALID_TOPIC', `the address ${JSON.stringify(text)} has no peer: ${mend}`)
}

/** A name that an actor, or a group of them, may have. Throws INVALID_TOPIC. */
export function nameOf(text: string, of: 'an actor' | 'a group' = 'an actor'): string {
  // Programs in plain JavaScript hand over anything.
  if (typeof text === 'string' && text.includes('@')) {
    const mend = of === 'an actor' ? AT_MEND : 'a group has no peer, its members are of many'
    const fault = `the name ${JSON.stringify(text)} of ${of} has an "@"`
    throw new BusError('INVALID_TOPIC', `${fault}: ${mend}`)
  }
  const parsed = parseTopic(text, 'name')
  if (!parsed.ok) throw new BusError('INVALID_TOPIC', `of ${of}: ${parsed.fault}`)
  return text
}

const AT_MEND = 'what stands behind it in an address is its peer'

/** Whether what another peer says is a name that an actor may have. */
export function isName(text: string): boolean {
  return !text.includes('@') && parseTopic(text).ok
}

export function addressText(name: string, peer: PeerId): string {
  return `${name}@${peer}`
}
