/** Topics and patterns: what is accepted, what matches, and what the parameters are. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  isExact,
  matches,
  paramsOf,
  parsePattern,
  parseTopic,
  TOPIC_SEGMENTS_MAX,
  TOPIC_SIZE_MAX,
} from '../../../../bus/core/topic/pattern.ts'
import { anyPattern, anyTopic, counted, pattern, reference, segments } from './words.ts'

describe('parseTopic', () => {
  test.each([
    ['home', ['home']],
    ['home/kitchen/light', ['home', 'kitchen', 'light']],
    ['Straße/küche/🍳', ['Straße', 'küche', '🍳']],
    ['a b/./..', ['a b', '.', '..']],
  ])('takes %j', (text, expected) => {
    expect(parseTopic(text)).toEqual({ ok: true, segments: expected })
  })

  test.each([
    ['', 'empty'],
    ['/a', 'empty segment'],
    ['a/', 'empty segment'],
    ['a//b', 'empty segment'],
    ['/', 'empty segment'],
    ['a/*', 'wildcard'],
    ['a/b*c', 'wildcard'],
    ['a/{b}', 'wildcard'],
    ['a}', 'wildcard'],
    ['a\u0000', 'control character'],
    ['a\u001f', 'control character'],
    ['a\u007f', 'control character'],
    ['a/\ud800', 'surrogate'],
    ['\udc00a', 'surrogate'],
    ['\ud83c\ud83c', 'surrogate'],
  ])('refuses %j', (text, word) => {
    const parsed = parseTopic(text)
    expect(parsed.ok ? '' : parsed.fault).toContain(word)
    expect(parsed.ok ? '' : parsed.fault).toContain(JSON.stringify(text))
  })

  it('takes the longest topic and refuses one byte more, in bytes of UTF-8', () => {
    const fits = ['x'.repeat(255), 'é'.repeat(127) + 'x', '€'.repeat(85), '🍳'.repeat(63) + 'xyz']
    for (const text of fits) {
      expect(Buffer.byteLength(text)).toBe(TOPIC_SIZE_MAX)
      expect(parseTopic(text).ok).toBe(true)
      expect(parseTopic(`${text}x`)).toMatchObject({ ok: false, fault: /256 bytes: shorten/ })
    }
  })

  it('takes the most segments and refuses one more', () => {
    const most = Array<string>(TOPIC_SEGMENTS_MAX).fill('a').join('/')
    expect(parseTopic(most).ok).toBe(true)
    expect(parseTopic(`${most}/a`)).toMatchObject({ ok: false, fault: /33 segments/ })
  })

  it('refuses what is not a string, and keeps long texts short in the sentence', () => {
    expect(parseTopic(7 as unknown as string)).toMatchObject({ fault: /of type number/ })
    const parsed = parseTopic('x'.repeat(100_000))
    expect(parsed.ok ? '' : parsed.fault).toHaveLength(126)
  })

  it('agrees with the platform on well-formed text and its size', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 130 }), (text) => {
        // oxlint-disable-next-line no-control-regex -- they have tests of their own
        fc.pre(!/[/*{}\u0000-\u001f\u007f]/.test(text))
        const expected = text.isWellFormed() && Buffer.byteLength(text) <= TOPIC_SIZE_MAX
        expect(parseTopic(text).ok).toBe(expected)
      }),
    )
  })
})

describe('parsePattern', () => {
  it('knows texts, wildcards and names', () => {
    expect(pattern('a/*/**/{room}')).toEqual({
      text: 'a/*/**/{room}',
      parts: [
        { type: 'text', text: 'a' },
        { type: 'one' },
        { type: 'many' },
        { type: 'named', name: 'room' },
      ],
    })
    expect(parsePattern('{größe}/{_a1}/{$b}').ok).toBe(true)
  })

  test.each([
    ['a/b*', 'whole segments'],
    ['***', 'whole segments'],
    ['a/x{b}', 'whole segments'],
    ['{a}{b}', 'whole segments'],
    ['{a', 'whole segments'],
    ['a}', 'whole segments'],
    ['{*}', 'whole segments'],
    ['{}', 'identifier'],
    ['{1}', 'identifier'],
    ['{a b}', 'identifier'],
    ['{a}/b/{a}', 'twice'],
    ['', 'empty'],
    ['**/', 'empty segment'],
    ['*/\u0007', 'control character'],
    ['*/\ud800', 'surrogate'],
    ['*/'.repeat(32) + 'a', '33 segments'],
    ['*/' + 'x'.repeat(254), '256 bytes'],
  ])('refuses %j', (text, word) => {
    const parsed = parsePattern(text)
    expect(parsed.ok ? '' : parsed.fault).toContain(word)
  })

  it('is exact when it has no wildcard', () => {
    expect(isExact(pattern('a/b'))).toBe(true)
    for (const text of ['a/*', '**', '{a}/b']) expect(isExact(pattern(text))).toBe(false)
  })
})

