/** What the topic tests share: parsing that must succeed, and small random topics and patterns. */
import fc from 'fast-check'
import {
  parsePattern,
  parseTopic,
  type Part,
  type Pattern,
} from '../../../../bus/core/topic/pattern.ts'

export function pattern(text: string): Pattern {
  const parsed = parsePattern(text)
  if (!parsed.ok) throw new Error(parsed.fault)
  return parsed.pattern
}

export function segments(text: string): readonly string[] {
  const parsed = parseTopic(text)
  if (!parsed.ok) throw new Error(parsed.fault)
  return parsed.segments
}

/** Two letters and short paths, so that random patterns do match random topics. */
export const anyTopic: fc.Arbitrary<readonly string[]> = fc.array(fc.constantFrom('a', 'b'), {
  minLength: 1,
  maxLength: 7,
})

export const anyPattern: fc.Arbitrary<Pattern> = fc
  .array(fc.constantFrom('a', 'b', '*', '**', '**', '{}'), { minLength: 1, maxLength: 6 })
  // Names must be unique: the position serves as one.
  .map((parts) => pattern(parts.map((part, i) => (part === '{}' ? `{n${i}}` : part)).join('/')))

/** The meaning of a pattern in its plainest form; exponential, for small inputs only. */
export function reference(parts: readonly Part[], topic: readonly string[]): boolean {
  const [part, ...rest] = parts
  if (part === undefined) return topic.length === 0
  if (part.type === 'many') {
    return reference(rest, topic) || (topic.length > 0 && reference(parts, topic.slice(1)))
  }
  if (topic.length === 0) return false
  if (part.type === 'text' && part.text !== topic[0]) return false
  return reference(rest, topic.slice(1))
}

/** The topic as an array that counts how often a segment is looked at. */
export function counted(topic: readonly string[]): {
  topic: readonly string[]
  reads: () => number
} {
  let reads = 0
  const proxy = new Proxy(topic, {
    get(target, key): unknown {
      if (typeof key === 'string' && key !== 'length') reads++
      return Reflect.get(target, key)
    },
  })
  return { topic: proxy, reads: () => reads }
}
