/** `sixcast reply`: answers questions, with what they hold or with what a command prints. */
import type { Argv } from 'yargs'
import { parsePattern } from '../core/topic/pattern.ts'
import { type Bus, BusError, type Question } from '../index.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { aborted } from './interrupt.ts'
import { valueOf } from './payload.ts'
import { orThrow, removal } from './removal.ts'
import { outputOf } from './shell.ts'
import { seconds, text, whole } from './values.ts'

export const reply: Command = {
  usage: 'reply <pattern>',
  describe: 'Answer questions',
  build,
  run,
}

interface Job {
  readonly pattern: string
  /** Undefined: the question is the answer. */
  readonly command: string | undefined
  readonly json: boolean
  /** Questions to answer. */
  readonly count: number
  /** At once. */
  readonly concurrency: number
  /** How long a command may take, ms. */
  readonly timeoutMs: number
  /** The group of which one answers. */
  readonly share: string | undefined
  /** What this one had and has not answered is given to another. */
  readonly again: boolean
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('pattern', {
      type: 'string',
      describe: 'Topics; * is any one segment, ** any number of them',
    })
    .option('echo', { type: 'boolean', describe: 'The question is the answer' })
    .option('command', {
      type: 'string',
      requiresArg: true,
      describe: 'Run this in a shell: the question is its input, its output the answer',
    })
    .option('json', { type: 'boolean', describe: 'What the command prints is JSON' })
    .option('count', { type: 'string', requiresArg: true, describe: 'End after N questions' })
    .option('concurrency', {
      type: 'string',
      requiresArg: true,
      describe: 'Answer N questions at once [default: 4]',
    })
    .option('timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'A command may take SECONDS [default: 60]',
    })
    .option('share', {
      type: 'string',
      requiresArg: true,
      describe: 'Of those that name the same group, one answers each question',
    })
    .option('again', {
      type: 'boolean',
      describe: 'With --share: what this one has not answered when it is gone, another does',
    })
  return withExamples(options, [
    ['sixcast reply ping --echo', 'say what was said'],
    ["sixcast reply 'hosts/uptime' --command uptime", 'what a command prints'],
    ['sixcast reply jobs/resize --command ./resize --share workers', 'one of several workers'],
    [
      `sixcast reply 'disk/{name}' --command 'df -h "/dev/$SIXCAST_PARAM_name"'`,
      'with a part of the topic',
    ],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const job = jobOf(given)
  const bus = await world.connect()
  try {
    await answer(bus, job, world)
  } finally {
    await bus.close()
  }
  // Without a count, being interrupted is the way to end.
  return job.count < Infinity ? (world.interrupt.code ?? Exit.ok) : Exit.ok
}

/** Until so many questions have been answered, or a signal comes. */
async function answer(bus: Bus, job: Job, { interrupt, log }: World): Promise<void> {
  let taken = 0
  let enough = (): void => undefined
  const done = new Promise<void>((resolve) => (enough = resolve))
  const responder = bus.respond(
    job.pattern,
    async (question) => {
      if (taken >= job.count) throw new BusError('BUSY', 'it has answered enough')
      taken += 1
      if (taken >= job.count) enough()
      log.info({ topic: question.topic, from: question.from }, 'asked')
      return job.command === undefined ? question.value : await printed(job.command, job, question)
    },
    {
      concurrency: job.concurrency,
      ...(job.share !== undefined && { share: job.share, again: job.again }),
    },
  )
  log.info({ pattern: job.pattern }, 'responding')
  try {
    await Promise.race([done, aborted(interrupt.signal), orThrow(removal(bus))])
  } finally {
    // What is at work is still answered; the second signal ends it at once.
    await responder.close()
  }
}

async function printed(
  command: string,
  { json, timeoutMs }: Job,
  question: Question,
): Promise<unknown> {
  const { topic, from, params, value, signal } = question
  const named = Object.entries(params).map(([name, part]) => [`SIXCAST_PARAM_${name}`, part])
  const env = { SIXCAST_TOPIC: topic, SIXCAST_FROM: from, ...Object.fromEntries(named) }
  const output = await outputOf(command, { input: value, env, timeoutMs, signal })
  return valueOf(output, json, 'the output of the command')
}

function jobOf(given: Arguments): Job {
  const { pattern, echo = false, command, json = false, count, concurrency, timeout } = given
  const { share, again = false } = given
  if (again === true && share === undefined) {
    throw new UsageError('option --again is of use only with --share')
  }
  const parsed = parsePattern(String(pattern))
  if (!parsed.ok) throw new UsageError(parsed.fault)
  if ((echo === true) === (command !== undefined)) {
    throw new UsageError('give --echo or --command, and only one of them')
  }
  for (const [name, value] of Object.entries({ json: json || undefined, timeout })) {
    if (value === undefined || command !== undefined) continue
    throw new UsageError(`option --${name} is of use only with --command`)
  }
  const many = { min: 1, max: Number.MAX_SAFE_INTEGER }
  return {
    pattern: String(pattern),
    command: command === undefined ? undefined : text(command, 'option --command'),
    json: json === true,
    count: count === undefined ? Infinity : whole(count, 'option --count', many),
    concurrency: whole(concurrency ?? 4, 'option --concurrency', { min: 1, max: 256 }),
    share: share === undefined ? undefined : text(share, 'option --share'),
    again: again === true,
    timeoutMs: seconds(timeout ?? 60, 'option --timeout', { min: 0.001, max: 86_400 }),
  }
}
