/** How a receiver gets what it misses: whom it asks, when, how often, and when it stops asking. */
import { describe, expect, it } from 'vitest'
import { NakTiming } from '../../../../bus/core/stream/nak-timing.ts'
import type { ReceiverStream } from '../../../../bus/core/stream/receiver.ts'
import { numbersOf, heard } from './asking.ts'
import { REPAIR_AGE, type Receiving, receiving } from './receiving.ts'

/** Two round trips of a group that has told none yet, and an eighth: nobody else is there. */
const AGAIN = 22.5

/** A receiver that has begun, and its patience is not in the way. */
function begun(setup: Parameters<typeof receiving>[0] = {}): Receiving {
  const world = receiving({ repairAge: 10_000, ...setup })
  world.start()
  return world
}

/** One of a hundred, 20 ms apart. */
function among(): Receiving {
  const timing = new NakTiming(() => 0.5)
  timing.hear(20, 100)
  return begun({ timing })
}

/** What is asked for at `now`, in as many questions as it takes. */
function asked(receiver: ReceiverStream, now: number): number[] {
  const found: number[] = []
  for (let i = 0; i < 1000; i++) {
    const ask = receiver.ask(now)
    if (!ask) return found
    found.push(...numbersOf(ask))
  }
  throw new Error('it asks without end')
}

describe('what is missing', () => {
  it('is asked for after a wait, in case it is only late', () => {
    const world = begun()
    world.take(1, 0).take(3, 5)
    expect([world.receiver.deadline, world.receiver.ask(5)]).toEqual([6, undefined])
    expect(world.receiver.ask(6)).toMatchObject({ first: 2, missing: Uint8Array.of(0x80) })
    expect([world.receiver.ask(6), world.receiver.deadline]).toEqual([undefined, 6 + AGAIN])
  })

  it('is not asked for when it was only late, and later ones are given that time', () => {
    const world = begun()
    world.take(2, 0).take(1, 0.8)
    expect([world.log(), world.receiver.deadline]).toEqual([['0', '1'], Infinity])
    world.take(4, 1).take(3, 9)
    world.take(6, 20)
    expect(world.receiver.deadline).toBe(20 + 8 * 1.25)
  })

  it('comes by a repair, and what waited for it follows in order', () => {
    const world = begun()
    world.take(3).take(5)
    expect(asked(world.receiver, 1)).toEqual([1, 2, 4])
    expect(world.take(2, 20).log()).toEqual([])
    expect(world.take(1, 21).log()).toEqual(['0', '1', '2'])
    expect(world.take(4, 22).log()).toEqual(['3', '4'])
    expect([world.receiver.deadline, asked(world.receiver, 1000)]).toEqual([Infinity, []])
  })

  it('is asked for with everything else that is missing, in one question', () => {
    const world = begun()
    for (let number = 2; number <= 40; number += 2) world.take(number)
    const odd = Array.from({ length: 20 }, (_, i) => 2 * i + 1)
    expect(numbersOf(world.receiver.ask(1))).toEqual(odd)
  })

  it('is asked for again when no answer comes', () => {
    const world = begun()
    world.take(2)
    expect(asked(world.receiver, 1)).toEqual([1])
    expect(asked(world.receiver, 1 + AGAIN - 0.1)).toEqual([])
    expect(asked(world.receiver, 1 + AGAIN)).toEqual([1])
  })

  it('is asked for ever more rarely, and every third time by way of the control group', () => {
    const world = begun()
    world.take(2)
    const [waits, toAll]: [number[], boolean[]] = [[], []]
    for (let i = 0, now = 1; i < 8; i++, now = world.receiver.deadline) {
      toAll.push(world.receiver.ask(now)!.toAll)
      waits.push(world.receiver.deadline - now)
    }
    expect(waits).toEqual([AGAIN, AGAIN, 45, 90, 180, 360, 500, 500])
    expect(toAll).toEqual([false, false, true, false, false, true, false, false])
  })

  it('is asked for in the same rounds, whatever waits are drawn', () => {
    const units = [0, 0.9, 0.1, 0.8]
    const world = begun({ timing: new NakTiming(() => units.shift() ?? 0.5) })
    world.take(2)
    const questions = Array.from({ length: 3 }, () => world.receiver.ask(world.receiver.deadline))
    expect(questions.map((one) => one?.toAll)).toEqual([false, false, true])
  })

  it('is asked for as often as at first once any packet comes', () => {
    const world = begun()
    world.take(2)
    for (let i = 0; i < 7; i++) world.receiver.ask(world.receiver.deadline)
    const now = world.receiver.deadline
    world.take(3, now)
    expect(world.receiver.ask(now)).toMatchObject({ toAll: false })
    expect(world.receiver.deadline).toBe(now + AGAIN)
  })

  it('is given up when its time is over, and not before', () => {
    const world = begun({ repairAge: REPAIR_AGE })
    world.take(2, 0).take(4, 50)
    world.receiver.expire(REPAIR_AGE - 1)
    expect(world.log()).toEqual([])
    world.receiver.expire(REPAIR_AGE)
    expect(world.log()).toEqual(['gap 0-0 network', '1'])
    expect(world.take(3, REPAIR_AGE + 49).log()).toEqual(['2', '3'])
  })

  it('has its full time again after a standstill, and the socket is read first', () => {
    const world = begun({ repairAge: REPAIR_AGE })
    world.take(2)
    world.receiver.postpone(500)
    world.receiver.expire(500 + REPAIR_AGE - 1)
    expect([world.log(), asked(world.receiver, 519)]).toEqual([[], []])
    expect(asked(world.receiver, 520)).toEqual([1])
    world.receiver.expire(500 + REPAIR_AGE)
    expect(world.log()).toEqual(['gap 0-0 network', '1'])
  })
})

