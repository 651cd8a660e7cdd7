/** `sixcast set`: sets a variable of another peer. */
import type { Argv } from 'yargs'
import { parseTopic } from '../core/topic/pattern.ts'
import type { SetOptions } from '../index.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { assertJson, fieldsOf, lineOf, valueOf } from './payload.ts'
import { peerIdOf } from './req.ts'
import { seconds, text, whole } from './values.ts'

export const set: Command = {
  usage: 'set <name> <value>',
  describe: 'Set a variable of another peer',
  build,
  run,
}

interface Job {
  readonly name: string
  readonly value: unknown
  readonly options: SetOptions
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
    .option('timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'Wait for SECONDS [default: 5]',
    })
    .option('json', { type: 'boolean', describe: 'The value is JSON; print a JSON object' })
  return withExamples(options, [
    ['sixcast set hall/limit 20 --json', 'the number 20'],
    ['sixcast set mode night --owner 7c294d2116515d73 --over 3', 'unless it has changed'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const { name, value, options } = jobOf(given)
  const { output, interrupt } = world
  const bus = await world.connect()
  try {
    const written = await bus.set(name, value, { ...options, signal: interrupt.signal })
    const { from, version } = written
    if (world.json) {
      await output.object({ type: 'written', name, ...fieldsOf(written.value), from, version })
    } else {
      const owner = bus.presence.get(from)?.name ?? from
      await output.write(`${owner} ${name} ${lineOf(written.value)}\n`)
    }
    return Exit.ok
  } finally {
    await bus.close({ linger: HURRY_MS })
  }
}

function jobOf(given: Arguments): Job {
  const { name, value, owner, over, timeout, json = false } = given
  const parsed = parseTopic(String(name))
  if (!parsed.ok) throw new UsageError(parsed.fault)
  const words = String(value)
  if (json === true) assertJson(words, 'VALUE')
  const versions = { min: 1, max: Number.MAX_SAFE_INTEGER }
  return {
    name: String(name),
    value: valueOf(words, json === true, 'VALUE'),
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
