/** What both sides of a binding (stream -> topic) agree on, and how a receiver reads one. */
import type { Delivery } from '../output.ts'
import { type ProofRule, PROOFS } from '../publication.ts'
import type { Binding, Context } from './context.ts'
import { textOf, utf8 } from '../text.ts'
import { parseTopic } from '../topic/pattern.ts'
import type { BindingEntry } from '../wire/control.ts'

/** Delivery modes by their number on the wire. */
export const DELIVERIES: readonly Delivery[] = ['reliable', 'best-effort', 'latest']
/** Bit of the mode: the publisher waits for its receivers, who report how far they are. */
const PACED = 8
/** Bit of the mode: its messages say for whom of each group they are. */
const SHARED = 64
/** Bits of the mode: what proves its packets, see `PROOFS`. */
const PROOF_SHIFT = 4
const PROOF_MASK = 0x30
/** Opens what is signed for a page of bindings. */
export const BINDINGS_LABEL: Uint8Array = utf8('sixcast/1/bindings')

/** What of a stream its binding tells. */
interface Told {
  readonly delivery: Delivery
  readonly paced: boolean
  readonly proof?: ProofRule | undefined
  readonly shared?: boolean
}

/** The mode of a binding. */
export function modeOf({ delivery, paced, proof = 'group', shared = false }: Told): number {
  const bits = DELIVERIES.indexOf(delivery) | (PROOFS.indexOf(proof) << PROOF_SHIFT)
  return bits | (paced ? PACED : 0) | (shared ? SHARED : 0)
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
  const delivery = DELIVERIES[mode & ~(PACED | PROOF_MASK | SHARED)]
  const proof = PROOFS[(mode & PROOF_MASK) >> PROOF_SHIFT]
  if (topic === undefined || !delivery || !proof || entry.stream === 0) return undefined
  const shared = (mode & SHARED) !== 0
  if (shared && delivery !== 'reliable') return undefined
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
    shared,
    packetSize: entry.packetSize,
    openedAt: now - entry.ageMs,
  }
}
