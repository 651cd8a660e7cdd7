/** `sixcast agent`: lets others read what this host is and how it is, and runs what its configuration allows. */
import { createRequire } from 'node:module'
import type { Argv } from 'yargs'
import { parseTopic } from '../core/topic/pattern.ts'
import type { Bus, Responder } from '../index.ts'
import { type Action, actionsOf, offer } from './actions.ts'
import { exposeOwn, variablesOf } from './agent-variables.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { Disks, factsOf, library, PATIENT } from './facts.ts'
import { aborted, pause } from './interrupt.ts'
import { tags } from './pairs.ts'
import { orThrow, removal } from './removal.ts'
import { configOf } from './settings.ts'
import { text } from './values.ts'

export const agent: Command = {
  usage: 'agent',
  describe: 'Let others see how this host is, and run what is allowed',
  repeatable: ['tag'],
  build,
  run,
}

function build(parser: Argv): Argv {
  const options = parser
    .option('tag', {
      type: 'string',
      requiresArg: true,
      describe: 'KEY=VALUE, by which get --where finds this host; repeatable',
    })
    .option('prefix', {
      type: 'string',
      requiresArg: true,
      describe: 'Names and topics begin with this [default: host]',
    })
  return withExamples(options, [
    ['sixcast agent --tag role=web', 'what others can read, as host/load'],
    ['sixcast agent --config agent.json', 'with the actions and variables of a file'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const { tag, prefix: raw } = given
  const prefix = text(raw ?? 'host', 'option --prefix')
  const parsed = parseTopic(prefix)
  if (!parsed.ok) throw new UsageError(parsed.fault)
  const own = tags(tag, 'option --tag')
  const { config, path } = await configOf(given, process.env)
  const actions = actionsOf(config['actions'], path, prefix)
  const variables = variablesOf(config['variables'], path)
  assertProven(actions, world)
  const control = new AbortController()
  const bus = await world.connect(own ? { tags: own } : {})
  const responders: Responder[] = []
  try {
    const disks = await exposeAll(bus, prefix)
    bus.expose(`${prefix}/actions`, actions.map(shownAction))
    for (const variable of variables) exposeOwn(bus, variable, control.signal)
    for (const action of actions) responders.push(offer(bus, action, { world, prefix }))
    world.log.info({ actions: actions.map(({ name }) => name) }, 'serving')
    // A disk that hangs must not keep the agent.
    void look(disks, world)
    await Promise.race([aborted(world.interrupt.signal), orThrow(removal(bus))])
  } finally {
    control.abort()
    // What is at work comes to its end; the second signal ends it at once.
    await Promise.all(responders.map((responder) => responder.close()))
    await bus.close()
  }
  // Being interrupted is the way to end.
  return Exit.ok
}

async function exposeAll(bus: Bus, prefix: string): Promise<Disks> {
  const { version } = createRequire(import.meta.url)('sixcast/package.json') as { version: string }
  const from = await library()
  for (const [name, read] of factsOf(from, version)) {
    bus.expose(`${prefix}/${name}`, read, PATIENT)
  }
  return new Disks(bus, prefix, from)
}

/** Disks come and go. */
async function look(disks: Disks, { interrupt: { signal }, log }: World): Promise<void> {
  while (!signal.aborted) {
    try {
      await disks.look()
    } catch (error) {
      if (!signal.aborted) log.warn({ error: String(error) }, 'the disks cannot be read')
    }
    await pause(LOOK_MS, signal)
  }
}

/** Without a proof every member of the realm can ask in the name of another one. */
function assertProven(actions: readonly Action[], { settings: { proof = 'group' } }: World): void {
  const action = actions.find(({ allow }) => allow !== undefined)
  if (!action || proof !== 'group') return
  const fault = `the action "${action.name}" is for some identities alone, and nothing proves who asks`
  throw new UsageError(`${fault}: give --proof each, here and to those who ask`)
}

function shownAction({ name, arguments: allowed }: Action): object {
  return { name, arguments: allowed.map(({ source }) => source.slice('^(?:'.length, -')$'.length)) }
}

const LOOK_MS = 60_000
