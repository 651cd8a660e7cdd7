/** What a call of `publish` hands to the peer, and by which clock. */
import { expect, it } from 'vitest'
import type { PublishOptions } from '../../../bus/api/options.ts'
import { publishCall, type PublishingParts } from '../../../bus/api/publish-call.ts'
import { Segments } from '../../../bus/api/segments.ts'
import { busLimits } from '../../../bus/api/limits.ts'
import type { Publication } from '../../../bus/core/publication.ts'
import type { Peer } from '../../../bus/core/peer.ts'

/** Which of its inputs the peer is given the publication by, and that. */
function published(options: PublishOptions): { by: string; publication: Publication | undefined } {
  const seen = { by: '', publication: undefined as Publication | undefined }
  const peer: Partial<Peer> = {
    publish: (_, publication) => void (seen.publication = publication),
  }
  const through =
    (by: string) =>
    <T>(input: (peer: Peer, now: number) => T): T => {
      seen.by = by
      return input(peer as Peer, 0)
    }
  const parts: PublishingParts = {
    link: {
      command: through('command'),
      soon: through('soon'),
      endTurn: () => undefined,
      close: async () => undefined,
    },
    codec: undefined,
    limits: busLimits,
    proof: 'group',
    segments: new Segments(),
  }
  publishCall(parts, { to: 'a/b', value: 'text', options })
  return seen
}

it('lets many messages of a turn have one time', () => {
  expect(published({}).by).toBe('soon')
  expect(published({ delivery: 'best-effort', urgent: true })).toMatchObject({
    by: 'soon',
    publication: { topic: 'a/b', segments: ['a', 'b'], delivery: 'best-effort', urgent: true },
  })
})

it('counts what expires from the moment of the call', () => {
  expect(published({ expires: 50 })).toMatchObject({
    by: 'command',
    publication: { expiresMs: 50 },
  })
})
