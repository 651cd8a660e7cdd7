/** Tells of variables that look like settings and are none: a slip of the pen would go unseen. */
import { nearest } from '../api/rules.ts'
import { SETTING_NAMES, type Settings, variableOf } from './settings.ts'

/**
 * One line for each. What is near to no setting may be for somebody else, and what a setting names
 * (`env:SIXCAST_SITE_KEY`) is read.
 */
export function unknownVariables(env: NodeJS.ProcessEnv, settings: Partial<Settings>): string[] {
  const { key, identity, rights } = settings
  const read = new Set([key, identity, rights].map((name) => name?.replace(/^env:/, '')))
  const known = ['config', ...SETTING_NAMES].map(variableOf)
  const strangers = Object.keys(env).filter((name) => {
    return name.startsWith(PREFIX) && !known.includes(name) && !read.has(name)
  })
  return strangers.flatMap((name) => {
    const near = nearest(
      name.slice(PREFIX.length),
      known.map((one) => one.slice(PREFIX.length)),
    )
    if (near === undefined) return []
    return [`the variable ${name} is no setting, and not read: did you mean ${PREFIX}${near}?`]
  })
}

const PREFIX = 'SIXCAST_'
