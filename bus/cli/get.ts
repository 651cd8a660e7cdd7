/** `sixcast get`: fetches variables of everybody, and tells who has not given any. */
import type { Argv } from 'yargs'
import type { Bus, FetchOptions, FetchOutcome, FetchReport, Reading } from '../index.ts'
import { ASKED_REPEATABLE, askedOf, withAsked } from './asked.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { note } from './log.ts'
import { fieldsOf, lineOf } from './payload.ts'
import { table } from './table.ts'
import { seconds, whole } from './values.ts'

export const get: Command = {
  usage: 'get <names..>',
  describe: 'Fetch variables',
  repeatable: ASKED_REPEATABLE,
  build,
  run,
}

interface Job {
  readonly names: readonly string[]
  readonly options: FetchOptions<unknown>
  readonly form: 'line' | 'json' | 'table'
}

function build(parser: Argv): Argv {
  const options = withAsked(parser)
    .option('everyone', { type: 'boolean', describe: 'Tell as well who has no such variable' })
    .option('min', {
      type: 'string',
      requiresArg: true,
      describe: 'End when N peers have answered',
    })
    .option('timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'Wait for SECONDS [default: 5]',
    })
    .option('json', { type: 'boolean', describe: 'One JSON object a line' })
    .option('table', { type: 'boolean', describe: 'A table at the end, in order of names' })
  return withExamples(options, [
    ['sixcast get load', 'of everybody who exposes it'],
    ["sixcast get 'disk/*/free' --where role=web --table", 'of those with a tag'],
    ['sixcast get load --json --min 3', 'for programs, of the first three'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const job = jobOf(given)
  const bus = await world.connect()
  try {
    return await fetch(bus, job, world)
  } finally {
    await bus.close({ linger: HURRY_MS })
  }
}

async function fetch(bus: Bus, { names, options, form }: Job, world: World): Promise<number> {
  const { interrupt, output } = world
  const fetching = bus.fetch(names, { ...options, signal: interrupt.signal })
  const readings: Reading[] = []
  for await (const reading of fetching) {
    if (form === 'table') readings.push(reading)
    else if (form === 'json') await output.object(objectOf(reading))
    else
      await output.write(`${whoIs(bus, reading.from)} ${reading.name} ${lineOf(reading.value)}\n`)
    if (output.isBroken) break
  }
  const report = await fetching.report
  if (form === 'table') await output.write(tableOf(bus, readings))
  if (form === 'json') {
    const outcomes = report.outcomes.map(plain)
    await output.object({ type: 'report', end: report.end, outcomes })
  } else for (const outcome of report.outcomes) tell(bus, outcome, options)
  return exitCode(report)
}

/** Its name, which is for people: ids tell peers apart, and `--json` has them. */
function whoIs(bus: Bus, id: Reading['from']): string {
  return bus.presence.get(id)?.name ?? id
}

function tableOf(bus: Bus, readings: readonly Reading[]): string {
  const rows = readings.map((reading) => {
    const { name, value, version, age } = reading
    return [name, whoIs(bus, reading.from), lineOf(value), String(version), `${age / 1000} s`]
  })
  const sorted = rows.toSorted(
    ([a = '', b = ''], [c = '', d = '']) => compare(a, c) || compare(b, d),
  )
  return table(['NAME', 'PEER', 'VALUE', 'VERSION', 'AGE'], sorted)
}

function compare(a: string, b: string): number {
  return a.localeCompare(b)
}

function objectOf({ name, value, from, version, age, rtt }: Reading): object {
  return { type: 'reading', name, ...fieldsOf(value), from, version, age, rtt }
}

/** What has failed, and who has not answered; who has no such variable is news where it was asked for. */
function tell(bus: Bus, outcome: FetchOutcome, { where, from, everyone }: Job['options']): void {
  const { type } = outcome
  const name = bus.presence.get(outcome.from)?.name
  const who = name === undefined ? outcome.from : `${outcome.from} (${name})`
  for (const { name: variable, error } of outcome.failures) {
    note(`${who}: ${variable}: ${error.code}: ${error.message}`)
  }
  const isWhole = outcome.failures.length === 0
  if ((type === 'error' || type === 'refused') && isWhole) {
    note(`${who}: ${outcome.error.code}: ${outcome.error.message}`)
  }
  if (type === 'silent') note(`${who} has not answered in time`)
  if (type === 'gone') note(`${who} has left, or is not here`)
  const isNews = everyone === true || where !== undefined || from !== undefined
  if (type === 'absent' && isNews) note(`${who} has no such variable`)
}

/** With errors as objects. */
function plain(outcome: FetchOutcome): object {
  const plainError = ({ code, message }: { code: string; message: string }): object => {
    return { code, message }
  }
  const failures = outcome.failures.map(({ name, error }) => ({ name, error: plainError(error) }))
  if (!('error' in outcome)) return { ...outcome, failures }
  return { ...outcome, failures, error: plainError(outcome.error) }
}

/** As bad as the worst of them; that nobody has such a variable is an error. */
function exitCode({ outcomes }: FetchReport): number {
  const types = new Set(outcomes.map(({ type }) => type))
  if (types.has('error') || types.has('refused')) return Exit.error
  if (types.has('silent') || types.has('gone')) return Exit.timeout
  if (types.has('answered')) return Exit.ok
  note('nobody who is here has such a variable')
  return Exit.error
}

function jobOf(given: Arguments): Job {
  const { everyone, min, timeout, json = false, table: tabled = false } = given
  const { names, peers } = askedOf(given)
  if (json === true && tabled === true) throw new UsageError('give --json or --table, not both')
  return {
    names,
    options: {
      timeout: seconds(timeout ?? 5, 'option --timeout', SECONDS),
      ...peers,
      ...(everyone === true && { everyone }),
      ...(min !== undefined && { min: whole(min, 'option --min', { min: 1, max: MAX }) }),
    },
    form: json === true ? 'json' : tabled === true ? 'table' : 'line',
  }
}

const SECONDS = { min: 0.001, max: 86_400 }
const MAX = 1_000_000
/** A fetch that has been called off is told to those who are at work. */
const HURRY_MS = 500
