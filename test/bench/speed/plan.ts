/** What the command line of the benchmark asks for. */
import { parseArgs } from 'node:util'
import type { Place } from '../peers/contestant.ts'
import { contestants } from '../peers/registry.ts'
import { TURN_MESSAGES } from './publisher.ts'
import { PAYLOAD_SIZE_MIN } from './payload.ts'

export interface Plan {
  readonly peers: readonly string[]
  readonly sizes: readonly number[]
  readonly subscribers: readonly number[]
  /** Those with each number of subscribers; the others with the least and the most of them. */
  readonly whole: readonly string[]
  /** At most. */
  readonly rounds: number
  readonly places: readonly Place[]
  /** How long each run takes, ms. */
  readonly forMs: number
  /** So many messages a run, and not for a time. */
  readonly count: number | undefined
  /** Messages that a turn of the publisher's event loop publishes, at most. */
  readonly aTurn: number
  /** How long latency is measured, ms; 0: not at all. */
  readonly latencyMs: number
  /** No round begins that would not end in this time, but the first; ms. */
  readonly withinMs: number
  /** Where a profile of each process goes. */
  readonly profile: string | undefined
  /** Where the figures go as JSON. */
  readonly json: string | undefined
  /** Puts tables and plots into the documents. */
  readonly write: boolean
}

/** Throws an error whose message is for the one who has typed it. */
export function planOf(args: readonly string[]): Plan {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const { peers, sizes, subscribers, rounds, seconds, minutes, turn } = values
  const usual = values.quick === true ? QUICK : values.doc === true ? DOC : THOROUGH
  const names = peers === undefined ? Object.keys(contestants) : namesOf(peers)
  const doc = values.doc === true && peers === undefined
  return {
    peers: names,
    whole: doc ? HEADLINE : names,
    sizes: sizes === undefined ? [64, 1024, 16_384] : numbersOf('sizes', sizes),
    subscribers: subscribers ? numbersOf('subscribers', subscribers) : usual.subscribers,
    rounds: rounds ? numberOf('rounds', rounds) : usual.rounds,
    places: values.doc === true ? ['host', 'net'] : [values.net === true ? 'net' : 'host'],
    forMs: seconds === undefined ? usual.forMs : amountOf('seconds', seconds) * 1000,
    count: values.quick === true ? QUICK_MESSAGES : undefined,
    aTurn: turn === undefined ? TURN_MESSAGES : numberOf('turn', turn),
    latencyMs: usual.latencyMs,
    withinMs: minutes === undefined ? usual.withinMs : amountOf('minutes', minutes) * 60_000,
    profile: values.profile,
    json: values.json,
    write: values.write === true || values.doc === true,
  }
}

export const USAGE: string = `npm run bench -- [options]
  --quick              whether it works: few messages of each size, cold, one round, no latency
  --doc                what docs/performance.md shows, on one host and between hosts (root), in
                       as many rounds as 16 minutes allow, and one at least
  --peers A,B          of ${Object.keys(contestants).join(', ')}
  --sizes 64,1024      bytes of a message, at least ${PAYLOAD_SIZE_MIN}
  --subscribers 1,8    processes that subscribe
  --rounds 3           of which the median counts
  --minutes 30         no further round that would not end in this time
  --seconds 1          of each run
  --turn ${TURN_MESSAGES}           messages that a turn of the publisher's event loop publishes, at most
  --net                each process on a host of its own, at a bridge with MTU 1500 (root)
  --profile FOLDER     a CPU profile of each process of Node
  --json FILE          every run as JSON
  --write              puts tables and plots into docs/performance.md`

const OPTIONS = {
  quick: { type: 'boolean' },
  doc: { type: 'boolean' },
  peers: { type: 'string' },
  sizes: { type: 'string' },
  subscribers: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  minutes: { type: 'string' },
  turn: { type: 'string' },
  net: { type: 'boolean' },
  profile: { type: 'string' },
  json: { type: 'string' },
  write: { type: 'boolean' },
} as const

/** Of each size, in a quick run. */
const QUICK_MESSAGES = 2048

const ALWAYS = Number.POSITIVE_INFINITY
const THOROUGH = {
  subscribers: [1, 2, 4, 8],
  rounds: 3,
  forMs: 1000,
  latencyMs: 2000,
  withinMs: ALWAYS,
} as const
const QUICK = { ...THOROUGH, subscribers: [1, 2], rounds: 1, latencyMs: 0 } as const
const DOC = {
  ...THOROUGH,
  rounds: 9,
  forMs: 2000,
  latencyMs: 1000,
  withinMs: 16 * 60_000,
} as const
/** In the document with each number of subscribers. */
const HEADLINE: readonly string[] = ['sixcast', 'nats', 'zeromq']

function namesOf(text: string): string[] {
  const names = text.split(',')
  const unknown = names.find((name) => !(name in contestants))
  if (unknown === undefined) return names
  throw new Error(`--peers: there is no '${unknown}', but ${Object.keys(contestants).join(', ')}`)
}

function numbersOf(option: string, text: string): number[] {
  return text.split(',').map((one) => numberOf(option, one))
}

/** Decimals allowed. */
function amountOf(option: string, text: string): number {
  const value = Number(text)
  if (value > 0 && value <= MOST) return value
  throw new Error(`--${option}: '${text}' is no number above 0, at most ${MOST}`)
}

function numberOf(option: string, text: string): number {
  const least = option === 'sizes' ? PAYLOAD_SIZE_MIN : 1
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= MOST) return value
  throw new Error(`--${option}: '${text}' is no whole number from ${least} to ${MOST}`)
}

const MOST = 1024 * 1024
