/** Wildcards of other systems: here they are words like any other, and whoever writes them waits for nothing. */
import type { Pattern } from '../core/topic/pattern.ts'

/** What is to be said of a pattern that looks like one of MQTT or NATS. */
export function foreignWildcard({ text }: Pick<Pattern, 'text'>): string | undefined {
  const segments = text.split('/')
  const last = segments.at(-1) ?? ''
  if (segments.includes('#') || last === '>' || last.endsWith('.>')) {
    return `"${text}" is one topic here: for everything below write "**", as in "home/**"`
  }
  if (!segments.includes('+')) return undefined
  return `"${text}" is one topic here: for any one segment write "*", as in "home/*/light"`
}
