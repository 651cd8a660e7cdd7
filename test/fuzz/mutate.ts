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

export function mutated(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  let bytes = random.pick(corpus)
  for (let i = random.integer(1, 4); i > 0; i--) bytes = step(random, bytes, corpus)
  return bytes.subarray(0, SIZE_MAX)
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
