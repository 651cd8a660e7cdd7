/** The joining half: finds the inviter by a code, asks, and opens what it is given. */
import { setTimeout as sleep } from 'node:timers/promises'
import nacl from 'tweetnacl'
import { orAborted } from '../../api/abort.ts'
import { BusError } from '../../api/errors.ts'
import type { Joined, JoinOptions } from '../../api/join-options.ts'
import { JOIN } from '../../api/option-rules.ts'
import type { Bus, Identity, Message } from '../../api/options.ts'
import { checkOptions } from '../../api/rules.ts'
import { newIdentity, signerOf } from '../ed25519.ts'
import { identityName } from '../identity.ts'
import { type Membership, parseMembership } from '../invitation.ts'
import { assertGood, realmId } from '../rights.ts'
import { rightsText } from '../rights-text.ts'
import { parseOpening } from '../realm-keys.ts'
import { ROOM, roomKeyOf } from './code.ts'
import { type Connect, meeting } from './inviter.ts'
import {
  answerOf,
  answerTopic,
  type JoinRefusal,
  opened,
  REQUESTS,
  requestValue,
  signedOf,
} from './words.ts'

const TIMEOUT_MS = 30_000
/** What cannot be read may be somebody else's who has the code: so much of it is passed over. */
const UNREADABLE_MAX = 32

/**
 * Rejects with INVALID_KEY when the code has a mistake in it, TIMEOUT when nobody answers, DENIED
 * when one is not let in, and as `connect` does.
 */
export async function joinBy(
  code: string,
  options: JoinOptions,
  connect: Connect,
): Promise<Joined> {
  checkOptions('join', options, JOIN)
  const room = roomKeyOf(code)
  const { identity = newIdentity(), timeout = TIMEOUT_MS, signal } = options
  const bus = await connect({
    realm: ROOM,
    key: room,
    identity: newIdentity(),
    ...meeting(options),
  })
  try {
    const late = new AbortController()
    const waited = sleep(timeout, undefined, { signal: late.signal }).then(() => silent(timeout))
    const asked = ask(bus, { identity, room, name: options.name ?? '' })
    const first = Promise.race([asked, waited]).finally(() => late.abort())
    const given = await orAborted(first, signal)
    return await checked(given, identity)
  } finally {
    await bus.close()
  }
}

/** Listens, then asks; resolves to what the answer holds. */
async function ask(
  bus: Bus,
  who: { readonly identity: Identity; readonly room: Uint8Array; readonly name: string },
): Promise<Membership> {
  const { identity, room, name } = who
  const { publicKey: box, secretKey } = nacl.box.keyPair()
  const answers = bus.subscribe(answerTopic(box), { queue: UNREADABLE_MAX })
  await bus.matched(REQUESTS)
  const signature = signerOf(identity)(signedOf(room, { name, box }))
  bus.publish(REQUESTS, requestValue({ identity: identityName(identity), name, box, signature }))
  let unreadable = 0
  for await (const { value } of answers as AsyncIterable<Message>) {
    const answer = answerOf(value)
    if (answer && 'refused' in answer) throw refusal(answer.refused)
    const content = answer && opened(answer, secretKey)
    if (content) return parseMembership(content, 'what the inviter gives')
    unreadable += 1
    if (unreadable > UNREADABLE_MAX) break
  }
  throw new BusError('DENIED', 'no answer to this code can be read: ask for another one')
}

/** The rights must be good for this identity in that realm, or `connect` would refuse them later. */
async function checked(given: Membership, identity: Identity): Promise<Joined> {
  const { realm, key, owner, rights, settings } = given
  const opening = parseOpening(key, { source: 'what the inviter gives', realm })
  const id = await realmId({ realm, ...opening })
  assertGood(rights, { id, owner, holder: identity.publicKey })
  return { realm, key, identity, rights: rightsText(rights.bytes), ...settings } as Joined
}

function refusal(reason: JoinRefusal): BusError {
  switch (reason) {
    case 'used': {
      const mend = 'if that was not you, tell who invited you; ask for another one'
      return new BusError('DENIED', `somebody else has joined by this code: ${mend}`)
    }
    case 'expired':
      return new BusError('DENIED', 'the code has expired: ask for another one')
    case 'other': {
      const mend = 'join with that one, or ask for another code'
      return new BusError('DENIED', `the code is for another identity: ${mend}`)
    }
  }
}

function silent(timeout: number): never {
  const fault = `nobody answers to this code after ${timeout / 1000} s`
  const why = 'it has been used or has expired, or its inviter is not within reach'
  throw new BusError('TIMEOUT', `${fault}: ${why} (the same scope and port for both?)`)
}
