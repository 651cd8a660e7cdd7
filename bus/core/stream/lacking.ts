/**
 * Questions that parity answers: of each block they name as many packets as symbols lack.
 *
 * Which packets these are does not matter, as any symbol mends any loss. So somebody else's
 * question stands for the own one when it names as many of each block, whichever they are.
 */
import { BLOCK, blockOf } from '../wire/parity.ts'
import { countNamed, type Nak, NakFlag, names, unmark } from '../wire/nak.ts'
import type { Blocks } from './blocks.ts'
import { type Ask, covers, type Hole, type Holes } from './holes.ts'

/** A question of another receiver. */
export type Overheard = Pick<Nak, 'first' | 'missing' | 'flags'>

interface Parts {
  readonly blocks: Blocks
  readonly holes: Holes
  /** What has been sent behind this number there is no room for yet. */
  readonly roomTo: number
}

/** Whether the block that begins at `base` is to be mended by parity. */
export function isMendable(now: number, base: number, { blocks, holes, roomTo }: Parts): boolean {
  // Rows stand for all of a block that has been sent, also for what has been turned away.
  if (base + BLOCK - 1 > roomTo || !blocks.able(now, base)) return false
  const lacks = lacksOf(base, { blocks, holes })
  return lacks > 0 && lacks <= LACKS_MAX
}

/** Symbols of a block that are missing and that no row at hand stands for. */
function lacksOf(base: number, { blocks, holes }: Pick<Parts, 'blocks' | 'holes'>): number {
  const missing = holes.within(base, base + BLOCK - 1)
  return missing.length - blocks.worth(base, missing)
}

/**
 * Takes out of a question what rows at hand stand for. False, and nothing is taken out, when
 * parity is not to mend all of it.
 */
export function lessen(now: number, { first, missing }: Ask, parts: Parts): boolean {
  const end = first + missing.length * 8 - 1
  const surplus: number[] = []
  for (let base = blockOf(first); base <= end; base += BLOCK) {
    const named: number[] = []
    for (let number = Math.max(base, first); number < base + BLOCK; number++) {
      if (names({ first, missing }, number)) named.push(number)
    }
    if (named.length === 0) continue
    if (!isMendable(now, base, parts)) return false
    surplus.push(...named.slice(lacksOf(base, parts)))
  }
  for (const number of surplus) unmark(missing, number - first)
  return true
}

/** Whether what a question brings mends a hole as well: judges one hole after the other. */
export function coverage(
  now: number,
  nak: Overheard,
  parts: Omit<Parts, 'blocks'> & { readonly blocks: Blocks | undefined },
): (hole: Hole) => boolean {
  const { blocks, holes, roomTo } = parts
  if (!(nak.flags & NakFlag.parity)) return (hole) => covers(nak, hole)
  const known = new Map<number, boolean>()
  const judge = (base: number): boolean => {
    const end = base + BLOCK - 1
    if (end > roomTo || !blocks?.able(now, base)) return false
    return countNamed(nak, base, end) >= lacksOf(base, { blocks, holes })
  }
  return ({ from, to }) => {
    for (let base = blockOf(from); base <= to; base += BLOCK) {
      const covered = known.get(base) ?? judge(base)
      known.set(base, covered)
      if (!covered) return false
    }
    return true
  }
}

/** Who lacks more of a block is given the packets: rows would be as many and take more work. */
const LACKS_MAX = BLOCK / 2
