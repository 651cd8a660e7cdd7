/**
 * What the next hello says, and to whom: whose challenges it echoes, and whom it asks.
 *
 * As a rule everybody hears it. What one of a crowd has to say to a few newcomers goes to these alone:
 * all of the crowd say it, and would all hear it from each other.
 */
import { answerTo, type Endpoint, endpointName, sameDestination } from '../../output.ts'
import type { Context } from '../context.ts'
import { Recent } from '../../recent.ts'
import { isOnLink } from '../../wire/address.ts'
import { type Hello, HELLO_LIST_MAX, HelloFlag } from '../../wire/hello.ts'
import { Answered } from './answered.ts'
import type { Greeting } from './hello-out.ts'

/** Where one can be told alone; undefined: it is told with everybody. */
type Place = Endpoint | undefined

/** Those who are told something: by challenge, or by instance. */
type Told = Map<bigint, Place>

/** Whose hello has come. */
interface Newcomer {
  readonly instance: bigint
  readonly hello: Hello
  readonly from: Endpoint
}

export class NextHello {
  readonly #context: Context
  readonly #echoes: Told = new Map()
  readonly #asked: Told = new Map()
  readonly #answered = new Answered()
  /** Who has said hello by unicast and gets the next one the same way. */
  readonly #callers = new Map<string, Endpoint>()
  /** Who has been asked alone: unicast may not pass. */
  readonly #alone = new Recent(ALONE_KEPT)
  #isForAll = false

  constructor(context: Context) {
    this.#context = context
  }

  get isEmpty(): boolean {
    return this.#echoes.size === 0 && this.#asked.size === 0
  }

  /** How many instances are asked. */
  get asks(): number {
    return this.#asked.size
  }

  isAsked(instance: bigint): boolean {
    return this.#asked.has(instance)
  }

  ask(instance: bigint, place?: Endpoint): void {
    this.#asked.set(instance, place)
  }

  /** It is known now. */
  forget(instance: bigint): void {
    this.#asked.delete(instance)
  }

  /** Whether a hello with this echo has left for no longer than answers take. */
  hasAnswered(now: number, challenge: bigint): boolean {
    const { roster, backlog } = this.#context
    return this.#answered.has(now, challenge, { peers: roster.size, readMs: backlog.ms })
  }

  echo(challenge: bigint, place?: Endpoint): void {
    // Who is to be told with everybody stays so; and nobody gets what another one is told.
    const isOther = this.#echoes.has(challenge) && !isSame(this.#echoes.get(challenge), place)
    const alone = isOther ? undefined : place
    if (this.#echoes.size < HELLO_LIST_MAX) this.#echoes.set(challenge, alone)
  }

  callBack(from: Endpoint): void {
    if (from.rung !== 'unicast' || this.#callers.size >= HELLO_LIST_MAX) return
    this.#callers.set(endpointName(from), from)
  }

  /**
   * Where a newcomer to a crowd, which has said hello to everybody, is told alone who is here. Who asks
   * once more is told with everybody, since unicast may not pass. So is who comes where a relay is,
   * which learns from what it overhears and whose address may be the source.
   */
  placeOf(now: number, { instance, hello, from }: Newcomer): Place {
    const { flags, asked, challenge, port } = hello
    const { isCrowd, relayUntil, self } = this.#context
    const isPlain = from.rung === 'multicast' && !(flags & HelloFlag.alone)
    if (!isCrowd || !isPlain || now < relayUntil || port === 0 || !isOnLink(from.address)) return
    const knows = this.#answered.knows(challenge) || this.#alone.has(`${instance}`)
    const again = knows && asked.includes(self.instance)
    return again ? undefined : answerTo(from, port)
  }

  /** Everybody is to hear it, whomever it is for. */
  tellAll(): void {
    this.#isForAll = true
  }

  /** Takes what one hello has room for. */
  take(now: number, room: number): Greeting {
    // Long rights leave less room: what does not fit goes with the next one.
    const echoes = taken(this.#echoes, room)
    const asked = taken(this.#asked, room - echoes.size)
    for (const challenge of echoes.keys()) this.#answered.add(now, challenge)
    const said = { asked: [...asked.keys()], echoes: [...echoes.keys()] }
    const isForAll = this.#isForAll || this.#callers.size > 0
    this.#isForAll = false
    const to = isForAll ? [] : aloneOf([...echoes, ...asked])
    if (to.length > 0) {
      for (const instance of asked.keys()) this.#alone.add(`${instance}`)
      return { flags: HelloFlag.alone, ...said, to }
    }
    const callers = [...this.#callers.values()]
    this.#callers.clear()
    return { flags: 0, ...said, to: [this.#context.controlGroup, ...callers] }
  }
}

function taken(told: Told, most: number): Told {
  const first = new Map([...told].slice(0, most))
  for (const key of first.keys()) told.delete(key)
  return first
}

function isSame(one: Place, other: Place): boolean {
  return one && other ? sameDestination(one, other) : one === other
}

/** Nobody where somebody cannot be told alone, or one packet to all costs less. */
function aloneOf(told: readonly (readonly [bigint, Place])[]): Endpoint[] {
  const places = new Map<string, Endpoint>()
  for (const [, place] of told) {
    if (!place) return []
    places.set(endpointName(place), place)
  }
  return places.size > ALONE_MAX ? [] : [...places.values()]
}

/** So many get a packet each; of a crowd of more than 16 each hears what goes to all. */
const ALONE_MAX = 4
const ALONE_KEPT = 1024
