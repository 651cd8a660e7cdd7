/** Who gets the messages of one stream of this peer. */
import type { Audience } from '../../publication.ts'
import type { SenderStream } from '../../stream/sender.ts'
import { NUMBER_MAX } from '../../wire/packet.ts'

/** Who has said that it wants no more of it does not. */
export function audienceOf(stream: SenderStream | undefined): Audience {
  const attached = [...(stream?.attached ?? [])].filter(([, { next }]) => next < NUMBER_MAX)
  const firstByInstance = new Map(attached.map(([instance, { first }]) => [instance, first]))
  const { shares } = stream?.options ?? {}
  const apart = shares?.asked.apart ?? NOBODY
  const how = { isOpen: stream !== undefined, isShared: shares !== undefined }
  return { index: stream?.index ?? 0, firstByInstance, apart, ...how }
}

const NOBODY: ReadonlySet<bigint> = new Set()
