/** Peers that ask and peers that answer, in the simulator: what was answered, and what has come. */
import { Random } from '../../bus/testing/random.ts'
import type { Answer } from '../../bus/core/publication.ts'
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { MARKER, type Plan, quietPlan } from './plan.ts'
import type { Process } from './process.ts'
import { Trace } from './trace.ts'
import { check } from './violation.ts'
import { advance, World } from './world.ts'

export interface Setting {
  readonly seed: number
  readonly askers: number
  readonly answerers: number
  readonly plan?: Partial<Plan>
  /** What an answer is like. */
  readonly about?: (random: Random) => Pick<Answer, 'spreadMs' | 'lifeMs'> & { size: number }
  /** Each answerer has a segment of its own with the askers: none hears another. */
  readonly apart?: boolean
}

/** What one answerer has told one asker. */
interface Talk {
  readonly answerer: Process
  /** The answers that were taken, in order. */
  readonly given: number[]
  readonly come: number[]
}

export class Inquiry {
  readonly world: World
  readonly askers: readonly Process[]
  readonly answerers: readonly Process[]
  /** Answers that were refused, since too much waits. */
  refused = 0
  /** Most that any peer has held at one time, bytes. */
  heldMax = 0
  readonly #talks = new Map<string, Talk>()
  readonly #random: Random
  readonly #about: NonNullable<Setting['about']>
  #answers = 0

  constructor({ seed, askers, answerers, plan, apart = false, about = usual }: Setting) {
    this.#random = new Random(seed, 'inquiry')
    this.#about = about
    const processes = askers + answerers
    this.world = new World({ ...quietPlan(seed), processes, ...plan }, new Trace())
    const { network } = this.world
    const launch = (segments: readonly number[]): Process => {
      return this.world.launch({ host: network.host(segments), realm: 0 })
    }
    const segments = apart ? [...Array(answerers).keys()] : [0]
    this.askers = Array.from({ length: askers }, () => launch(segments))
    this.answerers = Array.from({ length: answerers }, (_, i) => {
      // A hello answers 32 others: who comes with more waits for the next one.
      if (i % SET === SET - 1) advance(this.world, this.world.schedule.time + SET_MS)
      return launch([apart ? i : 0])
    })
    for (const process of this.answerers) this.#subscribe(process)
    this.world.onDelivered = (process, _, notice) => {
      if (notice.question) this.#answer(process, notice.stream)
    }
    this.world.onAnswer = (process, { from, payload }) => this.#come(process, from, payload)
  }

  wait(ms: number): void {
    const until = this.world.schedule.time + ms
    while (this.world.schedule.time < until) {
      advance(this.world, Math.min(until, this.world.schedule.time + LOOK_MS))
      for (const { peer } of this.world.processes) {
        const { answersSize, answersHeldSize } = peer.held
        this.heldMax = Math.max(this.heldMax, answersSize, answersHeldSize)
      }
    }
  }

  /** Each asker asks so often in that time, and everybody answers each question once. */
  ask(count: number, overMs: number): void {
    for (const asker of this.askers) {
      for (let i = 0; i < count; i++) {
        this.world.schedule.after(this.#random.between(0, overMs), () =>
          ask(this.world, asker, this.#random.pick([3, 900])),
        )
      }
    }
  }

  /** Answers that were taken, and that have come. */
  get counts(): { readonly given: number; readonly come: number } {
    const talks = [...this.#talks.values()]
    return {
      given: talks.reduce((sum, { given }) => sum + given.length, 0),
      come: talks.reduce((sum, { come }) => sum + come.length, 0),
    }
  }

  /**
   * Throws a violation unless every answer has come once, in the order of its answerer, or its
   * answerer has counted it as given up, and nothing is held any more.
   */
  check(): void {
    const missing = new Map<Process, number>()
    for (const { answerer, given, come } of this.#talks.values()) {
      check(new Set(come).size === come.length, 'contract', () => `${answerer.id}: ${come.join()}`)
      check(
        come.every((id, i) => i === 0 || id > come[i - 1]!),
        'order',
        () => come.join(),
      )
      const known = new Set(given)
      check(
        come.every((id) => known.has(id)),
        'contract',
        () => `${answerer.id} never said that`,
      )
      const lost = given.length - come.length
      missing.set(answerer, (missing.get(answerer) ?? 0) + lost)
    }
    for (const [{ id, peer }, lost] of missing) {
      const givenUp = peer.metrics.get('answersGivenUp')
      check(
        lost <= givenUp,
        'lossless',
        () => `${id} has given up ${givenUp}, and ${lost} are missing`,
      )
    }
    for (const { id, peer } of this.world.processes) {
      const { answersSize, answersHeldSize } = peer.held
      check(answersSize + answersHeldSize === 0, 'memory', () => {
        return `${id} still holds ${answersSize} to others and ${answersHeldSize} of others`
      })
    }
  }

  #answer(process: Process, { from, stream }: { from: bigint; stream: number }): void {
    const { size, ...about } = this.#about(this.#random)
    const id = ++this.#answers
    const payload = new Uint8Array(size).fill(id)
    new DataView(payload.buffer).setUint32(0, id)
    const answer = { to: from, stream, payload, ...about }
    const fault = process.command((peer, now) => peer.answer(now, answer))
    if (fault === 'queue') this.refused += 1
    else if (!fault) this.#talk(process.peer.instance, from, process).given.push(id)
  }

  #come(asker: Process, from: bigint, payload: Uint8Array): void {
    const id = new DataView(payload.buffer, payload.byteOffset).getUint32(0)
    const intact = payload.subarray(4).every((byte) => byte === id % 256)
    check(intact, 'contract', () => `answer ${id} has changed on its way`)
    const talk = this.#talks.get(`${from} ${asker.peer.instance}`)
    check(talk !== undefined, 'contract', () => `${from} never answered ${asker.id}`)
    talk!.come.push(id) // it is there, as has just been checked
  }

  #talk(from: bigint, to: bigint, answerer: Process): Talk {
    const key = `${from} ${to}`
    const known = this.#talks.get(key)
    const talk = known ?? { answerer, given: [], come: [] }
    if (!known) this.#talks.set(key, talk)
    return talk
  }

  #subscribe(process: Process): void {
    const parsed = parsePattern(`${MARKER}/**`)
    if (!parsed.ok) throw new Error(parsed.fault)
    const { pattern } = parsed
    this.world.ledger.subscribed(process, this.world.schedule.time, { id: 1, pattern })
    process.command((peer, now) => peer.subscribe(now, 1, pattern))
  }
}

/** A process asks everybody, on a topic of its own. */
export function ask(world: World, asker: Process, size = 3): void {
  const topic = `${MARKER}/${asker.id}`
  const about = { topic, segments: topic.split('/'), delivery: 'reliable' } as const
  const payload = new Uint8Array(size)
  world.ledger.published(asker, world.schedule.time, { ...about, payload, expiresMs: Infinity })
  const publication = { ...about, codec: 0, payload, urgent: false, question: payload.slice(0, 3) }
  asker.command((peer, now) => peer.publish(now, publication))
  asker.endTurn()
}

function usual(random: Random): ReturnType<NonNullable<Setting['about']>> {
  const size = random.pick([4, 4, 300, 1500, 20_000])
  return { size, spreadMs: random.pick([0, 0, 50]), lifeMs: 60_000 }
}

const LOOK_MS = 50
const SET = 20
const SET_MS = 200
