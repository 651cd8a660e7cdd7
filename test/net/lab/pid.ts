/** Tells a process that runs from one that ended, and from another that has its number now. */
import { readFileSync } from 'node:fs'

/** Clock ticks from boot to the start of a process; undefined when it is gone or a zombie. */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may hold spaces: the state is the first field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

export function isRunning(pid: number): boolean {
  return startTime(pid) !== undefined
}
