/** A simulated realm whose owner signs pages, for what happens when its epoch changes. */
import type { CounterName } from '../../bus/core/metrics.ts'
import type { Past } from '../../bus/core/peer/subscribing/attacher.ts'
import { parsePattern } from '../../bus/core/topic/pattern.ts'
import { MARKER, quietPlan } from './plan.ts'
import type { Process } from './process.ts'
import { Trace } from './trace.ts'
import { CLEAR, type Weather } from './weather.ts'
import { advance, World } from './world.ts'

const BAD = { ...CLEAR, loss: 0.05, duplicate: 0.2, overtaken: 0.1, overtakenMs: 10 }
const TOPIC = `${MARKER}/load`
const STEP_MS = 10
const BURST = 5

export interface Rotation {
  readonly members: readonly Process[]
  readonly revoked?: readonly Process[]
  readonly isAtOnce?: boolean
  readonly salt?: number
}

export class EpochRealm {
  readonly world: World
  sent = 0
  /** What each process was told of epochs. */
  readonly told = new Map<Process, string[]>()

  constructor(seed: number, weather: Weather = BAD) {
    const plan = { ...quietPlan(seed), owned: true, realSignatures: true, weather, answerMs: 5 }
    this.world = new World(plan, new Trace())
    this.world.onEpoch = (process, { state, epoch }) => {
      this.told.set(process, [...(this.told.get(process) ?? []), `${state} ${epoch}`])
    }
  }

  member(subscribes: boolean, past?: Past): Process {
    const { world } = this
    const process = world.launch({ host: world.network.host([0]), realm: 0 })
    if (!subscribes) return process
    const parsed = parsePattern(`${MARKER}/**`)
    if (!parsed.ok) throw new Error(parsed.fault)
    const { pattern } = parsed
    world.ledger.subscribed(process, world.schedule.time, { id: 1, pattern, past })
    process.command((peer, now) => peer.subscribe(now, 1, pattern, { history: past }))
    return process
  }

  /** Publishes all the time for so long. */
  load(process: Process, durationMs: number): void {
    const end = this.world.schedule.time + durationMs
    while (this.world.schedule.time < end) {
      for (let i = 0; i < BURST; i++) this.world.workload.publish(process, TOPIC, 200)
      this.sent += BURST
      process.endTurn()
      this.wait(STEP_MS)
    }
  }

  wait(ms: number): void {
    advance(this.world, this.world.schedule.time + ms)
  }

  page(epoch: number, { members, revoked = [], isAtOnce = false, salt = 0 }: Rotation): Uint8Array {
    const secret = { key: new Uint8Array(32).fill(epoch + salt) }
    const identities = revoked.map(({ options }) => options.signer.identity)
    return this.world.page({
      epoch,
      isAtOnce,
      members: members.map(({ options }) => ({ identity: options.signer.identity, secret })),
      revoked: { identities, serials: [] },
    })
  }

  adopt(process: Process, page: Uint8Array): void {
    process.command((peer, now) => peer.adopt(now, page))
  }

  given(process: Process): number {
    let count = 0
    for (const { tracks } of this.world.ledger.subscriptionsOf(process)) {
      for (const { delivered } of tracks.values()) count += delivered
    }
    return count
  }

  count(process: Process, name: CounterName): number {
    return process.peer.metrics.get(name)
  }
}
