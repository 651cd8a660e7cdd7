/** Questions for missing packets, written and read as lists of their numbers. */
import type { Overheard } from '../../../../bus/core/stream/lacking.ts'
import { eachMissing, mark, type Nak } from '../../../../bus/core/wire/nak.ts'

type Bitmap = Pick<Nak, 'first' | 'missing'>

/** The packets that a question names, in order. */
export function numbersOf(question: Bitmap | undefined): number[] {
  const found: number[] = []
  const about = {
    type: 'nak',
    target: 0n,
    flags: 0,
    rttUs: 0,
    missed: 0,
    all: 0,
    stream: 1,
  } as const
  if (question) eachMissing({ ...about, ...question }, (number) => found.push(number) > 0)
  return found
}

/** A question for exactly these packets, given in order. */
export function question(...numbers: readonly number[]): Bitmap {
  const [first = 1] = numbers
  const missing = new Uint8Array((((numbers.at(-1) ?? first) - first) >>> 3) + 1)
  for (const number of numbers) mark(missing, number - first)
  return { first, missing }
}

/** The same, as it is heard from another receiver. */
export function heard(...numbers: readonly number[]): Overheard {
  return { flags: 0, ...question(...numbers) }
}