describe('matches', () => {
  test.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/b/c', false],
    ['a/b', 'a', false],
    ['a/b', 'A/b', false],
    ['a/*', 'a/b', true],
    ['a/*', 'a', false],
    ['a/*', 'a/b/c', false],
    ['a/{x}/c', 'a/b/c', true],
    ['**', 'a', true],
    ['**', 'a/b/c', true],
    ['a/**', 'a', true],
    ['a/**', 'a/b/c', true],
    ['a/**', 'b', false],
    ['**/c', 'c', true],
    ['**/c', 'a/b/c', true],
    ['**/c', 'c/a', false],
    ['a/**/c', 'a/c', true],
    ['a/**/c', 'a/b/c/c', true],
    ['**/a/**/a/**', 'a', false],
    ['**/a/**/a/**', 'b/a/b/a/b', true],
    ['**/*/**', 'a', true],
    ['**/**', 'a', true],
    ['*/**/*', 'a', false],
    ['é', 'e\u0301', false],
  ])('%j and %j: %j', (text, topic, expected) => {
    expect(matches(pattern(text), segments(topic))).toBe(expected)
  })

  it('means what the plain recursive definition means', () => {
    fc.assert(
      fc.property(anyPattern, anyTopic, (wanted, topic) => {
        expect(matches(wanted, topic)).toBe(reference(wanted.parts, topic))
      }),
      { numRuns: 2000 },
    )
  })

  it('needs at most parts times segments looks at a pattern full of wildcards', () => {
    const wanted = pattern('**/a/'.repeat(15) + '**/b')
    const { topic, reads } = counted(Array<string>(TOPIC_SEGMENTS_MAX).fill('a'))
    expect(matches(wanted, topic)).toBe(false)
    expect(reads()).toBeLessThanOrEqual(wanted.parts.length * topic.length)
  })
})

describe('paramsOf', () => {
  test.each([
    ['home/{room}/temperature', 'home/kitchen/temperature', { room: 'kitchen' }],
    ['{a}/{b}', 'x/y', { a: 'x', b: 'y' }],
    ['a/*', 'a/b', {}],
    ['**/{a}/**', 'x/y/z', { a: 'x' }],
    ['**/{a}', 'x/y/z', { a: 'z' }],
    ['**/k/{a}/**', 'k/k/v/k/w', { a: 'k' }],
    ['{a}/**/k/{b}', 'x/k/y/k/z', { a: 'x', b: 'z' }],
    ['**/{a}/k/**/{b}', 'x/y/k/p/q', { a: 'y', b: 'q' }],
    ['a/{b}', 'b/c', undefined],
  ])('%j on %j: %j', (text, topic, expected) => {
    expect(paramsOf(pattern(text), segments(topic))).toStrictEqual(expected)
  })

  it('keeps names that objects already have apart from the prototype', () => {
    const params = paramsOf(pattern('{__proto__}/{constructor}'), ['p', 'c'])!
    expect(Object.entries(params)).toEqual([
      ['__proto__', 'p'],
      ['constructor', 'c'],
    ])
    expect(Object.getPrototypeOf(params)).toBe(Object.prototype)
  })

  it('is defined exactly when the pattern matches, and fits the topic', () => {
    fc.assert(
      fc.property(anyPattern, anyTopic, (wanted, topic) => {
        const params = paramsOf(wanted, topic)
        expect(params !== undefined).toBe(matches(wanted, topic))
        if (params === undefined) return
        const filled = wanted.parts.map((part) =>
          part.type === 'named' ? { type: 'text' as const, text: params[part.name]! } : part,
        )
        expect(reference(filled, topic)).toBe(true)
      }),
    )
  })
})
