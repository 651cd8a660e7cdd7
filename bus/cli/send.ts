/** `sixcast send`: one file to everybody who receives it, at once. */
import { basename } from 'node:path'
import type { Argv } from 'yargs'
import { defaultLimits } from '../core/limits.ts'
import { parseTopic } from '../core/topic/pattern.ts'
import type { Bus, FileReceiver, SendFileOptions, SendReport } from '../index.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { note } from './log.ts'
import { amount, Progress } from './progress.ts'
import { shown } from './shown.ts'
import { seconds, text, whole } from './values.ts'

export const send: Command = {
  usage: 'send <file> [topic]',
  describe: 'Send a file to everybody who receives it',
  build,
  run,
}

interface Job {
  readonly path: string
  readonly topic: string
  readonly rate: number | undefined
  readonly options: SendFileOptions
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('file', { type: 'string', describe: 'The file' })
    .positional('topic', { type: 'string', describe: 'Its topic [default: files/NAME]' })
    .option('require', {
      type: 'string',
      requiresArg: true,
      describe: 'Begin when N receivers are here [default: 1]',
    })
    .option('timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'Give up after SECONDS without news of any receiver [default: never]',
    })
    .option('as', { type: 'string', requiresArg: true, describe: 'The name that receivers see' })
    .option('rate', {
      type: 'string',
      requiresArg: true,
      describe: 'At most BYTES a second [default: 5000000]',
    })
    .option('json', { type: 'boolean', describe: 'Progress and outcome as objects, one a line' })
  return withExamples(options, [
    ['sixcast send photo.jpg', 'to whoever runs: sixcast receive'],
    ['sixcast send disk.img images/lab --require 20', 'when twenty are here'],
    ['sixcast send backup.tar --timeout 60', 'give up after a minute of silence'],
    ['sixcast send disk.img --rate 100000000', 'as fast as a gigabit network takes it'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const job = jobOf(given)
  const { interrupt, log } = world
  const bus = await world.connect(job.rate === undefined ? {} : { rate: job.rate })
  try {
    log.info({ topic: job.topic }, 'sending')
    const report = await sent(bus, job, world)
    await bus.close(interrupt.code === undefined ? {} : { linger: HURRY_MS })
    return tell(report, world)
  } catch (error) {
    await bus.close({ linger: HURRY_MS })
    throw error
  }
}

function jobOf(given: Arguments): Job {
  const path = text(given['file'], 'FILE')
  const { require, timeout, as, rate } = given
  const name = as === undefined ? basename(path) : text(as, 'option --as')
  const topic = given['topic'] === undefined ? `files/${name}` : text(given['topic'], 'TOPIC')
  const parsed = parseTopic(topic)
  if (!parsed.ok) throw new UsageError(`${parsed.fault}; or name a TOPIC behind the file`)
  const bounds = { min: 0, max: TIMEOUT_S_MAX }
  return {
    path,
    topic,
    rate: rate === undefined ? undefined : whole(rate, 'option --rate', RATES),
    options: {
      name,
      count: whole(require ?? 1, 'option --require', { min: 1, max: defaultLimits.receivers }),
      ...(timeout !== undefined && { timeout: seconds(timeout, 'option --timeout', bounds) }),
    },
  }
}

async function sent(bus: Bus, job: Job, world: World): Promise<SendReport> {
  const bar = new Progress(world.json)
  const { signal } = world.interrupt
  try {
    return await bus.sendFile(job.topic, job.path, {
      ...job.options,
      signal,
      progress: (progress) => {
        const { name, read, size, receivers, confirmed } = progress
        if (world.json) void world.output.object({ type: 'progress', ...progress })
        else bar.draw(name, { done: read, size }, `confirmed by ${confirmed} of ${receivers}`)
      },
    })
  } finally {
    bar.clear()
  }
}

function tell(report: SendReport, world: World): number {
  const { name, size, hash, confirmed, unconfirmed } = report
  const plain = (one: FileReceiver): object => ({ ...one })
  if (world.json) {
    void world.output.object({
      type: 'sent',
      ...report,
      confirmed: confirmed.map(plain),
      unconfirmed: unconfirmed.map(plain),
    })
  } else {
    const all = confirmed.length + unconfirmed.length
    const count = `${all} receiver${all === 1 ? '' : 's'}`
    const whom = unconfirmed.length === 0 ? count : `${confirmed.length} of ${count}`
    // Who has nobody's word for it is told so, and nothing that looks like success.
    const line = `${shown(name)}: ${amount(size)} to ${whom}, SHA-256 ${hash}`
    if (confirmed.length > 0) void world.output.write(`${line}\n`)
    else note(`${shown(name)}: ${count} came, and none has confirmed that it has the file`)
    for (const { name: who, id, state, reason } of unconfirmed) {
      note(`not confirmed by ${who} (${id}): ${reason ?? WORDS[state]}`)
    }
  }
  if (unconfirmed.length === 0) return Exit.ok
  return unconfirmed.some(({ state }) => state === 'refused') ? Exit.error : Exit.timeout
}

const WORDS: Readonly<Record<FileReceiver['state'], string>> = {
  taking: 'it lacks some of it',
  checking: 'it still compares hashes',
  done: 'it has it',
  refused: 'it refused',
  gone: 'it has gone',
}
const RATES = { min: 1000, max: 100_000_000_000 }
const TIMEOUT_S_MAX = 86_400
const HURRY_MS = 500
