/**
 * sixcast beside what else a Node program can use: `npm run bench`.
 *
 * All run in turns on the same machine, with the same messages, the same clock and the same window,
 * so that a busy machine is busy for all of them; the medians of the rounds count.
 */
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import type { Native } from '../../../bus/index.ts'
import { tell } from '../../sim/tables.ts'
import { install } from '../peers/package.ts'
import type { Place } from '../peers/contestant.ts'
import { BUILT_IN, contestants } from '../peers/registry.ts'
import { isInstalled } from './broker.ts'
import { fits, type Heat, heatsOf } from './course.ts'
import { writeDocument } from './document.ts'
import { type Plan, planOf, USAGE } from './plan.ts'
import { TURN_MESSAGES } from './publisher.ts'
import { mediansOf, moreTables, speedTables } from './results.ts'
import { type Measured, Scene } from './scene.ts'
import { hostStage, machineLine, netStage, type Stage } from './stage.ts'

async function compare(asked: Plan): Promise<void> {
  const missing = new Map<string, string>()
  const peers = present(asked.peers, missing)
  const runs = new Map<Place, Measured[]>(asked.places.map((place) => [place, []]))
  const heats = heatsOf({ ...asked, peers })
  const times: number[] = []
  while (times.length < asked.rounds && (times.length === 0 || fits(times, asked.withinMs))) {
    const startedAt = performance.now()
    tell(`round ${times.length + 1} of ${asked.rounds} at most`)
    const course = { heats, asked, runs, missing }
    await round(course)
    times.push(performance.now() - startedAt)
  }
  for (const [place, some] of runs) {
    const medians = mediansOf(some)
    const about = where(asked, { place, rounds: times.length, missing })
    const tables = `${speedTables(medians)}\n\n${moreTables(medians)}\n\n${about}`
    process.stdout.write(`${tables}\n`)
    if (asked.write) writeDocument({ place, medians, tables, about })
  }
  const { json } = asked
  if (json === undefined) return
  const [all, machines] = [[...runs.values()].flat(), [...runs.keys()]]
  const about = machines.map((place) => where(asked, { place, rounds: times.length, missing }))
  const text = { machine: about, plan: asked, medians: mediansOf(all), runs: all }
  writeFileSync(json, `${JSON.stringify(text, undefined, 2)}\n`)
}

/** What cannot be written is told now, and not when all has been measured. */
function prepare({ json, profile }: Plan): void {
  if (json !== undefined) closeSync(openSync(json, 'a'))
  if (profile !== undefined) mkdirSync(profile, { recursive: true })
}

interface Course {
  readonly heats: readonly Heat[]
  readonly asked: Plan
  readonly runs: ReadonlyMap<Place, Measured[]>
  /** Who could not be measured, and why. */
  readonly missing: Map<string, string>
}

/** Everybody once; who fails is named, and the others go on. */
async function round({ heats, asked, runs, missing }: Course): Promise<void> {
  const legs = heats.reduce((all, { peers }) => all + peers.length, 0)
  const startedAt = performance.now()
  let done = 0
  for (const heat of heats) {
    const { place, subscribers, peers } = heat
    const failed = (who: string, error: unknown): void => {
      const reason = error instanceof Error ? error.message.split('\n')[0]! : String(error)
      missing.set(`${who} with ${subscribers} subscribers (${place})`, reason)
      tell(`    not measured: ${reason}`)
      process.exitCode = 1
    }
    try {
      await using stage = await stageOf(asked, heat)
      for (const peer of peers) {
        const left = done === 0 ? '' : `, ${minutes(startedAt, legs / done - 1)} to go`
        tell(`  ${++done} of ${legs}${left}: ${place}, ${subscribers} subscribers, ${peer}`)
        const measured = measure(peer, { ...asked, stage, subscribers, missing })
        await measured.then(
          (some) => runs.get(place)?.push(...some),
          (error: unknown) => failed(peer, error),
        )
      }
    } catch (error) {
      failed('everybody', error)
    }
  }
}

