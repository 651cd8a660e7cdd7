/**
 * A publisher whose messages workers of two groups share, under faults: who has worked on what.
 *
 * Workers come, close, crash and are cut off at random, on a network that loses, doubles and
 * reorders. What each message came to is checked against what the publisher has counted.
 */
import type { Bus } from '../../bus/api/options.ts'
import { Random } from '../../bus/testing/random.ts'
import { simulate } from '../../bus/testing/simulation.ts'
import type { Simulation } from '../../bus/testing/options.ts'
import { check } from './violation.ts'

export interface Trade {
  readonly seed: number
  readonly loss: number
  readonly messages: number
  /** What a member had not done when it is gone is given to another. */
  readonly again: boolean
  /** Workers crash, close and are cut off. */
  readonly faults: boolean
}

interface Worker {
  readonly name: string
  readonly group: string
  readonly bus: Bus
  crashed: boolean
  closed: boolean
}

/** One handling of a message. */
interface Work {
  readonly worker: Worker
  readonly at: number
  done: boolean
}

export class Shop {
  readonly #trade: Trade
  readonly #random: Random
  readonly net: Simulation
  readonly #workers: Worker[] = []
  readonly #worksByGroup = new Map<string, Map<number, Work[]>>()
  /** When the publisher took whom for gone, first. */
  readonly #goneAt = new Map<string, number>()
  readonly plain: number[] = []
  boss!: Bus

  constructor(trade: Trade) {
    this.#trade = trade
    this.#random = new Random(trade.seed, 'shop')
    const delay = [0.2, this.#random.pick([0.3, 4, 12])] as const
    this.net = simulate({ seed: trade.seed, loss: trade.loss, duplicate: trade.loss / 2, delay })
    for (const group of GROUPS) this.#worksByGroup.set(group, new Map())
  }

  async run(): Promise<void> {
    await this.#open()
    const { messages, faults } = this.#trade
    for (let n = 0; n < messages; n++) {
      const size = this.#random.pick([0, 0, 0, 5000])
      this.boss.publish('jobs', { n, rest: 'x'.repeat(size) }, { shared: true })
      if (this.#random.chance(0.3)) await this.net.run(this.#random.between(1, 60))
      if (faults && this.#isBusy && this.#random.chance(0.06)) await this.#fault()
    }
    this.net.heal()
    for (const group of GROUPS) await this.#hire(group)
    await this.#drain()
  }

  /** Throws a violation unless each message was worked on as promised. */
  check(): void {
    const lost = this.boss.stats().sharesLost + this.#missed()
    let undone = 0
    for (const [group, works] of this.#worksByGroup) {
      for (let n = 0; n < this.#trade.messages; n++) {
        const all = works.get(n) ?? []
        if (!all.some(({ done }) => done)) undone += 1
        this.#checkOnce(`message ${n} of ${group}`, all)
      }
    }
    check(undone <= lost, 'lossless', () => `${undone} are not done, and ${lost} are counted`)
    const expected = Array.from({ length: this.#trade.messages }, (_, n) => n)
    const whole = this.plain.length === expected.length && this.plain.every((n, i) => n === i)
    check(whole, 'order', () => `who shares nothing has got ${this.plain.join()}`)
  }

  /** Each group has done something: before, it may not be known to the publisher. */
  get #isBusy(): boolean {
    return [...this.#worksByGroup.values()].every((works) => works.size > 0)
  }

  /** How many of the messages were worked on more than once. */
  get repeated(): number {
    const all = [...this.#worksByGroup.values()].flatMap((works) => [...works.values()])
    return all.filter(({ length }) => length > 1).length
  }

  /** Several only where all but one had been taken for gone, and only if that is allowed. */
  #checkOnce(what: string, all: readonly Work[]): void {
    check(this.#trade.again || all.length <= 1, 'contract', () => `${what}: ${namesOf(all)}`)
    const until = all.at(-1)?.at ?? 0
    const there = all.filter(({ worker }) => (this.#goneAt.get(worker.bus.id) ?? Infinity) > until)
    check(there.length <= 1, 'contract', () => `${what}: ${namesOf(all)}, who had not gone`)
  }

  /** Messages that members had to give up on the way. */
  #missed(): number {
    return this.#workers.reduce((sum, { bus }) => sum + bus.stats().messagesLost, 0)
  }

  async #open(): Promise<void> {
    const first = this.#random.chance(0.5)
    if (first) await this.#employ()
    for (const group of GROUPS) for (let n = 0; n < 2; n++) await this.#hire(group)
    if (!first) await this.#employ()
    const plain = await this.net.connect({ name: 'plain' })
    plain.subscribe<{ n: number }>('jobs', ({ value }) => void this.plain.push(value.n))
    while (plain.presence.size < 5) await this.net.run(50)
  }

  async #employ(): Promise<void> {
    this.boss = await this.net.connect({ name: 'boss' })
    void (async () => {
      for await (const event of this.boss.events()) {
        if (event.type !== 'peer' || event.change.type !== 'leave') continue
        const { id } = event.change.peer
        if (!this.#goneAt.has(id)) this.#goneAt.set(id, this.net.time)
      }
    })()
  }

  async #hire(group: string): Promise<void> {
    const name = `w${this.#workers.length}`
    const bus = await this.net.connect({ name })
    const worker: Worker = { name, group, bus, crashed: false, closed: false }
    this.#workers.push(worker)
    const works = this.#worksByGroup.get(group)!
    const ms = this.#random.pick([0, 2, 20])
    const handler = async ({
      value,
    }: {
      readonly value: { readonly n: number }
    }): Promise<void> => {
      if (worker.crashed) return
      const work: Work = { worker, at: this.net.time, done: false }
      works.set(value.n, [...(works.get(value.n) ?? []), work])
      if (ms > 0) await this.net.sleep(ms)
      if (!worker.crashed) work.done = true
    }
    bus.subscribe<{ n: number }>('jobs', handler, { share: group, again: this.#trade.again })
  }

  async #fault(): Promise<void> {
    const alive = this.#workers.filter(({ crashed, closed }) => !crashed && !closed)
    if (alive.length === 0) return this.#hire(this.#random.pick(GROUPS))
    const worker = this.#random.pick(alive)
    switch (this.#random.pick(['crash', 'close', 'cut', 'heal', 'hire', 'hire'])) {
      case 'crash':
        worker.crashed = true
        this.net.crash(worker.bus)
        return undefined
      case 'close': {
        worker.closed = true
        await this.net.until(worker.bus.close({ linger: 500 }))
        if (!this.#goneAt.has(worker.bus.id)) this.#goneAt.set(worker.bus.id, this.net.time)
        return undefined
      }
      case 'cut':
        this.net.partition([worker.name])
        return this.net.run(this.#random.pick([200, 2000, 7000]))
      case 'heal':
        return this.net.heal()
      default:
        return this.#hire(worker.group)
    }
  }

  /** Lets everything be done that will be. */
  async #drain(): Promise<void> {
    let count = -1
    for (let quiet = 0; quiet < 16;) {
      await this.net.run(1000)
      const works = [...this.#worksByGroup.values()].flatMap((all) => [...all.values()].flat())
      quiet = works.length === count ? quiet + 1 : 0
      count = works.length
    }
  }
}

function namesOf(all: readonly Work[]): string {
  return all.map(({ worker, at }) => `${worker.name} at ${Math.round(at)}`).join(', ')
}

const GROUPS = ['bakers', 'butchers']
