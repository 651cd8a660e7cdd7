/** `sixcast watch`: prints what variables hold, and then what changes. */
import type { Argv } from 'yargs'
import type { Change, WatchOptions } from '../index.ts'
import { ASKED_REPEATABLE, askedOf, withAsked } from './asked.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit } from './exit.ts'
import { fieldsOf, lineOf } from './payload.ts'
import { shown } from './shown.ts'
import { seconds, whole } from './values.ts'
import { rememberedNames } from './who.ts'

export const watch: Command = {
  usage: 'watch <names..>',
  describe: 'Print variables as they change',
  repeatable: ASKED_REPEATABLE,
  build,
  run,
}

interface Job {
  readonly names: readonly string[]
  readonly options: WatchOptions<unknown>
  /** Changes to print. */
  readonly count: number
}

function build(parser: Argv): Argv {
  const options = withAsked(parser)
    .option('every', {
      type: 'string',
      requiresArg: true,
      describe: 'Look at files and commands every SECONDS [default: 1]',
    })
    .option('count', { type: 'string', requiresArg: true, describe: 'End after N lines' })
    .option('json', { type: 'boolean', describe: 'One JSON object a line' })
  return withExamples(options, [
    ['sixcast watch load --where role=web', 'of those with a tag'],
    ["sixcast watch 'disk/**' --every 60 --json", 'once a minute, for programs'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const { names, options, count } = jobOf(given)
  const { interrupt, output, over } = world
  const bus = await world.connect()
  try {
    let left = count
    const nameOf = rememberedNames(bus)
    for await (const change of bus.watch(names, { ...options, signal: over })) {
      await print(nameOf(change.from), change, world)
      left -= 1
      if (left === 0 || output.isBroken) break
    }
    return Exit.ok
  } catch (error) {
    // Without a count, being interrupted is the way to end.
    if (count === Infinity && interrupt.signal.aborted) return Exit.ok
    throw error
  } finally {
    await bus.close({ linger: HURRY_MS })
  }
}

async function print(who: string, change: Change, { json, output }: World): Promise<void> {
  if (json) return output.object(objectOf(change))
  await output.write(`${shown(`${who} ${change.name}`)} ${textOf(change)}\n`)
}

function textOf(change: Change): string {
  if (change.type === 'value') return lineOf(change.value)
  return change.type === 'gone'
    ? '(gone)'
    : lineOf(`(${change.error.code}: ${change.error.message})`)
}

function objectOf(change: Change): object {
  if (change.type === 'gone') return change
  const { type, name, from } = change
  if (change.type === 'value') {
    return { type, name, ...fieldsOf(change.value), from, version: change.version, age: change.age }
  }
  const { code, message } = change.error
  return { type, name, from, error: { code, message } }
}

function jobOf(given: Arguments): Job {
  const { every, count } = given
  const { names, peers } = askedOf(given)
  const many = { min: 1, max: Number.MAX_SAFE_INTEGER }
  return {
    names,
    options: {
      every: seconds(every ?? 1, 'option --every', { min: 0.1, max: 86_400 }),
      ...peers,
    },
    count: count === undefined ? Infinity : whole(count, 'option --count', many),
  }
}

/** A watch that has been called off is told to those who answer it. */
const HURRY_MS = 500
