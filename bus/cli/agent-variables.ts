/** The variables that an agent's configuration names beside those of the host: each is what a program prints when it is asked for. */
import { isObject, shown } from '../api/rules.ts'
import { parseTopic } from '../core/topic/pattern.ts'
import type { Bus } from '../index.ts'
import { UsageError } from './exit.ts'
import { valueOf } from './payload.ts'
import { programEntry } from './program-entry.ts'
import { outputOf } from './shell.ts'
import { list, seconds } from './values.ts'

export interface OwnVariable {
  readonly name: string
  /** A program and its arguments. */
  readonly command: readonly string[]
  readonly json: boolean
  readonly timeoutMs: number
}

/** Throws UsageError, which names the place. */
export function variablesOf(raw: unknown, path: string): readonly OwnVariable[] {
  if (raw === undefined) return []
  const source = `"variables" in ${path}`
  if (!isObject(raw)) {
    throw new UsageError(`${source} is ${shown(raw)}: an object, variables by name`)
  }
  return Object.entries(raw).map(([name, given]) => {
    const topic = parseTopic(name)
    if (!topic.ok) throw new UsageError(`${source}: ${topic.fault}`)
    return variableOf(name, given, `the variable "${name}" in ${path}`)
  })
}

function variableOf(name: string, given: unknown, source: string): OwnVariable {
  const { command, json = false, timeout } = programEntry(given, source, KEYS)
  if (typeof json !== 'boolean') {
    throw new UsageError(`the json of ${source} is ${shown(json)}: true or false`)
  }
  return {
    name,
    command: list(command, `the command of ${source}`),
    json,
    timeoutMs: seconds(timeout ?? 1, `the timeout of ${source}`, { min: 0.001, max: 86_400 }),
  }
}

/** Until the signal aborts. */
export function exposeOwn(bus: Bus, variable: OwnVariable, signal: AbortSignal): void {
  const { name, command, json, timeoutMs } = variable
  const read = async (): Promise<unknown> => {
    const how = {
      input: '',
      env: { SIXCAST_VARIABLE: name },
      timeoutMs,
      signal,
      quotesErrors: true,
    }
    return valueOf(await outputOf(command, how), json, `the output of the command of ${name}`)
  }
  bus.expose(name, read, { timeout: timeoutMs })
}

const KEYS: readonly string[] = ['command', 'json', 'timeout']
