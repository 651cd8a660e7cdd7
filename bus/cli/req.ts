/** `sixcast req`: asks a question and prints the first answer, or all of them. */
import { isPeerId } from '../api/rules.ts'
import type { Argv } from 'yargs'
import { defaultLimits } from '../core/limits.ts'
import { parseTopic } from '../core/topic/pattern.ts'
import { WANTED_MAX } from '../core/wire/question.ts'
import type { Bus, GatherOptions, GatherReport, Outcome, PeerId, Reply } from '../index.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { allOfInput, assertInput } from './input.ts'
import { note } from './log.ts'
import { assertJson, fieldsOf, lineOf, payloadOf, valueOf } from './payload.ts'
import { shownJson } from './shown.ts'
import { list, seconds, whole } from './values.ts'
import { faultBy, whoIs } from './who.ts'

export const req: Command = {
  usage: 'req <topic> [value]',
  describe: 'Ask a question and print the answer',
  repeatable: ['to'],
  build,
  run,
}

interface Job {
  readonly topic: string
  /** Undefined: standard input. */
  readonly value: string | undefined
  readonly stdin: boolean
  readonly timeout: number
  readonly to: readonly PeerId[]
  /** Undefined: the first answer is enough. */
  readonly several: { readonly max?: number; readonly quiet?: number } | undefined
  readonly form: 'line' | 'json' | 'raw'
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('topic', { type: 'string', describe: 'The topic, as in math/add' })
    .positional('value', {
      type: 'string',
      describe: 'The question: text as it is [default: null]',
    })
    .option('stdin', { type: 'boolean', describe: 'All of standard input is the question' })
    .option('timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'Wait for SECONDS [default: 5]',
    })
    .option('all', { type: 'boolean', describe: 'Print the answers of everybody who is here' })
    .option('max', {
      type: 'string',
      requiresArg: true,
      describe: 'The same, and end after N answers',
    })
    .option('quiet', {
      type: 'string',
      requiresArg: true,
      describe: 'The same, and end SECONDS after the last answer',
    })
    .option('to', {
      type: 'string',
      requiresArg: true,
      describe: 'Ask the peer with this id and no other; repeatable',
    })
    .option('json', { type: 'boolean', describe: 'The value is JSON; one JSON object a line' })
    .option('raw', { type: 'boolean', describe: 'Only what was answered and a newline' })
  return withExamples(options, [
    ['sixcast req math/add \'{"a":1,"b":2}\' --json', 'one answer'],
    ['sixcast req hosts/uptime --all', 'everybody who answers such questions'],
    ['sixcast req scan --stdin --max 3 < page.png', 'the first three answers'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const job = jobOf(given)
  const { signal } = world.interrupt
  if (job.stdin) assertInput()
  const bytes = job.stdin ? await allOfInput(signal, defaultLimits.messageSize) : job.value
  if (signal.aborted) return world.interrupt.code ?? Exit.error
  const json = job.form === 'json' && bytes !== undefined
  const source = job.stdin ? 'standard input' : 'VALUE'
  const value = bytes === undefined ? null : valueOf(bytes, json, source)
  const bus = await world.connect()
  try {
    return job.several
      ? await askAll(bus, { job, value }, world)
      : await ask(bus, { job, value }, world)
  } finally {
    await bus.close({ linger: HURRY_MS })
  }
}

interface Asked {
  readonly job: Job
  readonly value: unknown
}

async function ask(bus: Bus, { job, value }: Asked, world: World): Promise<number> {
  const { topic, timeout, to, form } = job
  const [only] = to
  const { signal } = world.interrupt
  const reply = await bus.request(topic, value, { timeout, signal, ...(only && { to: only }) })
  await print(reply, { form, named: false }, world)
  return Exit.ok
}

async function askAll(bus: Bus, { job, value }: Asked, world: World): Promise<number> {
  const { topic, timeout, to, several, form } = job
  const { output, over } = world
  const options: GatherOptions<unknown> = { timeout, signal: over, ...several }
  const gathering = bus.gather(topic, value, to.length > 0 ? { ...options, to } : options)
  for await (const reply of gathering) {
    await print(reply, { form, named: true }, world)
    if (output.isBroken) return Exit.ok
  }
  const report = await gathering.report
  if (form === 'json')
    await output.object({ type: 'report', end: report.end, outcomes: report.outcomes.map(plain) })
  else for (const outcome of report.outcomes) tell(bus, outcome)
  return exitCode(report, several?.max)
}

async function print(
  { value, from, sequence, rtt }: Reply,
  { form, named }: { readonly form: Job['form']; readonly named: boolean },
  { output }: World,
): Promise<void> {
  if (form === 'json')
    return output.object({ type: 'reply', ...fieldsOf(value), from, sequence, rtt })
  if (form === 'raw') return output.write(payloadOf(value), '\n')
  return output.write(named ? `${from} ${lineOf(value)}\n` : `${lineOf(value)}\n`)
}

/** Who has no answer, and why; who has nothing to do with the topic is no news. */
function tell(bus: Bus, outcome: Outcome): void {
  const { type, from } = outcome
  if (type === 'answered' || type === 'none' || type === 'cancelled') return
  const who = whoIs(bus, from)
  if (type === 'error') note(`${who}: ${faultBy(from, outcome.error)}`)
  else note(type === 'gone' ? `${who} has left, or is not here` : `${who} has not answered in time`)
}

/** With the error as an object. */
function plain(outcome: Outcome): object {
  if (outcome.type !== 'error') return outcome
  const { code, message } = outcome.error
  return { ...outcome, error: { code, message } }
}

/** As bad as the worst of them; that nobody answers such questions is an error. */
function exitCode({ end, outcomes }: GatherReport, max: number | undefined): number {
  const types = new Set(outcomes.map(({ type }) => type))
  if (types.has('error')) return Exit.error
  if (types.has('silent') || types.has('gone')) return Exit.timeout
  if (types.has('answered') || types.has('cancelled')) return Exit.ok
  if (end === 'timeout' && max !== undefined) return Exit.timeout
  note('nobody who is here answers on this topic')
  return Exit.error
}

function jobOf(given: Arguments): Job {
  const { topic, value, stdin = false, timeout, max, quiet, all = false, to } = given
  const parsed = parseTopic(String(topic))
  if (!parsed.ok) throw new UsageError(parsed.fault)
  if (stdin === true && value !== undefined)
    throw new UsageError('give a VALUE or --stdin, not both')
  const { json = false, raw = false } = given
  if (json === true && raw === true) throw new UsageError('give --json or --raw, not both')
  if (json === true && typeof value === 'string') assertJson(value, 'VALUE')
  const many = all === true || max !== undefined || quiet !== undefined
  const ids =
    to === undefined ? [] : list(to, 'option --to').map((id) => peerIdOf(id, 'option --to'))
  if (ids.length > 1 && !many)
    throw new UsageError('option --to is given several times: with --all')
  if (ids.length > WANTED_MAX)
    throw new UsageError(`option --to is given more than ${WANTED_MAX} times`)
  const several = {
    ...(max !== undefined && { max: whole(max, 'option --max', { min: 1, max: MAX }) }),
    ...(quiet !== undefined && { quiet: seconds(quiet, 'option --quiet', SECONDS) }),
  }
  return {
    topic: String(topic),
    value: typeof value === 'string' ? value : undefined,
    stdin: stdin === true,
    timeout: seconds(timeout ?? 5, 'option --timeout', SECONDS),
    to: ids,
    several: many ? several : undefined,
    form: json === true ? 'json' : raw === true ? 'raw' : 'line',
  }
}

export function peerIdOf(text: string, source: string): PeerId {
  if (isPeerId(text)) return text
  const mend = '16 hexadecimal digits, as sixcast peers lists them'
  throw new UsageError(`${source} is ${shownJson(text)}: ${mend}`)
}

const SECONDS = { min: 0.001, max: 86_400 }
const MAX = 1_000_000
/** A question that has been called off is told to those who are at work. */
const HURRY_MS = 500
