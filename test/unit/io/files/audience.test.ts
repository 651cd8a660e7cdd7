/** Who receives a file: known again after a restart, settled when nothing more is to come. */
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../../../bus/api/options.ts'
import { Audience } from '../../../../bus/io/files/audience.ts'
import type { Status } from '../../../../bus/io/files/wire.ts'

const peers = ['00000000000000aa', '00000000000000bb'] as PeerId[] // only made here

function says(receiver: string, state: Status['state'], has = 0): Status {
  const to = '00000000000000cc'
  return { type: 'file-status', to, file: '', mark: 1, receiver, state, has, lacks: [] }
}

describe('an audience', () => {
  it('tells news from repetition', () => {
    const audience = new Audience()
    expect(audience.hear(says('1', 'taking'), peers[0]!, 'a')).toBe(true)
    expect(audience.hear(says('1', 'taking'), peers[0]!, 'a')).toBe(false)
    expect(audience.hear(says('1', 'taking', 5), peers[0]!, 'a')).toBe(true)
    expect(audience.hear(says('1', 'taking', 5), peers[1]!, 'a')).toBe(true)
    expect(audience.size).toBe(1)
  })

  it('expects nothing more of who is done, has refused or has gone', () => {
    const audience = new Audience()
    audience.hear(says('1', 'done'), peers[0]!, 'a')
    audience.hear(says('2', 'refused'), peers[0]!, 'a')
    audience.hear(says('3', 'checking'), peers[1]!, 'b')
    expect([audience.size, audience.settled, audience.confirmed]).toEqual([3, 2, 1])
    expect(audience.left(peers[1]!)).toBe(true)
    expect(audience.left(peers[0]!)).toBe(false)
    expect(audience.settled).toBe(3)
    expect(audience.list('confirmed')).toMatchObject([{ id: peers[0], state: 'done' }])
    expect(audience.list('unconfirmed').map(({ state }) => state)).toEqual(['refused', 'gone'])
  })

  it('knows who comes back', () => {
    const audience = new Audience()
    audience.hear(says('1', 'taking'), peers[0]!, 'a')
    audience.left(peers[0]!)
    audience.hear(says('1', 'taking', 7), peers[1]!, 'a again')
    expect(audience.settled).toBe(0)
    expect(audience.list('unconfirmed')).toMatchObject([{ id: peers[1], has: 7 }])
  })

  it('remembers 1024 and not one more', () => {
    const audience = new Audience()
    for (let i = 0; i < 1024; i++) {
      expect(audience.hear(says(String(i), 'taking'), peers[0]!, 'a')).toBe(true)
    }
    expect(audience.hear(says('more', 'taking'), peers[0]!, 'a')).toBe(false)
    expect(audience.size).toBe(1024)
    expect(audience.hear(says('5', 'done'), peers[0]!, 'a')).toBe(true)
  })
})
