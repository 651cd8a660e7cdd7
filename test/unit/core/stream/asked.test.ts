/** Questions to groups: who has each, who would not answer it, and what is over. */
import { describe, expect, it } from 'vitest'
import { Shares } from '../../../../bus/core/stream/shares.ts'

const QUESTION = new Uint8Array(1)

class Scene {
  readonly told: string[] = []
  readonly lost: string[] = []
  readonly budget = { used: 0, max: 1e9 }
  readonly shares: Shares
  #index = 0
  #again = 1000

  constructor({ max = 1e9, forQuestions = false } = {}) {
    this.budget.max = max
    this.shares = new Shares({
      budget: this.budget,
      age: 10_000,
      patience: 5000,
      forQuestions,
      lost: (cause, count) => this.lost.push(`${cause} ${count}`),
      full: () => undefined,
      given: (index, instance) => this.told.push(`${index} to ${instance}`),
      nobody: (index) => this.told.push(`${index} to nobody`),
      apart: (instance) => this.told.push(`${instance} apart`),
    })
  }

  claim(instance: number, more: { again?: boolean; alone?: boolean; questions?: boolean } = {}) {
    const { again = false, alone = false, questions = true } = more
    const group = questions ? 1n : 2n
    const member = { instance: BigInt(instance), id: 1 }
    return { member, group, again, alone, questions, ageMs: 0 }
  }

  sit(instance: number, more?: Parameters<Scene['claim']>[1]): number {
    const { seat } = this.shares.ask(0, this.claim(instance, more))
    this.shares.confirm(0, this.claim(instance, more), { seat, done: 0 })
    this.drain()
    return seat
  }

  leave(instance: number, seat: number): void {
    this.shares.leave(0, this.claim(instance), { seat, done: 1e6 })
    this.drain()
  }

  refuse(index: number, instance: number): void {
    this.shares.asked.refuse(0, index, BigInt(instance))
    this.drain()
  }

  ask({ plain = false, expiresAt = Infinity, size = 8 } = {}): number {
    const question = plain ? undefined : QUESTION
    this.shares.choose(0, this.#index, {
      codec: 0,
      payload: new Uint8Array(size),
      question,
      expiresAt,
    })
    return this.#index++
  }

  drain(now = 0): void {
    this.shares.again(now, () => this.#again++)
  }

  /** What has been told since the last call. */
  log(): string[] {
    return this.told.splice(0)
  }
}

