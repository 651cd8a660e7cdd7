/**
 * The set of patterns of a peer, shared by prefix, that finds every match of a topic in one walk.
 *
 * Theory of operation: the patterns form a tree with one edge for each segment; `*` and `{name}`
 * are the same edge. A match walks the tree level by level with the set of nodes that the segments
 * read so far can have reached. A node behind `**` stays in that set. Each node enters it at most
 * once a segment, so a match takes at most (segments + 1) x nodes steps whatever the patterns are,
 * and usually a few steps a segment, however many patterns there are.
 */
import type { Part, Pattern } from './pattern.ts'

export class Trie<T> {
  readonly #root = new Node<T>()
  #size = 0
  #stamp = 0
  #nodes = 1

  /** Pairs of pattern and value held; a pair added twice counts twice. */
  get size(): number {
    return this.#size
  }

  /** Nodes of the tree: the memory it holds, and the bound of the work of a match. */
  get nodes(): number {
    return this.#nodes
  }

  add(pattern: Pattern, value: T): void {
    let node = this.#root
    for (const part of canonical(pattern.parts)) {
      let next = node.next(part)
      if (next === undefined) {
        next = new Node()
        node.attach(part, next)
        this.#nodes++
      }
      node = next
    }
    node.values ??= new Map()
    node.values.set(value, (node.values.get(value) ?? 0) + 1)
    this.#size++
  }

  /** Takes back one `add` of the pair and frees what only it needed; false when there is none. */
  remove(pattern: Pattern, value: T): boolean {
    const parts = canonical(pattern.parts)
    const trail: Node<T>[] = [this.#root]
    for (const part of parts) {
      const next = trail.at(-1)!.next(part)
      if (next === undefined) return false
      trail.push(next)
    }
    if (!trail.at(-1)!.release(value)) return false
    this.#size--
    for (let i = parts.length; i > 0 && trail[i]!.empty; i--) {
      trail[i - 1]!.detach(parts[i - 1]!)
      this.#nodes--
    }
    return true
  }

  /** Every value with a pattern that matches the topic, each once, in no promised order. */
  match(segments: readonly string[]): T[] {
    let reached: Node<T>[] = []
    this.#reach(this.#root, reached, ++this.#stamp)
    for (let i = 0; i < segments.length && reached.length > 0; i++) {
      const next: Node<T>[] = []
      const stamp = ++this.#stamp
      for (const node of reached) {
        const segment = segments[i]!
        if (node.stays) this.#reach(node, next, stamp)
        this.#reach(node.texts?.get(segment), next, stamp)
        this.#reach(node.one, next, stamp)
      }
      reached = next
    }
    return valuesOf(reached)
  }

  /** Enters the node, and the one behind its `**`, which needs no segment. */
  #reach(node: Node<T> | undefined, reached: Node<T>[], stamp: number): void {
    for (let next = node; next !== undefined && next.stamp !== stamp; next = next.many) {
      next.stamp = stamp
      reached.push(next)
    }
  }
}

class Node<T> {
  texts: Map<string, Node<T>> | undefined
  one: Node<T> | undefined
  many: Node<T> | undefined
  /** The node is behind a `**`: any segment leads back to it. */
  stays = false
  /** How often each value was added here. */
  values: Map<T, number> | undefined
  /** The step of a match that entered the node last, so that none enters it twice. */
  stamp = 0

  get empty(): boolean {
    const { texts, one, many, values } = this
    return texts === undefined && one === undefined && many === undefined && values === undefined
  }

  next(part: Part): Node<T> | undefined {
    if (part.type === 'text') return this.texts?.get(part.text)
    return part.type === 'many' ? this.many : this.one
  }

  attach(part: Part, node: Node<T>): void {
    if (part.type === 'text') {
      this.texts ??= new Map()
      this.texts.set(part.text, node)
    } else if (part.type === 'many') {
      this.many = node
      node.stays = true
    } else {
      this.one = node
    }
  }

  detach(part: Part): void {
    if (part.type === 'many') this.many = undefined
    else if (part.type !== 'text') this.one = undefined
    else if (this.texts?.delete(part.text) && this.texts.size === 0) this.texts = undefined
  }

  /** Takes one `add` of the value back; false when it is not here. */
  release(value: T): boolean {
    const count = this.values?.get(value)
    if (this.values === undefined || count === undefined) return false
    if (count > 1) this.values.set(value, count - 1)
    else if (this.values.delete(value) && this.values.size === 0) this.values = undefined
    return true
  }
}

/**
 * The parts with each run of wildcards written one way, single ones first and at most one `**`
 * last: patterns that match the same topics then share their nodes, and `**` never follows `**`.
 */
function canonical(parts: readonly Part[]): Part[] {
  const result: Part[] = []
  let many = false
  for (const part of parts) {
    if (part.type === 'many') {
      many = true
      continue
    }
    if (part.type === 'text' && many) {
      result.push(MANY)
      many = false
    }
    result.push(part)
  }
  if (many) result.push(MANY)
  return result
}

function valuesOf<T>(nodes: readonly Node<T>[]): T[] {
  const holders = nodes.filter((node) => node.values !== undefined)
  // One node holds a value once; only several nodes can repeat it.
  if (holders.length === 1) return [...holders[0]!.values!.keys()]
  const values = new Set<T>()
  for (const node of holders) for (const value of node.values!.keys()) values.add(value)
  return [...values]
}

const MANY: Part = { type: 'many' }