describe('whom it asks', () => {
  it('is the publisher alone when nobody else is there', () => {
    const world = begun()
    world.take(2)
    expect(world.receiver.ask(1)).toMatchObject({ solo: true, toAll: false })
  })

  it('is the group as well when others may lack the same, after a longer wait', () => {
    const world = among()
    world.take(2)
    expect(world.receiver.deadline).toBeGreaterThan(50)
    const { deadline } = world.receiver
    expect(world.receiver.ask(deadline)).toMatchObject({ solo: false, toAll: false })
  })

  it('is the publisher alone once answers to the group do not come through', () => {
    const world = among()
    world.take(2)
    const questions = Array.from({ length: 4 }, () => world.receiver.ask(world.receiver.deadline))
    expect(questions.map((one) => [one?.solo, one?.toAll])).toEqual([
      [false, false],
      [true, false],
      [false, true],
      [true, false],
    ])
  })

  it('is the publisher alone for what has been missing for more than a second', () => {
    const world = among()
    world.take(2)
    world.take(3, 1500)
    expect(world.receiver.ask(1500)).toMatchObject({ first: 1, solo: true })
  })
})

describe('the question of another receiver', () => {
  it('stands for the own one, which is asked only when the answer does not come', () => {
    const world = among()
    world.take(2)
    const { deadline } = world.receiver
    world.receiver.overheard(5, heard(1))
    expect(asked(world.receiver, deadline)).toEqual([])
    expect(world.metrics.get('naksSuppressed')).toBe(1)
    const answerBy = 5 + 6 * 20 * 1.125
    expect(world.receiver.deadline).toBe(answerBy)
    expect(asked(world.receiver, answerBy)).toEqual([1])
  })

  it('lets be asked for what it does not name', () => {
    const world = among()
    world.take(2).take(4)
    const { deadline } = world.receiver
    world.receiver.overheard(5, heard(1))
    expect(asked(world.receiver, deadline)).toEqual([3])
    expect(world.metrics.get('naksSuppressed')).toBe(0)
  })

  it('is nothing to a receiver that lacks nothing, or does not know where it begins', () => {
    for (const world of [among(), receiving()]) {
      world.receiver.overheard(5, heard(1, 2))
      expect(world.metrics.get('naksSuppressed')).toBe(0)
      expect(world.receiver.deadline).toBe(Infinity)
    }
  })

  it('keeps it from asking for a part of its patience only', () => {
    const timing = new NakTiming(() => 0.5)
    // Whoever asked last may have told the publisher any round trip.
    timing.hear(2000, 100)
    const world = begun({ timing })
    world.take(2)
    world.receiver.overheard(0, heard(1))
    expect(world.receiver.deadline).toBeLessThan(5000)
    expect(asked(world.receiver, world.receiver.deadline)).toEqual([1])
  })
})

describe('the loss that a receiver tells of', () => {
  it('begins when it has attached: before, packets may have come sooner than its membership', () => {
    const world = begun()
    world.take(5)
    expect(world.receiver.missing.loss).toMatchObject({ missed: 0, all: 0 })
    world.receiver.catchUp(0, 5)
    expect(world.receiver.missing.loss).toMatchObject({ missed: 0, all: 0 })
    world.take(7)
    expect(world.receiver.missing.loss).toMatchObject({ missed: 1, all: 2 })
  })
})