/** `part`: of what has been done since, what is still to be done. */
function minutes(since: number, part: number): string {
  return `${(((performance.now() - since) * part) / 60_000).toFixed(1)} minutes`
}

function stageOf({ profile }: Plan, { place, subscribers }: Heat): Promise<Stage> | Stage {
  return place === 'net' ? netStage(subscribers, profile) : hostStage(profile)
}

async function measure(
  peer: string,
  { stage, subscribers, sizes, forMs, count, aTurn, latencyMs, missing }: Scenery,
): Promise<Measured[]> {
  const runs: Measured[] = []
  await using scene = await Scene.open(peer, stage, subscribers)
  const { native } = (await scene.about()) as { readonly native?: Native }
  if (native?.inUse === false) missing.set(`the fast path of ${peer}`, native.reason)
  for (const size of sizes) {
    const load = { size, forMs, aTurn, ...(count !== undefined && { count }) }
    // Processes that share the processors take as much longer until their code is compiled.
    const warmUpMs = WARM_UP_MS + WARM_UP_EACH_MS * (1 + subscribers)
    if (count === undefined) await scene.run({ size, forMs: warmUpMs, aTurn })
    runs.push(note(await scene.run(load)))
  }
  const [size = 64] = sizes
  if (latencyMs > 0) runs.push(note(await scene.run({ size, forMs: latencyMs, rate: RATE })))
  return runs
}

interface Scenery extends Omit<Plan, 'subscribers'>, Pick<Course, 'missing'> {
  readonly stage: Stage
  readonly subscribers: number
}

function note(run: Measured): Measured {
  const { size, perSecond, cpu, lost, stalls, latency } = run
  const speed = `${Math.round(perSecond)}/s, ${cpu.toFixed(2)} CPU s a million`
  const rest = latency ? `latency p50 ${latency.p50.toFixed(3)} ms` : speed
  tell(`    ${size} B: ${rest}, lost ${lost}, stalls ${stalls}`)
  return run
}

/** Those that can take part; who cannot is named, with the reason. */
function present(names: readonly string[], missing: Map<string, string>): string[] {
  const left = (name: string, reason: string): boolean => {
    tell(`${name} is left out: ${reason}`)
    missing.set(name, reason)
    return false
  }
  const foreign = names.filter((name) => !BUILT_IN.includes(name))
  const fault = foreign.length > 0 ? install() : undefined
  if (fault) tell(`the packages of ${foreign.join(', ')} could not be installed: ${fault}`)
  return names.filter((name) => {
    if (fault && foreign.includes(name)) return left(name, 'its package is missing')
    const broker = contestants[name]!.broker
    if (!broker || isInstalled(broker.command)) return true
    return left(name, `as root: apt-get install --no-install-recommends ${broker.debian}`)
  })
}

function planned(): Plan | undefined {
  try {
    const asked = planOf(process.argv.slice(2))
    prepare(asked)
    return asked
  } catch (error) {
    tell(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    process.exitCode = 1
    return undefined
  }
}

function where({ forMs, count, aTurn }: Plan, { place, rounds, missing }: Taken): string {
  const run = count === undefined ? `of ${forMs / 1000} s` : `of ${count} messages`
  const line = machineLine([
    rounds === 1 ? `one round ${run}` : `medians of ${rounds} rounds ${run}`,
    ...(aTurn === TURN_MESSAGES ? [] : [`at most ${aTurn} messages a turn`]),
    place === 'net' ? 'each process on a host of its own, bridge with MTU 1500' : 'all on one host',
  ])
  const without = [...missing].map(([name, reason]) => `Not measured: ${name} (${reason}).`)
  return [line, ...without].join(' ')
}

interface Taken {
  readonly place: Place
  readonly rounds: number
  readonly missing: ReadonlyMap<string, string>
}

/** Before each run, and for each process that takes part. */
const WARM_UP_MS = 500
const WARM_UP_EACH_MS = 200
/** Messages a second while latency is measured. */
const RATE = 1000

const plan = planned()
if (plan) await compare(plan)
