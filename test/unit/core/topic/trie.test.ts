/** The trie of patterns: it finds what matching one by one finds, within its bound of work. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matches, TOPIC_SEGMENTS_MAX } from '../../../../bus/core/topic/pattern.ts'
import { Trie } from '../../../../bus/core/topic/trie.ts'
import { anyPattern, anyTopic, counted, pattern, segments } from './words.ts'

describe('Trie', () => {
  it('finds the values of every pattern that matches', () => {
    const trie = new Trie<string>()
    const texts = [
      'home/kitchen/light',
      'home/*/light',
      'home/{room}/light',
      'home/**',
      '**',
      'a/*',
    ]
    for (const text of texts) trie.add(pattern(text), text)
    expect(trie.match(segments('home/kitchen/light')).sort()).toEqual(texts.slice(0, 5).sort())
    expect(trie.match(segments('home')).sort()).toEqual(['**', 'home/**'])
    expect(trie.match(segments('a/b')).sort()).toEqual(['**', 'a/*'])
    expect(trie.size).toBe(6)
  })

  it('gives a value once, however many of its patterns match', () => {
    const trie = new Trie<number>()
    for (const text of ['a/b', '*/b', '**/b', 'a/**', '**/**']) trie.add(pattern(text), 1)
    expect(trie.match(['a', 'b'])).toEqual([1])
  })

  it('keeps a value that was added twice until it is removed twice', () => {
    const trie = new Trie<number>()
    trie.add(pattern('{room}/x'), 1)
    trie.add(pattern('*/x'), 1)
    expect(trie.remove(pattern('*/x'), 1)).toBe(true)
    expect(trie.match(['a', 'x'])).toEqual([1])
    expect(trie.remove(pattern('{room}/x'), 1)).toBe(true)
    expect(trie.match(['a', 'x'])).toEqual([])
    expect(trie.remove(pattern('{room}/x'), 1)).toBe(false)
  })

  it('removes nothing when the pair is not there', () => {
    const trie = new Trie<number>()
    trie.add(pattern('a/b'), 1)
    for (const text of ['a', 'a/b/c', 'b', '*/b', '**']) {
      expect(trie.remove(pattern(text), 1)).toBe(false)
    }
    expect(trie.remove(pattern('a/b'), 2)).toBe(false)
    expect([trie.size, trie.nodes]).toEqual([1, 3])
  })

  it('finds what matching one pattern after the other finds, also after removals', () => {
    const entries = fc.array(fc.tuple(anyPattern, fc.nat(5), fc.boolean()), { maxLength: 40 })
    fc.assert(
      fc.property(entries, fc.array(anyTopic, { maxLength: 10 }), (added, topics) => {
        const trie = new Trie<number>()
        for (const [wanted, value] of added) trie.add(wanted, value)
        const kept = added.filter(([, , keep]) => keep)
        const gone = added.filter(([, , keep]) => !keep)
        expect(gone.every(([wanted, value]) => trie.remove(wanted, value))).toBe(true)
        expect(trie.size).toBe(kept.length)
        for (const topic of topics) {
          const expected = kept.filter(([wanted]) => matches(wanted, topic)).map(([, v]) => v)
          const found = trie.match(topic)
          expect(new Set(found)).toEqual(new Set(expected))
          expect(found).toHaveLength(new Set(expected).size)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('frees every node when everything is removed', () => {
    fc.assert(
      fc.property(fc.array(anyPattern, { maxLength: 40 }), (added) => {
        const trie = new Trie<number>()
        for (const [i, wanted] of added.entries()) trie.add(wanted, i)
        for (const [i, wanted] of added.entries()) trie.remove(wanted, i)
        expect([trie.size, trie.nodes]).toEqual([0, 1])
      }),
    )
  })

  it('looks at few nodes among 100,000 patterns', () => {
    const trie = new Trie<number>()
    for (let i = 0; i < 100_000; i++) {
      const tail = ['light', '*', '**', '{what}'][i % 4]!
      trie.add(pattern(`site${i % 10}/room${Math.floor(i / 40)}/${tail}/${i % 40}`), i)
    }
    const { topic, reads } = counted(segments('site3/room7/light/3'))
    expect(trie.match(topic)).toEqual([283])
    expect(reads()).toBeLessThan(20)
  })

  it('visits a node at most once a segment when every pattern is full of wildcards', () => {
    const trie = new Trie<string>()
    const texts: string[] = []
    for (let bits = 0; bits < 1024; bits++) {
      const letters = bits.toString(2).padStart(10, '0').split('')
      texts.push(`**/${letters.join('/**/')}/**/end`)
    }
    for (const text of texts) trie.add(pattern(text), text)
    const mixed = Array.from({ length: TOPIC_SEGMENTS_MAX }, (_, i) => String(i % 2))
    const { topic, reads } = counted(mixed)
    expect(trie.match(topic)).toEqual([])
    expect(reads()).toBeLessThanOrEqual(trie.nodes * topic.length)
    expect(trie.match([...mixed.slice(0, 31), 'end'])).toHaveLength(1024)
  })

  it('shares the nodes of patterns that mean the same', () => {
    const trie = new Trie<number>()
    const texts = ['a/**/*/b', 'a/*/**/b', 'a/{x}/**/**/b', 'a/**/{x}/**/b']
    for (const text of texts) trie.add(pattern(text), 1)
    expect([trie.size, trie.nodes]).toEqual([4, 5])
    expect(trie.match(segments('a/x/b'))).toEqual([1])
    expect(trie.match(segments('a/b'))).toEqual([])
  })
})
