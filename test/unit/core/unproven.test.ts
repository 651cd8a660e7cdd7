/** Packets that nobody vouches for, and that are no longer there to be vouched for. */
import { expect, it } from 'vitest'
import { Attack, body, startedEntry } from './attacking.ts'
import { beacon } from './gating.ts'
import { controlBytes } from './wire/any.ts'

const CHECKPOINT = 1 << 4

it('are unproven all of them, also those behind the last that the publisher has told of', () => {
  const world = new Attack()
  const member = world.member()
  world.announce(member, ['plant/1/x'], CHECKPOINT).wait(100)
  const asker = world.target.peer.instance
  // The first packet had been sent before: what it holds is known.
  const entries = [startedEntry(1, { head: 1, behind: 1 })]
  world.send(member.control(controlBytes({ type: 'started', asker, entries })))
  const gaps: string[] = []
  world.target.notice = (output) => {
    if (output.type === 'gap') gaps.push(`${output.from}-${output.to} ${output.cause}`)
  }
  for (const number of [1, 2, 3]) {
    world.send(member.data(1, number, { flags: 0, body: body(number - 1) }))
  }
  // The checkpoint for them is not kept any more.
  const oldest = { type: 'oldest', stream: 1, first: 4, index: 3 } as const
  world.send(member.control(controlBytes(oldest)))
  world.send(member.signed(1, 4, { content: body(3) }))
  expect([gaps, world.target.delivered]).toEqual([['0-0 unproven', '1-2 unproven'], 1])
})

it('make nothing seem sent behind what the publisher has told of', () => {
  const world = new Attack()
  const member = world.member()
  world.announce(member, ['plant/1/x'], CHECKPOINT).wait(100)
  const asker = world.target.peer.instance
  const entries = [startedEntry(1, { head: 0, behind: 0 })]
  world.send(member.control(controlBytes({ type: 'started', asker, entries })))
  const seen: string[] = []
  world.target.notice = (output) => {
    if (output.type === 'deliver') seen.push(`${output.index}`)
    if (output.type === 'gap') seen.push(`${output.from}-${output.to} ${output.cause}`)
  }
  // Packets 1 and 2 are lost, and told of; a forgery is far ahead of them.
  world.send(member.data(1, 12, { flags: 0, body: body(11) }))
  const told = { stream: 1, head: 2, index: 2, receivers: 1 }
  world.send(
    member.control(controlBytes({ type: 'heartbeat', grttUs: 100, flags: 0, entries: [told] })),
  )
  for (let i = 0; i < 60; i++) world.send(member.control(beacon)).wait(1000)
  expect(seen).toEqual(['0-1 network'])
  world.send(member.signed(1, 3, { content: body(2) }))
  expect(seen).toEqual(['0-1 network', '2'])
})
