/** The log on standard error, and the one line that says why a command failed. */
import { pino } from 'pino'
import type { Logger } from '../index.ts'
import { codeOf, isUsage } from './exit.ts'
import type { LogLevel } from './settings.ts'
import { shown, shownJson, shownText } from './shown.ts'

/** Short lines for people, or pino's JSON for programs. */
export function logger(level: LogLevel, json: boolean): Logger & { level: string } {
  const write = (line: string): void =>
    void process.stderr.write(json ? `${shownJson(JSON.parse(line))}\n` : readable(line))
  return pino({ level, base: null }, { write })
}

/** A note for the user that is no log: it is said at every log level. */
export function note(message: string): void {
  process.stderr.write(`sixcast: ${shown(message)}\n`)
}

export function reportError(
  error: unknown,
  how: { readonly json: boolean; readonly stack: boolean; readonly command: string | undefined },
): void {
  const message = shown(error instanceof Error ? error.message : String(error))
  if (how.json) {
    process.stderr.write(`${shownJson({ type: 'error', code: codeOf(error), message })}\n`)
  } else {
    process.stderr.write(`sixcast: ${message}\n`)
    if (isUsage(error)) {
      const words = ['sixcast', how.command, '--help'].filter((word) => word !== undefined)
      process.stderr.write(`Try: ${words.join(' ')}\n`)
    }
  }
  if (how.stack && error instanceof Error) process.stderr.write(`${shownText(error.stack ?? '')}\n`)
}

function readable(line: string): string {
  const { level, time: _time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  const details = Object.keys(fields).length > 0 ? ` ${shownJson(fields)}` : ''
  return `sixcast: ${LEVEL_NAMES.get(Number(level)) ?? 'note'}: ${shown(String(msg))}${details}\n`
}

export const DEFAULT_LEVEL: LogLevel = 'warn'

const LEVEL_NAMES: ReadonlyMap<number, string> = new Map([
  [20, 'debug'],
  [30, 'info'],
  [40, 'warning'],
  [50, 'error'],
])