describe('what the publisher no longer has', () => {
  it('of the last message is a gap as soon as all else has come, without another word', () => {
    const world = begun()
    world.receiver.heartbeat(0, 3, 1)
    world.receiver.skipTo(0, 3, 0)
    world.fragment(3, { offset: 20, size: 10, totalSize: 30 })
    expect(world.log()).toEqual(['gap 0-0 history'])
  })

  it('is a gap with that cause, and what came between is delivered in its place', () => {
    const world = begun()
    world.take(1).take(3).take(6)
    world.receiver.skipTo(0, 5, 4)
    expect(world.log()).toEqual(['0', 'gap 1-1 history', '2', 'gap 3-3 history'])
    expect(asked(world.receiver, 1)).toEqual([5])
    expect(world.take(5, 2).log()).toEqual(['4', '5'])
  })

  it('is passed over at once to what is asked for next, however far that is', () => {
    const world = begun({ reorderPackets: 4 })
    world.receiver.heartbeat(0, 1000, 1000)
    expect(asked(world.receiver, 1)).toEqual([1, 2, 3, 4, 5])
    world.receiver.skipTo(2, 900, 899)
    expect(world.log()).toEqual(['gap 0-898 history'])
    expect(asked(world.receiver, 3)).toEqual([900, 901, 902, 903, 904])
  })
})

describe('a window that is full', () => {
  it('drops the newest packet and asks for it when there is room', () => {
    const world = begun({ reorderPackets: 4 })
    for (let number = 2; number <= 6; number++) world.take(number)
    expect(world.metrics.get('reorderFull')).toBe(1)
    expect(asked(world.receiver, 1)).toEqual([1])
    expect(world.take(1, 20).log()).toEqual(['0', '1', '2', '3', '4'])
    expect(asked(world.receiver, 21)).toEqual([6])
    expect(world.take(6, 40).log()).toEqual(['5'])
  })

  it('has nothing asked for that would not fit, and nearly full nothing behind what is there', () => {
    const world = begun({ reorderPackets: 8 })
    world.receiver.heartbeat(0, 100, 100)
    expect(asked(world.receiver, 1)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    for (let number = 2; number <= 8; number++) world.take(number, 10)
    expect(asked(world.receiver, 100)).toEqual([1])
    world.take(1, 110)
    expect(asked(world.receiver, 200)).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17])
  })

  it('does not grow with a packet that came before the start was known', () => {
    const world = receiving({ repairAge: 10_000, reorderPackets: 8 })
    world.take(2 ** 20)
    world.start()
    // Each question more would cost two packets, and its answer would find no room.
    expect(asked(world.receiver, 1)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
})

describe('what was sent before the receiver attached', () => {
  it('is asked for at once and from the publisher alone: nobody else lacks it', () => {
    const world = among()
    world.receiver.catchUp(0, 5)
    expect(world.receiver.deadline).toBe(0)
    const ask = world.receiver.ask(0)
    expect([numbersOf(ask), ask?.solo]).toEqual([[1, 2, 3, 4, 5], true])
  })

  it('is not asked for again as long as it flows, and is when the flow stops', () => {
    const world = begun()
    world.receiver.catchUp(0, 5)
    world.receiver.ask(0)
    world.take(1, 20)
    expect(asked(world.receiver, AGAIN)).toEqual([])
    world.take(2, 40)
    expect(asked(world.receiver, 20 + AGAIN)).toEqual([])
    expect(asked(world.receiver, 40 + AGAIN)).toEqual([3, 4, 5])
  })

  it('is asked for again at its time where the flow has passed it over', () => {
    const world = begun()
    world.receiver.catchUp(0, 5)
    world.receiver.ask(0)
    world.take(1, 20).take(3, 21)
    expect(asked(world.receiver, AGAIN)).toEqual([2])
  })

  it('is nothing when it has come', () => {
    const world = begun()
    world.take(1).take(2)
    world.receiver.catchUp(0, 2)
    expect(world.receiver.deadline).toBe(Infinity)
  })
})

describe('a group that has gone dark', () => {
  it('shows by heartbeats that tell of more and more packets, none of which comes', () => {
    const world = begun()
    world.take(1)
    world.receiver.heartbeat(10, 5, 5)
    world.receiver.heartbeat(20, 5, 5)
    expect(world.receiver.missing.dark).toBe(false)
    world.receiver.heartbeat(30, 9, 9)
    expect(world.receiver.missing.dark).toBe(true)
    world.take(12, 40)
    expect(world.receiver.missing.dark).toBe(false)
  })

  it('shows by one such heartbeat when questions bring nothing either', () => {
    const world = begun()
    world.receiver.heartbeat(0, 5, 5)
    world.receiver.ask(1)
    expect(world.receiver.missing.dark).toBe(false)
    world.receiver.ask(1 + AGAIN)
    expect(world.receiver.missing.dark).toBe(true)
  })

  it('is not dark when what is missing lies between packets that came', () => {
    const world = begun()
    world.take(1).take(9)
    for (let i = 0; i < 5; i++) world.receiver.ask(world.receiver.deadline)
    expect(world.receiver.missing.dark).toBe(false)
  })
})
