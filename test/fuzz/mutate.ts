/** Changes bytes as one would who knows what they mean: lengths, counts, edges, pieces of others. */
import { concat } from '../../bus/core/bytes.ts'
import { utf8 } from '../../bus/core/text.ts'
import type { Random } from '../../bus/testing/random.ts'

/** Longer inputs only cost time. */
const SIZE_MAX = 4096
const EDGES = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff]

/** Numbers at the edges of their encodings, and text that parsers have fallen over. */
const WORDS: readonly Uint8Array[] = [
  Uint8Array.of(0x7f, 0xff),
  Uint8Array.of(0x80, 0, 0x40, 0),
  Uint8Array.of(0xbf, 0xff, 0xff, 0xff),
  Uint8Array.of(0xc0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  new Uint8Array(8).fill(0xff),
  ...'{ } [ ] " , : \\ -1 1e999 0x10 1.5 null true "" {} [] [[[[ "__proto__": 9007199254740993'
    .concat(' "file": "size": "mark": "lacks": "from": "to": ../ sixcast-key-1 \n \u0000 \u202e')
    .split(' ')
    .map(utf8),
]

/** How often a field is changed as such, where there are any. */
const STRUCTURED = 0.5
/** What a field of JSON may be instead. */
const ODD: readonly unknown[] = [
  [null, true, false, 0, -1, 1, 1.5, 2 ** 53, 1e300, '', ' ', 'x', '../x', '\ud800', '\u202e'],
  ['0', '9'.repeat(20), 'A'.repeat(43), 'x'.repeat(2000), [], [null], {}, { a: {} }, [[[]]]],
  [Array.from({ length: 100 }, () => 'x')],
].flat()

export function mutated(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  let bytes = random.pick(corpus)
  const other = random.chance(STRUCTURED) ? withOddField(random, bytes, corpus) : undefined
  if (other) return other.subarray(0, SIZE_MAX)
  for (let i = random.integer(1, 4); i > 0; i--) bytes = step(random, bytes, corpus)
  return bytes.subarray(0, SIZE_MAX)
}

/** The same with one field changed, where it is JSON or a line of words; else `undefined`. */
function withOddField(
  random: Random,
  bytes: Uint8Array,
  corpus: readonly Uint8Array[],
): Uint8Array | undefined {
  const text = new TextDecoder().decode(bytes)
  if (text.startsWith('{')) return oddJson(random, text)
  const separator = [' ', '.', '\n', '-'].find((one) => text.trim().includes(one))
  if (separator === undefined) return undefined
  const words = text.split(separator)
  const others = new TextDecoder().decode(random.pick(corpus)).split(separator)
  words.splice(random.integer(0, words.length - 1), random.integer(0, 2), random.pick(others))
  return utf8(words.join(separator))
}

/** Valid JSON in which one value, at any depth, is another one, or is not there. */
function oddJson(random: Random, text: string): Uint8Array | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  let place = value as Record<string, unknown>
  for (;;) {
    const names = Object.keys(place)
    if (names.length === 0) return undefined
    const name = random.pick(names)
    const inner = place[name]
    if (typeof inner === 'object' && inner !== null && random.chance(0.7)) {
      place = inner as Record<string, unknown>
      continue
    }
    if (random.chance(0.2)) delete place[name]
    else place[random.chance(0.9) ? name : 'constructor'] = random.pick([...ODD, inner])
    return utf8(JSON.stringify(value))
  }
}

function step(random: Random, bytes: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  const [from, to] = [random.integer(0, bytes.length), random.integer(0, bytes.length)].toSorted(
    (a, b) => a - b,
  ) as [number, number]
  const [before, within, after] = [
    bytes.subarray(0, from),
    bytes.subarray(from, to),
    bytes.subarray(to),
  ]
  switch (random.integer(0, 9)) {
    case 0:
      return before
    case 1:
      return concat(before, after)
    case 2:
      return concat(before, within, within, after)
    case 3:
      return concat(before, random.pick(WORDS), within, after)
    case 4:
      return concat(before, random.pick(WORDS), after)
    case 5:
      return concat(before, random.bytes(random.integer(1, 16)), within, after)
    case 6:
      return concat(before, random.pick(corpus))
    case 7:
      return changed(bytes, random, () => random.pick(EDGES))
    default:
      return changed(bytes, random, (byte) => byte ^ (1 << random.integer(0, 7)))
  }
}

function changed(bytes: Uint8Array, random: Random, how: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes
  const copy = bytes.slice()
  const at = random.integer(0, copy.length - 1)
  copy[at] = how(copy[at]!)
  return copy
}
