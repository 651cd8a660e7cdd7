/** `sixcast get`: fetches variables of everybody, and tells who has not given any. */
import type { Argv } from 'yargs'
import type { Bus, FetchOptions, FetchOutcome, FetchReport, PeerId, Reading } from '../index.ts'
import { ASKED_REPEATABLE, askedOf, withAsked } from './asked.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { findKnown, type KnownQuestion, type KnownValue, readKnown, writeKnown } from './known.ts'
import { note } from './log.ts'
import { fieldsOf, lineOf } from './payload.ts'
import { shown } from './shown.ts'
import { table } from './table.ts'
import { seconds, whole } from './values.ts'
import { faultBy, nameOf, whoIs } from './who.ts'

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
  /** Undefined: what others have got before is neither kept nor printed. */
  readonly stale: KnownQuestion | undefined
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
    .option('stale', {
      type: 'string',
      requiresArg: true,
      describe: 'Print the last known of the last SECONDS as well, of who gives nothing',
    })
    .option('json', { type: 'boolean', describe: 'One JSON object a line' })
    .option('table', { type: 'boolean', describe: 'A table at the end, in order of names' })
  return withExamples(options, [
    ['sixcast get load', 'of everybody who exposes it'],
    ["sixcast get 'disk/*/free' --where role=web --table", 'of those with a tag'],
    ['sixcast get load --json --min 3', 'for programs, of the first three'],
    ['sixcast get load --stale 3600', 'with what was known of those that are down'],
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

async function fetch(bus: Bus, job: Job, world: World): Promise<number> {
  const { names, options, form, stale } = job
  const { output, over } = world
  const fetching = bus.fetch(names, { ...options, signal: over })
  const rows: Row[] = []
  for await (const reading of fetching) {
    const row = rowOf(bus, reading)
    if (form === 'table' || stale) rows.push(row)
    if (form !== 'table') await print(row, form, world)
    if (output.isBroken) return Exit.ok
  }
  const report = await fetching.report
  const old = stale ? await oldRows(bus, rows, stale) : []
  if (form === 'table') await output.write(tableOf([...rows, ...old]))
  else for (const row of old) await print(row, form, world)
  if (form === 'json') {
    const outcomes = report.outcomes.map(plain)
    await output.object({ type: 'report', end: report.end, outcomes })
  } else for (const outcome of report.outcomes) tell(bus, outcome, options)
  return exitCode(report, options.min, old.length > 0)
}

/** What is known of before and has not come now; what has come is kept for the next time. */
async function oldRows(
  bus: Bus,
  rows: readonly Row[],
  question: KnownQuestion,
): Promise<readonly Row[]> {
  const now = Date.now()
  const before = await readKnown(bus.realm)
  const fresh: KnownValue[] = rows.map(({ name, from, who, fields, version, age }) => {
    const tags = bus.presence.get(from as PeerId)?.tags ?? {}
    return { name, from, who, tags, ...fields, version, age, at: now }
  })
  // A process that was started anew is another peer of the same name.
  const given = new Set(rows.map(({ who, name }) => `${who}/${name}`))
  const known = before.filter(({ who, name }) => !given.has(`${who}/${name}`))
  await writeKnown(bus.realm, [...fresh, ...known]).catch((error: Error) => {
    note(`what has come is not kept: ${error.message}`)
  })
  return findKnown(known, question, now).map((one) => {
    const { name, from, who, value, encoding, version } = one
    const fields = encoding === undefined ? { value } : { value, encoding }
    const age = one.age + now - one.at
    return { name, from, who, fields, version, age, rtt: 0, stale: true }
  })
}

/** One value, new or known of before. */
interface Row {
  readonly name: string
  readonly from: string
  readonly who: string
  readonly fields: { readonly value: unknown; readonly encoding?: string }
  readonly version: number
  readonly age: number
  readonly rtt: number
  readonly stale: boolean
}

function rowOf(bus: Bus, { name, from, value, version, age, rtt, stale }: Reading): Row {
  const who = nameOf(bus, from)
  return { name, from, who, fields: fieldsOf(value), version, age, rtt, stale }
}

async function print(row: Row, form: 'line' | 'json', { output }: World): Promise<void> {
  const { name, from, who, fields, version, age, rtt, stale } = row
  if (form === 'json') {
    return output.object({ type: 'reading', name, ...fields, from, version, age, rtt, stale })
  }
  const since = stale ? ` (${Math.round(age / 1000)} s old)` : ''
  await output.write(`${shown(`${who} ${name}`)} ${textOf(row)}${since}\n`)
}

function textOf({ fields: { value, encoding } }: Row): string {
  return encoding === undefined ? lineOf(value) : `${encoding}:${String(value)}`
}

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => {
    const { name, who, version, age } = row
    return [name, who, textOf(row), String(version), `${age / 1000} s`]
  })
  const sorted = cells.toSorted(
    ([a = '', b = ''], [c = '', d = '']) => compare(a, c) || compare(b, d),
  )
  return table(['NAME', 'PEER', 'VALUE', 'VERSION', 'AGE'], sorted)
}

function compare(a: string, b: string): number {
  return a.localeCompare(b)
}

/** What has failed, and who has not answered; who has no such variable is news where it was asked for. */
function tell(bus: Bus, outcome: FetchOutcome, { where, from, everyone }: Job['options']): void {
  const { type } = outcome
  const who = whoIs(bus, outcome.from)
  for (const { name: variable, error } of outcome.failures) {
    note(`${who}: ${variable}: ${faultBy(outcome.from, error)}`)
  }
  const isWhole = outcome.failures.length === 0
  if ((type === 'error' || type === 'refused') && isWhole) {
    note(`${who}: ${faultBy(outcome.from, outcome.error)}`)
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
function exitCode({ end, outcomes }: FetchReport, min = 0, isKnown: boolean): number {
  const types = new Set(outcomes.map(({ type }) => type))
  if (types.has('error') || types.has('refused')) return Exit.error
  if (types.has('silent') || types.has('gone')) return Exit.timeout
  if (types.has('answered')) {
    if (min === 0 || end === 'min') return Exit.ok
    const count = outcomes.filter(({ type }) => type === 'answered').length
    note(`${count} of ${min} peers have given a value`)
    return Exit.timeout
  }
  if (isKnown) return Exit.timeout // who had it has gone
  note('nobody who is here has such a variable')
  return Exit.error
}

function jobOf(given: Arguments): Job {
  const { everyone, min, timeout, stale, json = false, table: tabled = false } = given
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
    stale:
      stale === undefined
        ? undefined
        : {
            names,
            where: peers.where ?? {},
            from: peers.from,
            maxAgeMs: seconds(stale, 'option --stale', { min: 1, max: 31_536_000 }),
          },
  }
}

const SECONDS = { min: 0.001, max: 86_400 }
const MAX = 1_000_000
/** A fetch that has been called off is told to those who are at work. */
const HURRY_MS = 500
