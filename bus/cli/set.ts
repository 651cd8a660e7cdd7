/** `sixcast set`: sets a variable of another peer. */
import type { Argv } from 'yargs'
import { parseTopic } from '../core/topic/pattern.ts'
import {
  type Bus,
  BusError,
  type SetAllOptions,
  type SetOptions,
  type SetOutcome,
  type SetReport,
  type Written,
} from '../index.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { note } from './log.ts'
import { tags } from './pairs.ts'
import { assertJson, fieldsOf, lineOf, valueOf } from './payload.ts'
import { peerIdOf } from './req.ts'
import { shown } from './shown.ts'
import { seconds, text, whole } from './values.ts'
import { faultBy, nameOf, whoIs } from './who.ts'

export const set: Command = {
  usage: 'set <name> <value>',
  describe: 'Set a variable of another peer',
  repeatable: ['where'],
  build,
  run,
}

interface Job {
  readonly name: string
  readonly value: unknown
  readonly options: SetOptions & { readonly timeout: number }
  /** Of all owners, or those with tags; undefined: of one. */
  readonly all: Pick<SetAllOptions, 'where'> | undefined
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('name', { type: 'string', describe: 'The name, as in hall/limit' })
    .positional('value', { type: 'string', describe: 'The value: text as it is' })
    .option('owner', {
      type: 'string',
      requiresArg: true,
      describe: 'Of the peer with this id [default: the only one that exposes it]',
    })
    .option('over', {
      type: 'string',
      requiresArg: true,
      describe: 'Only while it has VERSION, as get --json prints it',
    })
    .option('all', { type: 'boolean', describe: 'Of every peer that exposes it' })
    .option('where', {
      type: 'string',
      requiresArg: true,
      describe: 'Of every peer with the tag KEY=VALUE; repeatable',
    })
    .option('timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'Wait for SECONDS [default: 5]',
    })
    .option('json', { type: 'boolean', describe: 'The value is JSON; print a JSON object' })
  return withExamples(options, [
    ['sixcast set hall/limit 20 --json', 'the number 20'],
    ['sixcast set mode night --owner 7c294d2116515d73 --over 3', 'unless it has changed'],
    ['sixcast set mode night --where role=web', 'of all with a tag'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const job = jobOf(given)
  const { name } = job
  const { output, interrupt } = world
  const bus = await world.connect()
  try {
    if (job.all) return await setEverywhere(bus, job, world)
    const written = await setOne(bus, job, interrupt.signal)
    const { from, version } = written
    if (world.json) {
      await output.object({ type: 'written', name, ...fieldsOf(written.value), from, version })
    } else {
      await output.write(`${shown(`${nameOf(bus, from)} ${name}`)} ${lineOf(written.value)}\n`)
    }
    return Exit.ok
  } finally {
    await bus.close({ linger: HURRY_MS })
  }
}

/** Errors name the option that this command has. */
async function setOne(bus: Bus, job: Job, signal: AbortSignal): Promise<Written> {
  try {
    return await bus.set(job.name, job.value, { ...job.options, signal })
  } catch (error) {
    if (!(error instanceof BusError)) throw error
    throw new BusError(error.code, error.message.replace('by "to"', 'by --owner'), { cause: error })
  }
}

async function setEverywhere(bus: Bus, job: Job, world: World): Promise<number> {
  const { name } = job
  const { output, interrupt, json } = world
  const { outcomes } = await setInTime(bus, job, interrupt.signal)
  for (const outcome of outcomes) {
    if (json) await output.object(objectOf(name, outcome))
    else if (outcome.type === 'written') {
      await output.write(
        `${shown(`${nameOf(bus, outcome.from)} ${name}`)} ${lineOf(outcome.value)}\n`,
      )
    } else tell(bus, outcome)
  }
  const types = new Set(outcomes.map(({ type }) => type))
  if (types.has('error') || types.has('refused')) return Exit.error
  if (['silent', 'gone', 'cancelled'].some((type) => types.has(type as SetOutcome['type']))) {
    return Exit.timeout
  }
  if (types.has('written')) return Exit.ok
  note(`nobody who was asked exposes "${name}"`)
  return Exit.error
}

/** Finds those who have the tags first, within the same time. */
export async function setInTime(
  bus: Pick<Bus, 'fetch' | 'setAll'>,
  { name, value, options: { timeout }, all = {} }: Job,
  signal: AbortSignal,
): Promise<SetReport> {
  const began = performance.now()
  // A bus that has just come knows nobody's tags before everybody has met it.
  if (all.where) await bus.fetch(name, { ...all, timeout: Math.ceil(timeout / 2), signal }).report
  const rest = Math.max(1, Math.round(timeout - (performance.now() - began)))
  return bus.setAll(name, value, { ...all, timeout: rest, signal })
}

function objectOf(name: string, outcome: SetOutcome): object {
  const { from, type } = outcome
  if (outcome.type === 'written') {
    return { type, name, ...fieldsOf(outcome.value), from, version: outcome.version }
  }
  if (!('error' in outcome)) return { name, ...outcome }
  const { code, message } = outcome.error
  return { type, name, from, error: { code, message } }
}

function tell(bus: Bus, outcome: SetOutcome): void {
  const who = whoIs(bus, outcome.from)
  if ('error' in outcome) note(`${who}: ${faultBy(outcome.from, outcome.error)}`)
  else if (outcome.type === 'absent') note(`${who} has no such variable`)
  else if (outcome.type === 'gone') note(`${who} has left, or is not here`)
  else note(`${who} has not answered in time, and may have set it`)
}

function jobOf(given: Arguments): Job {
  const { name, value, owner, over, all, where: tagged, timeout, json = false } = given
  const parsed = parseTopic(String(name), 'name')
  if (!parsed.ok) throw new UsageError(parsed.fault)
  const words = String(value)
  if (json === true) assertJson(words, 'VALUE')
  const where = tags(tagged, 'option --where')
  const isMany = all === true || where !== undefined
  for (const [option, found] of Object.entries({ owner, over })) {
    if (found === undefined || !isMany) continue
    throw new UsageError(`option --${option} is of one owner: not with --all or --where`)
  }
  if (all === true && where) throw new UsageError('give --all or --where, not both')
  const versions = { min: 1, max: Number.MAX_SAFE_INTEGER }
  return {
    name: String(name),
    value: valueOf(words, json === true, 'VALUE'),
    all: isMany ? (where ? { where } : {}) : undefined,
    options: {
      timeout: seconds(timeout ?? 5, 'option --timeout', { min: 0.001, max: 86_400 }),
      ...(owner !== undefined && {
        to: peerIdOf(text(owner, 'option --owner'), 'option --owner'),
      }),
      ...(over !== undefined && { version: whole(over, 'option --over', versions) }),
    },
  }
}

/** A question that has been called off is told to its owner. */
const HURRY_MS = 500
