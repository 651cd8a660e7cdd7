/** A snapshot lists so much of each kind, and counts the rest. */
import { expect, it } from 'vitest'
import { Counters } from '../../../../relay/counters.ts'
import { LISTED_MAX, type Seen, snapshotOf } from '../../../../relay/dashboard/snapshot.ts'
import { Watch } from '../../../../relay/dashboard/watch.ts'
import type { Link } from '../../../../relay/link.ts'

it('lists as many links as it may, and counts one more', () => {
  const seen = (count: number): Seen => {
    const links = Array.from({ length: count }, (_, i) => {
      return { port: 40_000 + i, outbox: { waiting: 7 } } as unknown as Link // as much as is shown
    })
    const now = {
      links: count,
      absent: 0,
      groups: 0,
      peers: 0,
      relays: 0,
      trunks: 0,
      backbone: 0,
      epoch: 0,
    }
    return {
      about: { since: 0, realm: 'lab', open: false, scope: 'link', relay: '1f' },
      stats: { ...now, ...new Counters().snapshot() },
      segment: { faces: ['eth0', 'eth1'] },
      sessions: { links: () => links },
      infoOf: () => ({ identity: 'ab', remote: '::1', since: 1, groups: 2 }),
      trunks: [],
      junction: { name: 'NATS', reason: undefined },
    }
  }
  const watch = new Watch()
  watch.left('link 40000', 70)
  watch.left('backbone', 80)
  const full = snapshotOf(0, watch, seen(LISTED_MAX))
  expect([full.links.length, full.more.links]).toEqual([LISTED_MAX, 0])
  expect(full.links[0]).toMatchObject({ port: 40_000, waiting: 7, groups: 2, bytesOut: 70 })
  expect(full.backbones).toMatchObject([{ name: 'NATS', relays: 0, fault: '', bytesOut: 80 }])
  const lost = { ...seen(0), junction: { name: 'NATS', reason: 'the server is going' } }
  expect(snapshotOf(0, watch, lost).backbones).toMatchObject([{ fault: 'the server is going' }])
  expect(full.segments.map(({ name }) => name)).toEqual(['eth0', 'eth1'])
  const over = snapshotOf(0, watch, seen(LISTED_MAX + 1))
  expect([over.links.length, over.more.links]).toEqual([LISTED_MAX, 1])
})
