/** What `peers` and `topics` share: listen for a moment and list, or stream the changes. */
import type { Argv } from 'yargs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus } from '../index.ts'
import type { Arguments, World } from './command.ts'
import { Exit } from './exit.ts'
import { aborted } from './interrupt.ts'
import { orThrow, removal } from './removal.ts'
import { seconds } from './values.ts'

export interface Look {
  /** Undefined: until interrupted. */
  readonly timeoutMs: number | undefined
  readonly watch: boolean
}

export function withLook(parser: Argv): Argv {
  return parser
    .option('json', { type: 'boolean', describe: 'One JSON object a line' })
    .option('watch', { type: 'boolean', describe: 'Print changes as they come, until Ctrl-C' })
    .option('timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'SECONDS to listen [default: 1; with --watch: until Ctrl-C]',
    })
}

export function lookOf(given: Arguments): Look {
  const { timeout, watch = false } = given
  const bounds = { min: 0, max: TIMEOUT_S_MAX }
  const timeoutMs = timeout === undefined ? undefined : seconds(timeout, 'option --timeout', bounds)
  if (watch === true) return { watch: true, timeoutMs }
  return { watch: false, timeoutMs: timeoutMs ?? SETTLE_MS }
}

/**
 * Resolves when the time is up, or nobody reads any more. Throws DENIED when the realm's owner has
 * removed this member: it sees nobody.
 */
export async function listen(look: Look, bus: Bus, world: World): Promise<void> {
  const { signal } = world.interrupt
  const time =
    look.timeoutMs === undefined
      ? aborted(signal)
      : sleep(look.timeoutMs, undefined, { signal }).catch(() => undefined)
  await Promise.race([time, world.output.broken, orThrow(removal(bus))])
}

/** A list that was cut short is no list; a watch ends by being interrupted. */
export function endOf(look: Look, world: World): number {
  const { code } = world.interrupt
  return look.watch || code === undefined ? Exit.ok : code
}

/** Hellos come within tens of milliseconds; a second is for busy machines. */
const SETTLE_MS = 1000
const TIMEOUT_S_MAX = 2_000_000