describe('a question', () => {
  it('is for one seat, and over when it is settled, whatever else its member has', () => {
    const scene = new Scene()
    scene.sit(1)
    const [slow] = [scene.ask(), scene.ask(), scene.ask()]
    scene.sit(2)
    expect(scene.log()).toEqual(['0 to 1', '1 to 1', '2 to 1'])
    expect([scene.ask(), scene.ask(), scene.ask()]).toEqual([3, 4, 5])
    expect(scene.log()).toEqual(['3 to 2', '4 to 2', '5 to 2'])
    for (const index of [1, 2]) scene.shares.settle(0, index, 1n)
    scene.ask()
    expect(scene.log()).toEqual(['6 to 1'])
    scene.shares.settle(0, slow!)
    scene.shares.forget(0, 1n)
    expect([scene.log(), scene.lost]).toEqual([[], []])
  })

  it('is nothing to members of a group that takes messages, and messages are nothing to who answers', () => {
    const scene = new Scene()
    scene.sit(1)
    expect([scene.ask({ plain: true }), scene.log()]).toEqual([0, []])
    scene.sit(2, { questions: false })
    scene.ask({ plain: true })
    expect(scene.ask()).toBe(2)
    // The message is of both kinds: one that answers is asked, one that takes messages has it too.
    expect(scene.log()).toEqual(['2 to 1'])
  })

  it('that its member would not answer goes to another, and to nobody when all have refused', () => {
    const scene = new Scene()
    scene.sit(1)
    const index = scene.ask()
    scene.sit(2)
    scene.refuse(index, 2)
    expect(scene.log()).toEqual(['0 to 1'])
    scene.refuse(index, 1)
    expect([scene.log(), scene.shares.asked.awaits(index)]).toEqual([['0 to 2'], false])
    scene.refuse(index, 2)
    expect(scene.log()).toEqual(['0 to nobody'])
    expect(scene.lost).toEqual([])
  })

  it('waits for who has asked for a seat, and for nobody where there is none', () => {
    const scene = new Scene()
    const early = scene.ask()
    expect(scene.shares.asked.awaits(early)).toBe(false)
    const { seat } = scene.shares.ask(0, scene.claim(1))
    expect([scene.shares.asked.awaits(early), scene.shares.asking]).toEqual([true, false])
    scene.shares.leave(0, scene.claim(1), { seat, done: 0 })
    expect([scene.shares.asked.awaits(early), scene.log()]).toEqual([false, ['0 to nobody']])
    scene.sit(2)
    expect(scene.log()).toEqual([])
  })

  it('that is over is not given to who comes later', () => {
    const scene = new Scene()
    const [first, second] = [scene.ask(), scene.ask()]
    scene.shares.settle(0, first)
    scene.sit(1)
    expect(scene.log()).toEqual([`${second} to 1`])
  })

  it.each([true, false])('of a member that is gone: again %s', (again) => {
    const scene = new Scene()
    scene.sit(1, { again })
    scene.ask()
    scene.sit(2)
    scene.log()
    scene.shares.forget(0, 1n)
    scene.drain()
    expect([scene.log(), scene.lost]).toEqual([again ? ['0 to 2'] : [], []])
  })

  it('stays with who gives its seat up, until it is settled or refused', () => {
    const scene = new Scene()
    const seat = scene.sit(1)
    const [begun, waiting] = [scene.ask(), scene.ask()]
    scene.sit(2)
    scene.leave(1, seat)
    expect(scene.log()).toEqual(['0 to 1', '1 to 1'])
    scene.refuse(waiting, 1)
    expect(scene.log()).toEqual(['1 to 2'])
    for (let n = 0; n < 5; n++) scene.ask()
    expect(scene.log().every((one) => one.endsWith('to 2'))).toBe(true)
    scene.shares.settle(0, begun, 1n)
    scene.shares.settle(0, waiting)
    // Who comes back has another seat.
    expect(scene.sit(1)).toBe(3)
  })

  it("that expires while it waits, or has no room, is nobody's", () => {
    const scene = new Scene({ max: 1000 })
    scene.shares.ask(0, scene.claim(1))
    scene.ask({ expiresAt: 50 })
    scene.sit(2)
    scene.log()
    const brief = new Scene({ max: 1000 })
    brief.shares.ask(0, brief.claim(1))
    brief.ask({ expiresAt: 50 })
    brief.drain(100)
    expect(brief.log()).toEqual(['0 to nobody'])
    brief.ask({ size: 2000 })
    expect([brief.log(), brief.lost]).toEqual([['1 to nobody'], []])
  })
})

describe('who takes a stream by seats alone', () => {
  it('is known as it was last said, and stays so without a seat, until it attaches anew', () => {
    const scene = new Scene()
    const { asked } = scene.shares
    const first = scene.sit(1, { alone: true })
    scene.sit(2, { alone: true })
    scene.sit(3)
    expect(scene.log()).toEqual(['1 apart', '2 apart'])
    expect([...asked.apart]).toEqual([1n, 2n])
    scene.shares.ask(0, scene.claim(2))
    scene.shares.ask(0, scene.claim(3, { alone: true }))
    expect([scene.log(), [1n, 3n].every((one) => asked.apart.has(one))]).toEqual([
      ['3 apart'],
      true,
    ])
    scene.leave(1, first)
    expect(asked.apart.has(1n)).toBe(true)
    asked.forget(1n)
    expect(asked.apart.has(1n)).toBe(false)
    scene.shares.forget(0, 3n)
    expect([...asked.apart]).toEqual([])
  })

  it('is known where it got none', () => {
    const scene = new Scene()
    for (let id = 1; id <= 65; id++) {
      const claim = { ...scene.claim(1, { alone: true }), member: { instance: 1n, id } }
      scene.shares.ask(0, claim)
    }
    scene.shares.forget(0, 1n)
    expect([...scene.shares.asked.apart]).toEqual([])
  })
})

it('keeps no messages for later where groups come for questions', () => {
  const scene = new Scene({ forQuestions: true })
  scene.ask({ plain: true })
  expect(scene.budget.used).toBe(0)
  const index = scene.ask()
  expect(scene.budget.used).toBeGreaterThan(0)
  scene.shares.settle(0, index)
  expect(scene.budget.used).toBe(0)
})
