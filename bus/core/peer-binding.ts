/** What both sides of a binding (stream -> topic) agree on, and how a receiver reads one. */
import type { Delivery } from './output.ts'
import { type ProofRule, PROOFS } from './publication.ts'
import type { Binding, Context } from './peer-context.ts'
import { textOf, utf8 } from './text.ts'
import { parseTopic } from './topic/pattern.ts'
import type { BindingEntry } from './wire/control.ts'

/** Delivery modes by their number on the wire. */
export const DELIVERIES: readonly Delivery[] = ['reliable', 'best-effort', 'latest']
/** Bit of the mode: the publisher waits for its receivers, who report how far they are. */
const PACED = 8
/** Bits of the mode: what proves its packets, see `PROOFS`. */
const PROOF_SHIFT = 4
const PROOF_MASK = 0x30
/** Opens what is signed for a page of bindings. */
export const BINDINGS_LABEL: Uint8Array = utf8('sixcast/1/bindings')

/** The mode of a binding. */
export function modeOf(delivery: Delivery, paced: boolean, proof: ProofRule = 'group'): number {
  const bits = DELIVERIES.indexOf(delivery) | (PROOFS.indexOf(proof) << PROOF_SHIFT)
  return paced ? bits | PACED : bits
}

/** The binding of an announced stream, or `undefined` when its name, tag or mode is not right. */
export function openBinding(
  now: number,
  context: Context,
  entry: BindingEntry,
): Binding | undefined {
  const { keys, groups } = context
  const name = keys.openName(entry.tag, entry.sealedName)
  const topic = name && textOf(name)
  const { mode } = entry
  const delivery = DELIVERIES[mode & ~(PACED | PROOF_MASK)]
  const proof = PROOFS[(mode & PROOF_MASK) >> PROOF_SHIFT]
  if (topic === undefined || !delivery || !proof || entry.stream === 0) return undefined
  if (proof === 'checkpoint' && delivery !== 'reliable') return undefined
  const parsed = parseTopic(topic)
  if (!parsed.ok || keys.tagOf(topic) !== entry.tag) return undefined
  return {
    stream: entry.stream,
    topic,
    segments: parsed.segments,
    group: groups.of(entry.tag),
    delivery,
    paced: (mode & PACED) !== 0,
    proof,
    packetSize: entry.packetSize,
    openedAt: now - entry.ageMs,
  }
}
