/** What the command line of the benchmark asks for. */
import { parseArgs } from 'node:util'
import type { Place } from '../peers/contestant.ts'
import { contestants } from '../peers/registry.ts'
import { PAYLOAD_SIZE_MIN } from './payload.ts'

export interface Plan {
  readonly peers: readonly string[]
  readonly sizes: readonly number[]
  readonly subscribers: readonly number[]
  readonly rounds: number
  readonly place: Place
  /** How long each run takes, ms. */
  readonly forMs: number
  /** So many messages a run, and not for a time. */
  readonly count: number | undefined
  /** How long latency is measured, ms; 0: not at all. */
  readonly latencyMs: number
  /** Where a profile of each process goes. */
  readonly profile: string | undefined
  /** Where the figures go as JSON. */
  readonly json: string | undefined
  /** Puts the tables into the document. */
  readonly write: boolean
}

/** Throws an error whose message is for the one who has typed it. */
export function planOf(args: readonly string[]): Plan {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const quick = values.quick === true
  const { peers, sizes, subscribers, rounds, seconds } = values
  return {
    peers: peers === undefined ? Object.keys(contestants) : namesOf(peers),
    sizes: sizes === undefined ? [64, 1024, 16_384] : numbersOf('sizes', sizes),
    subscribers: subscribers
      ? numbersOf('subscribers', subscribers)
      : quick
        ? [1, 2]
        : [1, 2, 4, 8],
    rounds: rounds ? numberOf('rounds', rounds) : quick ? 1 : 3,
    place: values.net === true ? 'net' : 'host',
    forMs: (seconds === undefined ? 1 : numberOf('seconds', seconds)) * 1000,
    count: quick ? QUICK_MESSAGES : undefined,
    latencyMs: quick ? 0 : 2000,
    profile: values.profile,
    json: values.json,
    write: values.write === true,
  }
}

export const USAGE: string = `npm run bench -- [options]
  --quick              few messages of each size, one round, no latency
  --peers A,B          of ${Object.keys(contestants).join(', ')}
  --sizes 64,1024      bytes of a message, at least ${PAYLOAD_SIZE_MIN}
  --subscribers 1,8    processes that subscribe
  --rounds 3           of which the median counts
  --seconds 1          of each run
  --net                each process on a host of its own, at a bridge with MTU 1500 (root)
  --profile FOLDER     a CPU profile of each process of Node
  --json FILE          every run as JSON
  --write              puts the tables into docs/performance.md`

const OPTIONS = {
  quick: { type: 'boolean' },
  peers: { type: 'string' },
  sizes: { type: 'string' },
  subscribers: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  net: { type: 'boolean' },
  profile: { type: 'string' },
  json: { type: 'string' },
  write: { type: 'boolean' },
} as const

/** Of each size, in a quick run. */
const QUICK_MESSAGES = 2048

function namesOf(text: string): string[] {
  const names = text.split(',')
  const unknown = names.find((name) => !(name in contestants))
  if (unknown === undefined) return names
  throw new Error(`--peers: there is no '${unknown}', but ${Object.keys(contestants).join(', ')}`)
}

function numbersOf(option: string, text: string): number[] {
  return text.split(',').map((one) => numberOf(option, one))
}

function numberOf(option: string, text: string): number {
  const least = option === 'sizes' ? PAYLOAD_SIZE_MIN : 1
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= MOST) return value
  throw new Error(`--${option}: '${text}' is no whole number from ${least} to ${MOST}`)
}

const MOST = 1024 * 1024
