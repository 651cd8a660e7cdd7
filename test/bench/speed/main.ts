/**
 * sixcast beside what else a Node program can use: `npm run bench`.
 *
 * All run in turns on the same machine, with the same messages, the same clock and the same window,
 * so that a busy machine is busy for all of them; the medians of the rounds count.
 */
import { writeFileSync } from 'node:fs'
import { arch, availableParallelism, release } from 'node:os'
import { tell, writeBetween } from '../../sim/tables.ts'
import { install } from '../peers/package.ts'
import { BUILT_IN, contestants } from '../peers/registry.ts'
import { isInstalled } from './broker.ts'
import { type Plan, planOf, USAGE } from './plan.ts'
import { mediansOf, moreTables, speedTables } from './results.ts'
import { type Measured, Scene } from './scene.ts'
import { hostStage, machine, netStage, type Stage } from './stage.ts'

async function compare(asked: Plan): Promise<void> {
  const peers = present(asked.peers)
  const runs: Measured[] = []
  for (let round = 1; round <= asked.rounds; round++) {
    for (const subscribers of asked.subscribers) {
      await using stage = await stageOf(asked, subscribers)
      for (const peer of peers) {
        tell(`round ${round} of ${asked.rounds}, ${subscribers} subscribers: ${peer}`)
        runs.push(...(await measure(peer, { ...asked, stage, subscribers })))
      }
    }
  }
  const medians = mediansOf(runs)
  const tables = `${speedTables(medians)}\n\n${moreTables(medians)}\n\n${where(asked)}`
  process.stdout.write(`${tables}\n`)
  const { json, write, place } = asked
  if (json !== undefined) {
    const about = { machine: where(asked), plan: asked }
    writeFileSync(json, `${JSON.stringify({ ...about, medians, runs }, undefined, 2)}\n`)
  }
  if (write) writeBetween(DOCUMENT, place, tables)
}

function stageOf({ place, profile }: Plan, subscribers: number): Promise<Stage> | Stage {
  return place === 'net' ? netStage(subscribers, profile) : hostStage(profile)
}

async function measure(
  peer: string,
  { stage, subscribers, sizes, forMs, count, latencyMs }: Scenery,
): Promise<Measured[]> {
  const runs: Measured[] = []
  await using scene = await Scene.open(peer, stage, subscribers)
  for (const size of sizes) {
    const load = { size, forMs, ...(count !== undefined && { count }) }
    if (count === undefined) await scene.run({ size, forMs: WARM_UP_MS })
    runs.push(note(await scene.run(load)))
  }
  const [size = 64] = sizes
  if (latencyMs > 0) runs.push(note(await scene.run({ size, forMs: latencyMs, rate: RATE })))
  return runs
}

interface Scenery extends Omit<Plan, 'subscribers'> {
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
function present(names: readonly string[]): string[] {
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

function left(name: string, reason: string): boolean {
  tell(`${name} is left out: ${reason}`)
  return false
}

function planned(): Plan | undefined {
  try {
    return planOf(process.argv.slice(2))
  } catch (error) {
    tell(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    process.exitCode = 1
    return undefined
  }
}

function where({ rounds, forMs, place }: Plan): string {
  const day = new Date().toISOString().slice(0, 10)
  const across = place === 'net' ? 'each process on a host of its own, bridge with MTU 1500' : ''
  const parts = [
    `${availableParallelism()} cores (${machine()}, ${arch()})`,
    `Linux ${release()}, Node ${process.versions.node}, ${day}`,
    `medians of ${rounds} rounds of ${forMs / 1000} s`,
    ...(across ? [across] : ['all on one host']),
  ]
  return `${parts.join('; ')}.`
}

const DOCUMENT = 'docs/performance.md'
const WARM_UP_MS = 300
/** Messages a second while latency is measured. */
const RATE = 1000

const plan = planned()
if (plan) await compare(plan)
