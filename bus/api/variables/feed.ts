/**
 * What one watcher is told of the variables of this bus: all that match at first, then what changes.
 *
 * Of several changes of one variable between two tellings the last one counts, so a variable that
 * is set a thousand times a second does not fill anything. What functions give is looked at as
 * often as the watcher wishes.
 */
import { utf8 } from '../../core/text.ts'
import type { Entry } from '../../core/wire/variables.ts'
import { type After, pause } from '../matching.ts'
import type { Held } from './held.ts'
import { partsOf } from './parts.ts'

export interface FeedSource {
  readonly after: After
  /** Those that match. */
  readonly all: () => readonly Held[]
  readonly held: (name: string) => Held | undefined
  /** Of those that match: one was set, has come or has gone. The result ends it. */
  readonly listen: (changed: (name: string) => void) => () => void
}

export interface FeedOptions {
  /** How often functions are called. */
  readonly everyMs: number
  readonly signal: AbortSignal
}

export async function* feed(source: FeedSource, options: FeedOptions): AsyncIterable<Uint8Array> {
  const { signal } = options
  const everyMs = Math.min(Math.max(EVERY_MIN_MS, options.everyMs), EVERY_MAX_MS)
  const told = new Map<string, string>()
  const due = new Set(source.all().map(({ name }) => name))
  let wake = (): void => undefined
  const note = (name: string): void => {
    due.add(name)
    wake()
  }
  const deaf = source.listen(note)
  const woken = (): void => wake()
  signal.addEventListener('abort', woken)
  let over = false
  const end = source.after(LEASE_MAX_MS, () => {
    over = true
    wake()
  })
  let stop = source.after(everyMs, tick)
  function tick(): void {
    for (const { name, isRead } of source.all()) if (isRead) note(name)
    stop = source.after(everyMs, tick)
  }
  try {
    for (let first = true; !over && !signal.aborted; first = false) {
      const names = [...due]
      due.clear()
      const entries = await Promise.all(names.map((name) => news(source, told, { name, everyMs })))
      const found = entries.filter((entry) => entry !== undefined)
      if (found.length > 0 || first) yield* partsOf(found)
      await pause(source.after, GAP_MS)
      while (due.size === 0 && !over && !signal.aborted) {
        await new Promise<void>((resolve) => (wake = resolve))
      }
    }
  } finally {
    stop()
    end()
    deaf()
    signal.removeEventListener('abort', woken)
  }
}

async function news(
  source: FeedSource,
  told: Map<string, string>,
  { name, everyMs }: { readonly name: string; readonly everyMs: number },
): Promise<Entry | undefined> {
  const held = source.held(name)
  if (!held) return told.delete(name) ? { name: utf8(name), kind: 'gone' } : undefined
  const entry = await held.entry(Math.max(everyMs, PATIENCE_MIN_MS))
  const what = entry.kind === 'value' ? String(entry.version) : 'fault'
  if (told.get(name) === what) return undefined
  told.set(name, what)
  return entry
}

/** Between two tellings at least. */
const GAP_MS = 20
/** Whoever watches asks again before that: no question holds a place for longer. */
const LEASE_MAX_MS = 60_000
const EVERY_MIN_MS = 100
/** As options have it: a watcher may say anything. */
const EVERY_MAX_MS = 86_400_000
const PATIENCE_MIN_MS = 1000
