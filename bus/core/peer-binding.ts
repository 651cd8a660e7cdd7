/** What both sides of a binding (stream -> topic) agree on, and how a receiver reads one. */
import type { Delivery } from './output.ts'
import type { Binding, Context } from './peer-context.ts'
import { textOf, utf8 } from './text.ts'
import { parseTopic } from './topic/pattern.ts'
import type { BindingEntry } from './wire/control.ts'

/** Delivery modes by their number on the wire. */
export const DELIVERIES: readonly Delivery[] = ['reliable', 'best-effort', 'latest']
/** Bit of the mode: the publisher waits for its receivers, who report how far they are. */
export const PACED = 8
/** Opens what is signed for a page of bindings. */
export const BINDINGS_LABEL: Uint8Array = utf8('sixcast/1/bindings')

/** The binding of an announced stream, or `undefined` when its name, tag or mode is not right. */
export function openBinding(
  now: number,
  context: Context,
  entry: BindingEntry,
): Binding | undefined {
  const { keys, groups } = context
  const name = keys.openName(entry.tag, entry.sealedName)
  const topic = name && textOf(name)
  const delivery = DELIVERIES[entry.mode & ~PACED]
  if (topic === undefined || !delivery || entry.stream === 0) return undefined
  const parsed = parseTopic(topic)
  if (!parsed.ok || keys.tagOf(topic) !== entry.tag) return undefined
  return {
    stream: entry.stream,
    topic,
    segments: parsed.segments,
    group: groups.of(entry.tag),
    delivery,
    paced: (entry.mode & PACED) !== 0,
    packetSize: entry.packetSize,
    openedAt: now - entry.ageMs,
  }
}
