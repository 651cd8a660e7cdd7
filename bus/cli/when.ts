/** `sixcast when`: runs a command when a variable becomes what it is not meant to be. */
import type { Argv } from 'yargs'
import type {
  AggregateOccasion,
  AggregateOptions,
  Bus,
  Condition,
  Occasion,
  PeerId,
  WhenOptions,
  WhenStep,
} from '../index.ts'
import { type Alarm, AGGREGATES, alarmOf } from './alarm.ts'
import { askedOf, withPeers } from './asked.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { codeOf, Exit, UsageError } from './exit.ts'
import { aborted } from './interrupt.ts'
import { note } from './log.ts'
import { fieldsOf, lineOf, payloadOf } from './payload.ts'
import { outputOf } from './shell.ts'
import { shown } from './shown.ts'
import { seconds, whole } from './values.ts'
import { rememberedNames } from './who.ts'

export const when: Command = {
  usage: 'when <name> [command..]',
  describe: 'Run a command when a variable passes a bound',
  repeatable: ['command', 'where', 'from'],
  build,
  run,
}

interface Job {
  readonly name: string
  readonly alarm: Alarm
  readonly options: WhenOptions<unknown>
  /** A program and its arguments; none: its lines are all that it does. */
  readonly command: readonly string[]
  /** Acts before it ends. */
  readonly count: number
  readonly timeoutMs: number
}

