/**
 * One decoder by itself: what it is fed, and what each of its outcomes looks like.
 *
 * An outcome is a short text, the shape of what was read. Inputs that bring a new one are kept and
 * changed further, so that the fuzzer works its way in without knowing the code.
 */
import { isDeepStrictEqual } from 'node:util'
import { BusError, type BusErrorCode } from '../../bus/api/errors.ts'
import { UsageError } from '../../bus/cli/exit.ts'
import { Random } from '../../bus/testing/random.ts'
import { keptOf } from './corpus.ts'
import { mutated } from './mutate.ts'

export interface Decoder {
  readonly name: string
  readonly seeds: readonly Uint8Array[]
  /** Which part of the inputs it is fed, where each takes long; default 1. */
  readonly share?: number
  /** The shape of what these bytes are. Never throws, and never rejects. */
  readonly outcome: (bytes: Uint8Array) => string | Promise<string>
}

export interface DecoderReport {
  readonly name: string
  readonly outcomes: number
  readonly faults: readonly string[]
  /** Inputs that each brought an outcome not seen before, in the order of their finding. */
  readonly found: readonly Uint8Array[]
}

/** Rejects with nothing; a fault carries the input that brought it. */
export async function fuzzDecoder(
  decoder: Decoder,
  count: number,
  seed: number,
): Promise<DecoderReport> {
  const random = new Random(seed, decoder.name)
  const seeds = [...decoder.seeds, ...keptOf(decoder.name)]
  const corpus = [...seeds]
  const found: Uint8Array[] = []
  const outcomes = new Set<string>()
  const faults: string[] = []
  const most = count * (decoder.share ?? 1)
  for (let i = 0; i < most && faults.length < FAULTS_MAX; i++) {
    const bytes = i < seeds.length ? seeds[i]! : mutated(random, corpus)
    const start = process.cpuUsage()
    let outcome = ''
    try {
      outcome = await decoder.outcome(bytes)
    } catch (error) {
      faults.push(`${String(error)}: ${Buffer.from(bytes).toString('hex')}`)
    }
    // A collection of garbage takes some; what grows with the square of an input takes more.
    const { user, system } = process.cpuUsage(start)
    const ms = (user + system) / 1000
    if (ms > SLOW_MS) faults.push(`${Math.round(ms)} ms: ${Buffer.from(bytes).toString('hex')}`)
    if (outcomes.has(outcome) || outcomes.size >= OUTCOMES_MAX) continue
    outcomes.add(outcome)
    found.push(bytes.slice())
    if (i >= seeds.length) corpus.push(bytes.slice())
  }
  return { name: decoder.name, outcomes: outcomes.size, faults, found }
}

/** What was read, written and read once more is the same. */
export function same(one: unknown, other: unknown): void {
  if (!isDeepStrictEqual(one, other)) throw new Error('it reads as another thing when written anew')
}

/** What was read holds no more than came: a liar's number must not make anything grow. */
export function bounded<T>(read: T, bytes: Uint8Array): T {
  const weight = weightOf(read)
  if (weight > WEIGHT * bytes.length + WEIGHT_SPARE) {
    throw new Error(`${bytes.length} bytes were read as ${weight} things`)
  }
  return read
}

function weightOf(value: unknown): number {
  if (value instanceof Uint8Array || typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce<number>((sum, inner) => sum + weightOf(inner), 1)
}

/** Names of fields, in order, and how long lists are. */
export function shape(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length}]`
  if (value instanceof Uint8Array) return 'bytes'
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.entries(value)
    .map(([name, inner]) => `${name} ${shape(inner)}`)
    .join()
}

/** The shape of what it gives. What it throws must be an error of the bus with one of these codes. */
export async function thrown(
  run: () => unknown,
  codes: readonly BusErrorCode[] = ['INVALID_KEY'],
): Promise<string> {
  try {
    return shape(await run())
  } catch (error) {
    if (error instanceof BusError && (codes as readonly string[]).includes(error.code))
      return error.code
    throw error
  }
}

/** The same for what a command's user has written. */
export function misused(run: () => unknown): string {
  try {
    return shape(run())
  } catch (error) {
    if (error instanceof UsageError) return 'USAGE'
    throw error
  }
}

const FAULTS_MAX = 10
const OUTCOMES_MAX = 2000
/** Of processor time: others may be at work on this machine. */
const SLOW_MS = 500
/** An address takes 16 bytes, and 39 letters as text. */
const WEIGHT = 3
/** The fields of a few records, and the 60 parts that 8 bytes of an ask may want. */
const WEIGHT_SPARE = 80
