/** What an agent's configuration says of a program, as far as all such entries are alike. */
import { isObject, shown } from '../api/rules.ts'
import { UsageError } from './exit.ts'

export interface ProgramEntry {
  readonly command: readonly unknown[]
  readonly [key: string]: unknown
}

/** Throws UsageError unless it is an object with a list as its command, and with these keys alone. */
export function programEntry(
  given: unknown,
  source: string,
  keys: readonly string[],
): ProgramEntry {
  if (!isObject(given)) {
    throw new UsageError(`${source} is ${shown(given)}: an object such as {"command": ["uptime"]}`)
  }
  const unknown = Object.keys(given).find((key) => !keys.includes(key))
  if (unknown !== undefined) {
    throw new UsageError(`${source} has the unknown key "${unknown}": there are ${keys.join(', ')}`)
  }
  const { command } = given
  if (!Array.isArray(command)) {
    throw new UsageError(`${source}: its command is a list, a program and its arguments`)
  }
  return { ...given, command }
}
