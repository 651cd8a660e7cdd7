/** `sixcast expose`: lets others read constants, files, and what commands print. */
import { open } from 'node:fs/promises'
import type { Argv } from 'yargs'
import { defaultLimits } from '../core/limits.ts'
import { parseTopic } from '../core/topic/pattern.ts'
import { type Bus, BusError, type PeerId } from '../index.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { aborted } from './interrupt.ts'
import { type Pair, pairs, tags } from './pairs.ts'
import { assertJson, fieldsOf, lineOf, valueOf } from './payload.ts'
import { orThrow, removal } from './removal.ts'
import { outputOf } from './shell.ts'
import { seconds } from './values.ts'

export const expose: Command = {
  usage: 'expose [values..]',
  describe: 'Let others fetch variables',
  repeatable: ['values', 'file', 'command', 'tag'],
  build,
  run,
}

interface Job {
  readonly constants: readonly Pair[]
  /** Paths by name. */
  readonly files: readonly Pair[]
  /** Commands by name. */
  readonly commands: readonly Pair[]
  readonly tags: Readonly<Record<string, string>> | undefined
  readonly writable: boolean
  readonly json: boolean
  /** How long a file or a command may take, ms. */
  readonly timeoutMs: number
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('values', { type: 'string', describe: 'Constants, each NAME=VALUE' })
    .option('file', {
      type: 'string',
      requiresArg: true,
      describe: 'NAME=PATH: what the file holds when it is asked for; repeatable',
    })
    .option('command', {
      type: 'string',
      requiresArg: true,
      describe: 'NAME=CMD: what CMD prints in a shell when it is asked for; repeatable',
    })
    .option('tag', {
      type: 'string',
      requiresArg: true,
      describe: 'KEY=VALUE, by which get --where finds this peer; repeatable',
    })
    .option('writable', {
      type: 'boolean',
      describe: 'Others may set the constants; each time NAME and VALUE are printed',
    })
    .option('json', { type: 'boolean', describe: 'Values are JSON; print JSON objects' })
    .option('timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'A file or a command may take SECONDS [default: 1]',
    })
  return withExamples(options, [
    ['sixcast expose site=north rack=7', 'constants'],
    ['sixcast expose --file load=/proc/loadavg --tag role=web', 'a file, and a tag'],
    ["sixcast expose --command disk/root/free='df --output=avail / | tail -1'", 'a command'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const job = jobOf(given)
  const { interrupt, over, log } = world
  const bus = await world.connect(job.tags ? { tags: job.tags } : {})
  const control = new AbortController()
  try {
    exposeConstants(bus, job, world)
    exposeRead(bus, job, control.signal)
    log.info({ names: namesOf(job) }, 'exposing')
    // Who prints nothing needs no reader.
    const end = aborted(job.writable ? over : interrupt.signal)
    await Promise.race([end, orThrow(removal(bus))])
  } finally {
    control.abort()
    await bus.close()
  }
  // Being interrupted is the way to end.
  return Exit.ok
}

function exposeConstants(bus: Bus, { constants, writable, json }: Job, world: World): void {
  for (const [name, text] of constants) {
    const written = (value: unknown, from: PeerId): void => {
      void print({ name, value, from }, world)
    }
    bus.expose(name, valueOf(text, json, `the value of ${name}`), { writable, written })
  }
}

/** What is read when it is asked for, until the signal aborts. */
function exposeRead(
  bus: Bus,
  { files, commands, json, timeoutMs }: Job,
  signal: AbortSignal,
): void {
  const options = { timeout: timeoutMs }
  for (const [name, path] of files) {
    bus.expose(name, async () => valueOf(await contentOf(path), json, `the file ${path}`), options)
  }
  for (const [name, command] of commands) {
    const read = async (): Promise<unknown> => {
      const env = { SIXCAST_VARIABLE: name }
      const output = await outputOf(command, { input: '', env, timeoutMs, signal })
      return valueOf(output, json, `the output of the command of ${name}`)
    }
    bus.expose(name, read, options)
  }
}

async function print(
  { name, value, from }: { readonly name: string; readonly value: unknown; readonly from: PeerId },
  { json, output }: World,
): Promise<void> {
  if (json) await output.object({ type: 'written', name, ...fieldsOf(value), from })
  else await output.write(`${name} ${lineOf(value)}\n`)
}

/** The beginning is enough to see that it is too large; devices and pipes have no size. */
async function contentOf(path: string): Promise<Uint8Array> {
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    throw new BusError('NO_FILE', `the file ${path} cannot be read (${cause.code})`, { cause })
  })
  try {
    const bytes = new Uint8Array(SIZE_MAX + 1)
    let size = 0
    for (;;) {
      const { bytesRead } = await file.read(bytes, size, bytes.length - size)
      size += bytesRead
      if (bytesRead === 0 || size === bytes.length) break
    }
    if (size > SIZE_MAX) {
      throw new BusError('TOO_LARGE', `the file ${path} has over ${SIZE_MAX} bytes: send it`)
    }
    return bytes.subarray(0, bytes[size - 1] === NEWLINE ? size - 1 : size)
  } finally {
    await file.close()
  }
}

function namesOf({ constants, files, commands }: Job): readonly string[] {
  return [...constants, ...files, ...commands].map(([name]) => name)
}

function jobOf(given: Arguments): Job {
  const { values, file, command, tag, writable = false, json = false, timeout } = given
  const none = Array.isArray(values) && values.length === 0
  const job: Job = {
    constants: none ? [] : pairs(values, 'a value'),
    files: pairs(file, 'option --file'),
    commands: pairs(command, 'option --command'),
    tags: tags(tag, 'option --tag'),
    writable: writable === true,
    json: json === true,
    timeoutMs: seconds(timeout ?? 1, 'option --timeout', { min: 0.001, max: 86_400 }),
  }
  const names = namesOf(job)
  if (names.length === 0) {
    throw new UsageError('nothing to expose: give NAME=VALUE, --file or --command')
  }
  if (job.writable && job.constants.length === 0) {
    throw new UsageError('option --writable is of use only with NAME=VALUE')
  }
  for (const [i, name] of names.entries()) {
    const parsed = parseTopic(name, 'name')
    if (!parsed.ok) throw new UsageError(parsed.fault)
    if (names.indexOf(name) !== i) throw new UsageError(`the name "${name}" is given twice`)
  }
  if (job.json) for (const [name, text] of job.constants) assertJson(text, `the value of ${name}`)
  return job
}

const SIZE_MAX = defaultLimits.variableSize
const NEWLINE = 10
