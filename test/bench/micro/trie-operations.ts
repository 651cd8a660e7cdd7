/** What is measured of patterns: which of them match a topic, among few and among many. */
import { parsePattern, parseTopic } from '../../../bus/core/topic/pattern.ts'
import { Trie } from '../../../bus/core/topic/trie.ts'
import type { Operation } from './meter.ts'

export function trieOperations(): Operation[] {
  return [...[1, 1000, 100_000].map(matching), adding()]
}

/** Three of them match. */
function matching(count: number): Operation {
  const trie = trieOf(count)
  for (const pattern of ['home/*/light', 'home/kitchen/**', '**/light']) add(trie, pattern, count)
  const topic = parseTopic('home/kitchen/light')
  const segments = topic.ok ? topic.segments : []
  return {
    part: 'trie',
    name: `match among ${count.toLocaleString('en-US')} that do not`,
    run: () => trie.match(segments),
    // One value stands for all three.
    right: (found) => String(found) === String([count]),
  }
}

function adding(): Operation {
  const trie = trieOf(1000)
  const parsed = parsePattern('home/*/light/**')
  if (!parsed.ok) throw new Error(parsed.fault)
  const { size } = trie
  return {
    part: 'trie',
    name: 'add and remove a pattern among 1,000',
    run: () => {
      trie.add(parsed.pattern, -1)
      return trie.remove(parsed.pattern, -1)
    },
    right: (removed) => removed === true && trie.size === size,
  }
}

function trieOf(count: number): Trie<number> {
  const trie = new Trie<number>()
  for (let at = 0; at < count; at++) add(trie, `site/${at}/*/light`, at)
  return trie
}

function add(trie: Trie<number>, text: string, value: number): void {
  const parsed = parsePattern(text)
  if (!parsed.ok) throw new Error(parsed.fault)
  trie.add(parsed.pattern, value)
}
