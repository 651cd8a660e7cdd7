/** `sixcast demo`: several processes exchange the machine's readings, and it is counted. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Argv } from 'yargs'
import { newKey } from '../io/keyfile.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Member, onceEach } from './demo-crew.ts'
import { faultsOf, tallyOf } from './demo-tally.ts'
import { View } from './demo-view.ts'
import type { Duty } from './demo-words.ts'
import { Exit, Failure, UsageError } from './exit.ts'
import { aborted } from './interrupt.ts'
import { seconds } from './values.ts'

export const demo: Command = {
  usage: 'demo',
  describe: 'Try it on this host alone: live readings, several subscribers, a summary',
  build,
  run,
}

const DUTIES: readonly Duty[] = [
  { type: 'subscribe', name: 'dashboard', patterns: ['machine/**'] },
  { type: 'subscribe', name: 'archive', patterns: ['machine/**'] },
  { type: 'subscribe', name: 'alarms', patterns: ['machine/*/load', 'machine/*/memory'] },
  { type: 'subscribe', name: 'traffic', patterns: ['machine/{host}/network/{interface}'] },
  { type: 'publish', name: 'load', reading: 'load' },
  { type: 'publish', name: 'memory', reading: 'memory' },
  { type: 'publish', name: 'network', reading: 'network' },
]

function build(parser: Argv): Argv {
  const options = parser
    .option('seconds', {
      type: 'string',
      requiresArg: true,
      describe: 'How long the readings run [default: 8]',
    })
    .option('json', { type: 'boolean', describe: 'Progress and summary as JSON objects' })
  return withExamples(options, [
    ['sixcast demo', 'ten seconds; nothing leaves the machine'],
    ['sixcast demo --seconds 2 --json | tail -1', 'only the summary, for programs'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  refuse(given)
  const bounds = { min: 0.5, max: 3600 }
  const lastsMs = seconds(given['seconds'] ?? '8', 'option --seconds', bounds)
  const { output, interrupt } = world
  const logLevel = world.settings['log-level'] ?? 'warn'
  const log = onceEach((line) => void process.stderr.write(`${line}\n`))
  const crew = DUTIES.map((duty) => new Member(duty, logLevel, log))
  const form = world.json ? 'json' : process.stdout.isTTY ? 'table' : 'lines'
  const view = new View(output, form, crew)
  try {
    view.starting()
    if (!(await gathered(crew, world))) return endOf(world)
    const elapsedMs = await watched(crew, view, { lastsMs, world })
    await stopped(crew)
    const tally = tallyOf(crew)
    await view.summary(tally, elapsedMs)
    if (interrupt.code !== undefined || output.isBroken) return endOf(world)
    const faults = faultsOf(tally)
    if (faults.length === 0) return Exit.ok
    throw new Failure('DEMO', `the demo was not perfect: ${faults.join(', ')}`)
  } finally {
    await Promise.all(crew.map((member) => member.end()))
  }
}

/** The settings that would take the demo off this host, or into a realm of the user's. */
function refuse(given: Arguments): void {
  const misplaced = [
    'realm',
    'key',
    'open',
    'interface',
    'relay',
    'multicast',
    'peer',
    'unicast-port',
    'hops',
    'name',
    'scope',
  ]
  for (const name of misplaced) {
    if (given[name] === undefined || given[name] === 'host') continue
    const why = 'the demo stays on this host, in a realm of its own'
    throw new UsageError(`option --${name} is of no use here: ${why}`)
  }
}

/** Starts everybody, subscribers and publishers; false when there is no need any more. */
async function gathered(crew: readonly Member[], world: World): Promise<boolean> {
  const { port, linger } = world.settings
  const key = newKey()
  for (const member of crew) {
    const { duty } = member
    member.tell({ type: 'start', duty, key, port, linger, crew: crew.length })
  }
  const ready = Promise.all(crew.map((member) => member.heard('ready'))).then(() => true)
  const cut = Promise.race([aborted(world.interrupt.signal), world.output.broken])
  const going = await Promise.race([ready, cut.then(() => false)])
  if (going) for (const member of crew) member.tell({ type: 'go' })
  return going
}

/** Shows the readings until the time is up; resolves to how long that was. */
async function watched(
  crew: readonly Member[],
  view: View,
  until: { readonly lastsMs: number; readonly world: World },
): Promise<number> {
  const { signal } = until.world.interrupt
  const { output } = until.world
  const startedAt = performance.now()
  const failed = Promise.race(crew.map((member) => member.failed))
  for (;;) {
    const elapsedMs = performance.now() - startedAt
    if (elapsedMs >= until.lastsMs || signal.aborted || output.isBroken) return elapsedMs
    view.show(elapsedMs)
    const pause = Math.min(FRAME_MS, until.lastsMs - elapsedMs)
    await Promise.race([sleep(pause, undefined, { signal }).catch(() => undefined), failed])
  }
}

/** Publishers first: subscribers stay to receive the last of their messages. */
async function stopped(crew: readonly Member[]): Promise<void> {
  for (const type of ['publish', 'subscribe']) {
    const some = crew.filter(({ duty }) => duty.type === type)
    for (const member of some) member.tell({ type: 'stop' })
    await Promise.all(some.map((member) => member.heard('done')))
  }
}

function endOf(world: World): number {
  return world.interrupt.code ?? Exit.ok
}

const FRAME_MS = 250
