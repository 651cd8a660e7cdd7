/**
 * The inviting half of joining over the bus: waits in the realm of a code for one newcomer.
 *
 * Whoever has the code can ask, and nobody else can. Each request costs one signature check and at
 * most one answer, and after `REQUESTS_MAX` of them nobody is listened to any more.
 */
import { BusError } from '../../api/errors.ts'
import type { InviteOptions, Newcomer, OpenInvitation } from '../../api/join-options.ts'
import { INVITE } from '../../api/option-rules.ts'
import type { Bus, CloseReport, ConnectOptions } from '../../api/options.ts'
import { checkOptions } from '../../api/rules.ts'
import { newIdentity, strictVerifier } from '../ed25519.ts'
import { grant } from '../grants.ts'
import { guestKeyText } from '../guest-key.ts'
import { identityName } from '../identity.ts'
import { parseKey } from '../key-text.ts'
import { guestKeyOf } from '../guest-ring.ts'
import { newCode, ROOM, roomKeyOf } from './code.ts'
import {
  answerTopic,
  answerValue,
  type JoinRefusal,
  type JoinRequest,
  refusalValue,
  requestOf,
  REQUESTS,
  signedOf,
} from './words.ts'

export type Connect = (options: ConnectOptions) => Promise<Bus>

/** Requests of all kinds that one code is good for: more are somebody who tries things. */
export const REQUESTS_MAX = 32
const EXPIRES_MS = 600_000

/** Rejects as `grant` and `connect` do, with INVALID_OPTION and with what the realm's key is not. */
export async function openInvitation(
  options: InviteOptions,
  connect: Connect,
): Promise<OpenInvitation> {
  checkOptions('invite', options, INVITE)
  const content = await contentOf(options)
  // What cannot be granted shall be told now, and not to the newcomer.
  await content(identityName(newIdentity()))
  const code = newCode()
  const room = roomKeyOf(code)
  const bus = await connect({
    realm: ROOM,
    key: room,
    identity: newIdentity(),
    ...meeting(options),
  })
  return new Inviter(bus, { options, content, code, room })
}

/** What both sides tell `connect` about the place where they meet. */
export function meeting(
  given: Pick<
    ConnectOptions,
    'scope' | 'interface' | 'port' | 'hops' | 'name' | 'log' | 'signal' | 'linger'
  >,
): Partial<ConnectOptions> {
  const { scope, interface: interfaces, port, hops, name, log, signal } = given
  const all = { scope, interface: interfaces, port, hops, name, log, signal }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** What a newcomer is given, by its identity. */
type Content = (identity: string) => Promise<{ readonly rights: string } & object>

async function contentOf(options: InviteOptions): Promise<Content> {
  const { realm, issuer, until, publish = [], subscribe = [], scope, port, groups } = options
  const { key, rights: own, depth = 0 } = options
  const patterns = [...new Set([...publish, ...subscribe])]
  const guest = options.guest === true
  const given = guest
    ? guestKeyText(await guestKeyOf(realm, parseKey(key, 'option "key"'), patterns))
    : key
  const settings = { scope, port, groups } // JSON leaves out what is undefined
  const { expose = [], write = [] } = options
  const may = { until, depth, publish, subscribe, expose, write }
  const granted = { realm, key, issuer, ...may, ...(own && { rights: own }) }
  return async (to) => ({ realm, key: given, settings, rights: await grant({ ...granted, to }) })
}

class Inviter implements OpenInvitation {
  readonly code: string
  readonly expires: Date
  readonly accepted: Promise<Newcomer>
  readonly #bus: Bus
  readonly #options: InviteOptions
  readonly #content: Content
  readonly #room: Uint8Array
  readonly #endsAt: number
  readonly #timer: NodeJS.Timeout
  readonly #verify = strictVerifier()
  #admitted: { readonly newcomer: Newcomer; readonly content: object } | undefined
  #requests = 0
  #resolve: (newcomer: Newcomer) => void = () => undefined
  #reject: (error: Error) => void = () => undefined

  constructor(
    bus: Bus,
    given: {
      readonly options: InviteOptions
      readonly content: Content
      readonly code: string
      readonly room: Uint8Array
    },
  ) {
    const { options, content, code, room } = given
    const { expires = EXPIRES_MS } = options
    this.#bus = bus
    this.#options = options
    this.#content = content
    this.#room = room
    this.code = code
    this.expires = new Date(Date.now() + expires)
    this.#endsAt = performance.now() + expires
    this.accepted = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.accepted.catch(() => undefined) // who does not ask need not know
    this.#timer = setTimeout(() => this.#reject(tooOld(expires)), expires)
    bus.subscribe(REQUESTS, ({ value }) => this.#asked(value), { queue: REQUESTS_MAX })
  }

  async close(): Promise<CloseReport> {
    clearTimeout(this.#timer)
    this.#reject(new BusError('CLOSED', 'the invitation has been closed'))
    return this.#bus.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #asked(value: unknown): Promise<void> {
    this.#requests += 1
    if (this.#requests > REQUESTS_MAX) {
      const fault = `the code has been asked for more than ${REQUESTS_MAX} times`
      return this.#reject(new BusError('LIMIT', `${fault}: make another one`))
    }
    const request = requestOf(value)
    if (!request || !this.#isSigned(request)) return
    const reason = this.#refusal(request) ?? (await this.#policy(request))
    const { identity, name } = request
    if (reason === undefined) await this.#admit(request)
    else {
      this.#bus.publish(answerTopic(request.box), refusalValue(reason))
      this.#options.refused?.({ identity, name, reason })
    }
  }

  #isSigned(request: JoinRequest): boolean {
    const identity = new Uint8Array(Buffer.from(request.identity, 'hex'))
    return this.#verify(signedOf(this.#room, request), request.signature, identity)
  }

  #refusal({ identity }: JoinRequest): JoinRefusal | undefined {
    const { only } = this.#options
    if (only !== undefined && only !== identity) return 'other'
    const before = this.#admitted?.newcomer.identity
    // Who was let in may ask again: its answer may have been lost with its process.
    if (before !== undefined && before !== identity) return 'used'
    return performance.now() > this.#endsAt ? 'expired' : undefined
  }

  /** What the program says; who has been let in is not asked about again. */
  async #policy({ identity, name }: JoinRequest): Promise<JoinRefusal | undefined> {
    const { admit } = this.#options
    if (!admit || this.#admitted) return undefined
    try {
      return (await admit({ identity, name })) ? undefined : 'other'
    } catch {
      return 'other' // a policy that fails lets nobody in
    }
  }

  async #admit({ identity, name, box }: JoinRequest): Promise<void> {
    if (!this.#admitted) {
      const content = await this.#content(identity)
      this.#admitted = { newcomer: { identity, name, rights: content.rights }, content }
    }
    const { newcomer, content } = this.#admitted
    this.#bus.publish(answerTopic(box), answerValue(content, box))
    await this.#bus.flush()
    clearTimeout(this.#timer)
    this.#resolve(newcomer)
  }
}

function tooOld(expires: number): BusError {
  return new BusError('TIMEOUT', `nobody has joined within ${expires / 1000} s`)
}
