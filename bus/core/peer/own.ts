/** Packets that bear this peer's own instance: whether it has sent them, and under which key. */
import type { Context } from './context.ts'
import type { ControlOut } from './control.ts'
import type { Direct } from './asking/direct.ts'
import type { SenderStream } from '../stream/sender.ts'
import { type Header, Kind } from '../wire/packet.ts'

/** What this peer sends its packets by. */
export interface SentBy {
  readonly control: ControlOut
  readonly streams: readonly SenderStream[]
  readonly direct: Pick<Direct, 'number'>
}

/** Whether the packet's number was given out here. */
export function isIssued({ kind, stream, number }: Header, sent: SentBy): boolean {
  const { control, streams, direct } = sent
  if (kind === Kind.control) return number <= control.number
  if (kind === Kind.direct) return number <= direct.number
  if (kind !== Kind.data) return true
  const sender = streams[stream - 1]
  return sender !== undefined && number <= sender.head
}

export function ownKeyOf(
  { kind, stream, epoch }: Header,
  { epochs, self, controlKey }: Context,
  { streams }: SentBy,
): Uint8Array | undefined {
  const keys = epochs.at(epoch)
  if (!keys) return undefined
  if (kind === Kind.control) return controlKey.of(keys)
  // The stream of a direct packet is its asker's.
  const sender = kind === Kind.data ? streams[stream - 1] : undefined
  return sender && keys.dataKeyIn(self, sender.options.topic)
}
