/** Pairs as people type them: KEY=VALUE, where the value may hold anything. */
import { CONNECT } from '../api/option-rules.ts'
import { UsageError } from './exit.ts'
import { shownJson } from './shown.ts'
import { list } from './values.ts'

export type Pair = readonly [key: string, value: string]

/** None when nothing is given. */
export function pairs(raw: unknown, source: string): readonly Pair[] {
  if (raw === undefined) return []
  return list(raw, source).map((text) => {
    const at = text.indexOf('=')
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
    throw new UsageError(`${source} is ${shownJson(text)}: a name, "=" and a value`)
  })
}

/** Tags as `connect` and `fetch` take them. */
export function tags(raw: unknown, source: string): Readonly<Record<string, string>> | undefined {
  if (raw === undefined) return undefined
  const found = Object.fromEntries(pairs(raw, source))
  const fault = CONNECT.tags.faultOf(found)
  if (fault) throw new UsageError(`${source} is ${fault.found}: ${fault.mend}`)
  return found
}
