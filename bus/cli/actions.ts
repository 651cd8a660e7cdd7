/**
 * The actions that an agent runs for others: named in its configuration, with the arguments, the
 * time and the output that each of them allows. What is not named there cannot be run.
 */
import { type Bus, BusError, type PeerId, type Question, type Responder } from '../index.ts'
import { isObject, shown } from '../api/rules.ts'
import { defaultLimits } from '../core/limits.ts'
import { parseTopic } from '../core/topic/pattern.ts'
import type { World } from './command.ts'
import { UsageError } from './exit.ts'
import { valueOf } from './payload.ts'
import { programEntry } from './program-entry.ts'
import { outputOf } from './shell.ts'
import { list, seconds, whole } from './values.ts'

export interface Action {
  readonly name: string
  /** A program and its first arguments. */
  readonly command: readonly string[]
  /** What each further argument must be, from its first character to its last. */
  readonly arguments: readonly RegExp[]
  readonly timeoutMs: number
  /** Bytes that it may print. */
  readonly sizeMax: number
  /** Identities that may run it; undefined: whoever may publish on its topic. */
  readonly allow: readonly string[] | undefined
}

/** Throws UsageError, which names the place. */
export function actionsOf(raw: unknown, path: string, prefix: string): readonly Action[] {
  if (raw === undefined) return []
  const source = `"actions" in ${path}`
  if (!isObject(raw)) throw new UsageError(`${source} is ${shown(raw)}: an object, actions by name`)
  return Object.entries(raw).map(([name, given]) => {
    const topic = parseTopic(topicOf(prefix, name))
    if (!topic.ok || name.includes('/')) {
      throw new UsageError(`${source}: the name ${shown(name)} is no segment of a topic`)
    }
    return actionOf(name, given, `the action "${name}" in ${path}`)
  })
}

function actionOf(name: string, given: unknown, source: string): Action {
  const { command, arguments: allowed, timeout, output, allow } = programEntry(given, source, KEYS)
  return {
    name,
    command: list(command, `the command of ${source}`),
    arguments: allowed === undefined ? [] : patternsOf(allowed, `the arguments of ${source}`),
    timeoutMs: seconds(timeout ?? 60, `the timeout of ${source}`, { min: 0.001, max: 86_400 }),
    sizeMax: whole(output ?? SIZE_MAX, `the output of ${source}`, { min: 1, max: SIZE_MAX }),
    allow: allow === undefined ? undefined : identitiesOf(allow, `the allow of ${source}`),
  }
}

function patternsOf(raw: unknown, source: string): readonly RegExp[] {
  return list(raw, source).map((pattern) => {
    try {
      return new RegExp(`^(?:${pattern})$`, 'u')
    } catch (cause) {
      throw new UsageError(`${source}: ${(cause as Error).message}`, { cause })
    }
  })
}

function identitiesOf(raw: unknown, source: string): readonly string[] {
  return list(raw, source).map((identity) => {
    if (/^[0-9a-f]{64}$/.test(identity)) return identity
    throw new UsageError(`${source} is ${shown(identity)}: 64 digits, as sixcast identity prints`)
  })
}

/** Runs it for whoever asks and may. */
export function offer(bus: Bus, action: Action, given: Offered): Responder {
  const { world, prefix } = given
  const answer = async (question: Question): Promise<unknown> => {
    const identity = identityOf(bus, question.from)
    if (action.allow && !action.allow.includes(identity ?? '')) {
      throw new BusError('DENIED', `the action "${action.name}" is not for you to run`)
    }
    const words = wordsOf(action, question.value)
    world.log.info({ action: action.name, words, from: question.from, identity }, 'running')
    const { timeoutMs, sizeMax } = action
    const env = { SIXCAST_ACTION: action.name, SIXCAST_FROM: question.from }
    // Who asked may wait no longer: what has been begun is not cut off for that.
    const how = { input: '', env, timeoutMs, sizeMax, quotesErrors: true }
    const output = await outputOf([...action.command, ...words], how)
    return valueOf(output, false, 'the output')
  }
  // One at a time: whoever asks meanwhile is answered BUSY.
  return bus.respond(topicOf(prefix, action.name), answer, { concurrency: 1 })
}

export interface Offered {
  readonly world: World
  readonly prefix: string
}

/** The arguments that a question asks for. Throws INVALID_VALUE. */
export function wordsOf(
  { name, arguments: allowed }: Pick<Action, 'name' | 'arguments'>,
  value: unknown,
): readonly string[] {
  const words: readonly unknown[] = value === null ? [] : Array.isArray(value) ? value : [value]
  if (words.length !== allowed.length) {
    const wants = `the action "${name}" takes ${allowed.length} arguments, not ${words.length}`
    throw new BusError('INVALID_VALUE', `${wants}: ask with null, a text, or a list of texts`)
  }
  return words.map((word, place) => {
    const fits = typeof word === 'string' && word.length <= WORD_MAX && !word.includes('\0')
    if (fits && allowed[place]!.test(word)) return word
    const fault = `argument ${place + 1} of the action "${name}" is ${shown(word)}`
    throw new BusError('INVALID_VALUE', `${fault}: the agent's configuration does not allow it`)
  })
}

function topicOf(prefix: string, name: string): string {
  return `${prefix}/run/${name}`
}

function identityOf(bus: Bus, id: PeerId): string | undefined {
  return bus.presence.get(id)?.identity
}

const KEYS: readonly string[] = ['command', 'arguments', 'timeout', 'output', 'allow']
const SIZE_MAX = defaultLimits.answerSize
/** Characters of one argument: patterns take their time with what is long. */
const WORD_MAX = 1024
