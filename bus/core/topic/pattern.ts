/**
 * Topics and the patterns that match them: parsing, matching and named parameters.
 *
 * A topic is a path such as `home/kitchen/light`. A pattern is a topic in which a whole segment may
 * be `*` (any one segment), `**` (any number of segments, also none) or `{name}` (any one segment,
 * kept under its name). Segments are compared by UTF-16 code units and never normalised: text that
 * can be typed in more than one form (é) should be brought to Unicode NFC by the publisher and the
 * subscriber, or it will look equal and not match.
 */

/** Longest topic or pattern in UTF-8 bytes: its length fits one byte and it fits any packet. */
export const TOPIC_SIZE_MAX = 255
/** Most segments of a topic or pattern; bounds the work of one match. */
export const TOPIC_SEGMENTS_MAX = 32

/** Why a text is no topic or no pattern, as a sentence that names the text and the mend. */
interface Fault {
  readonly ok: false
  readonly fault: string
}

/** One segment of a pattern. */
export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'one' }
  | { readonly type: 'named'; readonly name: string }
  | { readonly type: 'many' }

export interface Pattern {
  readonly text: string
  readonly parts: readonly Part[]
}

export type ParsedTopic = { readonly ok: true; readonly segments: readonly string[] } | Fault

export type ParsedPattern = { readonly ok: true; readonly pattern: Pattern } | Fault

/** `kind`: what its user knows it as: names of variables and actors are topics, too. */
export function parseTopic(text: string, kind: 'topic' | 'name' = 'topic'): ParsedTopic {
  const fault = pathFault(kind, text)
  if (fault !== undefined) return { ok: false, fault }
  if (/[*{}]/.test(text)) {
    const exact = kind === 'topic' ? 'publish to exact topics' : 'a name is exact'
    const mend = `${exact}; "*", "{" and "}" belong to patterns`
    return { ok: false, fault: `${kind} ${quote(text)} has a wildcard: ${mend}` }
  }
  return { ok: true, segments: text.split('/') }
}

export function parsePattern(text: string): ParsedPattern {
  const fault = pathFault('pattern', text)
  if (fault !== undefined) return { ok: false, fault }
  const parts: Part[] = []
  const names = new Set<string>()
  for (const segment of text.split('/')) {
    const part = partOf(segment)
    if (part === undefined) return { ok: false, fault: segmentFault(text, segment) }
    if (part.type === 'named') {
      if (names.has(part.name)) return { ok: false, fault: twiceFault(text, part.name) }
      names.add(part.name)
    }
    parts.push(part)
  }
  return { ok: true, pattern: { text, parts } }
}

/** True when the pattern has no wildcard: it is a topic and matches only itself. */
export function isExact(pattern: Pattern): boolean {
  return pattern.parts.every((part) => part.type === 'text')
}

export function matches(pattern: Pattern, segments: readonly string[]): boolean {
  return align(pattern.parts, segments)
}

/**
 * What the `{name}` segments of the pattern stand for in the topic, or undefined when it does not
 * match. With `**` a topic may match in several ways; then the first `**` takes as few segments as
 * it can, then the second one, and so on: `**` + `/{a}/**` on `x/y/z` gives `a = x`.
 */
export function paramsOf(
  pattern: Pattern,
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const places: number[] = []
  if (!align(pattern.parts, segments, places)) return undefined
  const entries: [string, string][] = []
  for (const [i, part] of pattern.parts.entries()) {
    if (part.type === 'named') entries.push([part.name, segments[places[i]!]!])
  }
  // Defines own properties, so that a parameter named `__proto__` is only a parameter.
  return Object.fromEntries(entries)
}

/**
 * Lays the parts over the segments; `places` receives the segment that each part begins at.
 *
 * Only the latest `**` is ever lengthened: what stands before it has matched as early as possible,
 * and whatever a longer earlier `**` could reach, the latest one reaches too. So the work is at
 * most parts times segments, and the alignment found is the leftmost shortest one.
 */
function align(parts: readonly Part[], segments: readonly string[], places?: number[]): boolean {
  let part = 0
  let place = 0
  let resumePart = -1
  let resumePlace = 0
  while (place < segments.length || part < parts.length) {
    const current = parts[part]
    if (places !== undefined) places[part] = place
    if (current?.type === 'many') {
      resumePart = ++part
      resumePlace = place
    } else if (current !== undefined && accepts(current, segments[place])) {
      part++
      place++
    } else {
      if (resumePart < 0 || resumePlace >= segments.length) return false
      part = resumePart
      place = ++resumePlace
    }
  }
  return true
}

function accepts(part: Part, segment: string | undefined): boolean {
  if (segment === undefined) return false
  return part.type !== 'text' || part.text === segment
}

function partOf(segment: string): Part | undefined {
  if (segment === '*') return { type: 'one' }
  if (segment === '**') return { type: 'many' }
  if (!/[*{}]/.test(segment)) return { type: 'text', text: segment }
  const name = /^\{([\p{ID_Start}_$][\p{ID_Continue}$]*)\}$/u.exec(segment)?.[1]
  return name === undefined ? undefined : { type: 'named', name }
}

function segmentFault(text: string, segment: string): string {
  const where = `pattern ${quote(text)} has the segment ${quote(segment)}`
  if (/^\{[^{}*]*\}$/.test(segment)) {
    return `${where}: write an identifier between the braces, as in "{room}"`
  }
  return `${where}: "*", "**" and "{name}" stand for whole segments, so divide it by "/"`
}

function twiceFault(text: string, name: string): string {
  return `pattern ${quote(text)} has "{${name}}" twice: give each parameter its own name`
}

/** The rules that topics and patterns share. */
function pathFault(kind: 'topic' | 'name' | 'pattern', text: string): string | undefined {
  // Programs in plain JavaScript hand over anything.
  if (typeof text !== 'string') return `${kind} is of type ${typeof text}: give a string`
  if (text === '') return `${kind} "" is empty: give at least one segment, as in "home"`
  const size = utf8Size(text)
  if (size < 0) return `${kind} ${quote(text)} has half a surrogate pair: give well-formed text`
  if (size > TOPIC_SIZE_MAX) {
    return `${kind} ${quote(text)} takes ${size} bytes: shorten it to ${TOPIC_SIZE_MAX}`
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    return `${kind} ${quote(text)} has a control character: remove it`
  }
  if (text.startsWith('/') || text.endsWith('/') || text.includes('//')) {
    return `${kind} ${quote(text)} has an empty segment: write "/" only between segments, and once`
  }
  const count = text.split('/').length
  if (count <= TOPIC_SEGMENTS_MAX) return undefined
  return `${kind} ${quote(text)} has ${count} segments: use at most ${TOPIC_SEGMENTS_MAX}`
}

/** Bytes of the text in UTF-8, or -1 when it has a lone surrogate, which UTF-8 cannot carry. */
function utf8Size(text: string): number {
  let size = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) size += 1
    else if (unit < 0x800) size += 2
    else if (unit < 0xd800 || unit > 0xdfff) size += 3
    else {
      const low = text.charCodeAt(++i)
      if (unit > 0xdbff || !(low >= 0xdc00 && low <= 0xdfff)) return -1
      size += 4
    }
  }
  return size
}

/** The text as it can be shown in a message: escaped, and cut when it is long. */
function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text)
}