function build(parser: Argv): Argv {
  const named = parser
    .positional('name', { type: 'string', describe: 'A name, or a pattern for several' })
    .positional('command', {
      type: 'string',
      describe: 'Behind --: a program and its arguments; no shell reads them',
    })
  const value = { type: 'string', requiresArg: true } as const
  const options = withPeers(named)
    .option('above', { ...value, describe: 'When a value is above N' })
    .option('below', { ...value, describe: 'When it is below N' })
    .option('equals', { ...value, describe: 'When it is VALUE' })
    .option('differs', { ...value, describe: 'When it is not VALUE' })
    .option('until', { ...value, describe: 'It is over on the other side of N [default: at once]' })
    .option('for', { ...value, describe: 'When it has been so for SECONDS [default: 0]' })
    .option('aggregate', {
      ...value,
      choices: AGGREGATES,
      describe: 'Not each value, but what all of them come to',
    })
    .option('every', {
      ...value,
      describe: 'Look at files, commands and aggregates every SECONDS [default: 1]',
    })
    .option('dry-run', { type: 'boolean', describe: 'Only print what would be done' })
    .option('count', { ...value, describe: 'End when it has acted N times' })
    .option('concurrency', { ...value, describe: 'Run N commands at once [default: 4]' })
    .option('timeout', { ...value, describe: 'The command may take SECONDS [default: 60]' })
    .option('json', { type: 'boolean', describe: 'VALUE is JSON; print one JSON object a line' })
  return withExamples(options, [
    ['sixcast when load --above 8 --for 30 -- ./page.sh', 'of any peer, for half a minute'],
    ['sixcast when disk/root/used --above 90 --until 80 --dry-run', 'what would be done'],
    ['sixcast when up --aggregate count --below 3 --for 10 -- logger "too few"', 'of all of them'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const job = jobOf(given)
  const { interrupt, output } = world
  const bus = await world.connect()
  try {
    const failures = await watch(bus, job, world)
    // Without a count, being interrupted is the way to end.
    if (job.count === Infinity || output.isBroken) return Exit.ok
    return interrupt.code ?? (failures > 0 ? Exit.error : Exit.ok)
  } finally {
    await bus.close({ linger: HURRY_MS })
  }
}

/** Until it has acted so often, or is to end; gives how often the command has failed. */
async function watch(bus: Bus, job: Job, world: World): Promise<number> {
  const { log, over } = world
  const nameOf = rememberedNames(bus)
  let [acts, calls, failures] = [0, 0, 0]
  let enough = (): void => undefined
  const done = new Promise<void>((resolve) => (enough = resolve))
  const told = (step: WhenStep): void => {
    const isAct = step.type === 'would' || step.type === 'acts'
    if (isAct && acts >= job.count) return
    void print(step, nameOf, world)
    if (!isAct) return
    acts += 1
    if (acts >= job.count) enough()
  }
  const act = async (occasion: Occasion | AggregateOccasion): Promise<void> => {
    calls += 1
    if (calls > job.count || job.command.length === 0) return
    // What the command prints itself comes behind the line that says so.
    if (!world.json) await world.output.flush(occasion.signal)
    await command(job, { occasion, nameOf, json: world.json }).catch((error: unknown) => {
      failures += 1
      throw error
    })
  }
  const condition = conditionOf(bus, job, { told, act })
  log.info({ name: job.name }, 'watching')
  await Promise.race([done, aborted(over), condition.ended])
  // What is at work comes to its end; the second signal ends it at once.
  await condition.close()
  return failures
}

function conditionOf(
  bus: Bus,
  { name, alarm: { test, until, aggregate }, options }: Job,
  {
    told,
    act,
  }: {
    readonly told: (step: WhenStep) => void
    readonly act: (occasion: Occasion | AggregateOccasion) => Promise<void>
  },
): Condition {
  const how = { ...options, told, ...(until && { until }) }
  if (!aggregate) return bus.when(name, test, act, how)
  const all: AggregateOptions<unknown, unknown> = { ...how, aggregate }
  return bus.when<unknown, unknown>(name, test, act, all)
}

async function command(
  { name, command: words, timeoutMs }: Job,
  {
    occasion,
    nameOf,
    json,
  }: {
    readonly occasion: Occasion | AggregateOccasion
    readonly nameOf: (id: PeerId) => string
    readonly json: boolean
  },
): Promise<void> {
  const { value, held, signal } = occasion
  const about =
    'from' in occasion
      ? {
          SIXCAST_VARIABLE: occasion.name,
          SIXCAST_FROM: occasion.from,
          SIXCAST_OWNER: nameOf(occasion.from),
        }
      : { SIXCAST_VARIABLE: name }
  const text = value instanceof Uint8Array ? lineOf(value) : String(payloadOf(value))
  const all = { ...about, SIXCAST_VALUE: text, SIXCAST_HELD: String(held / 1000) }
  // An environment cannot hold what has a zero in it; the value is the command's input as well.
  const env = Object.fromEntries(Object.entries(all).filter(([, one]) => !one.includes('\0')))
  await outputOf(words, { input: value, env, timeoutMs, signal, passTo: json ? 2 : 1 })
}

async function print(
  step: WhenStep,
  nameOf: (id: PeerId) => string,
  { json, output }: World,
): Promise<void> {
  const { type, name, from, value, held } = step
  if (step.type === 'failed') {
    const who = from === undefined ? '' : `${nameOf(from)} ${name}: `
    note(`${who}${codeOf(step.error)}: ${step.error.message}`)
  }
  if (json) {
    const about = from === undefined ? {} : { name, from }
    const fields = value === undefined ? {} : fieldsOf(value)
    const { error } = { error: undefined, ...step }
    const why = error && { error: { code: codeOf(error), message: error.message } }
    return output.object({ type, ...about, ...fields, held, ...why })
  }
  if (type === 'failed' || type === 'acted') return
  const words = [type, ...(from === undefined ? [] : [nameOf(from), name])].join(' ')
  await output.write(`${shown(words)} ${value === undefined ? '-' : lineOf(value)}\n`)
}

function jobOf(given: Arguments): Job {
  const { name, command: words, every, count, concurrency, timeout, for: held } = given
  const { names, peers } = askedOf({ ...given, names: name })
  const program = Array.isArray(words) ? words.map(String) : []
  const dryRun = given['dry-run'] === true
  for (const [option, value] of Object.entries({ timeout, concurrency })) {
    if (value === undefined || program.length > 0) continue
    throw new UsageError(`option --${option} is of use only with a command behind --`)
  }
  const many = { min: 1, max: Number.MAX_SAFE_INTEGER }
  return {
    name: names[0]!,
    alarm: alarmOf(given),
    options: {
      ...peers,
      every: seconds(every ?? 1, 'option --every', { min: 0.1, max: 86_400 }),
      for: seconds(held ?? 0, 'option --for', { min: 0, max: 86_400 }),
      concurrency: whole(concurrency ?? 4, 'option --concurrency', { min: 1, max: 256 }),
      dryRun,
    },
    command: program,
    count: count === undefined ? Infinity : whole(count, 'option --count', many),
    timeoutMs: seconds(timeout ?? 60, 'option --timeout', { min: 0.001, max: 86_400 }),
  }
}

/** A watch that has been called off is told to those who answer it. */
const HURRY_MS = 500
