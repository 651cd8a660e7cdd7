/** Joining by a code: what is on the wire, and what somebody can do who has, or has not, the code. */
import { describe, expect } from 'vitest'
import nacl from 'tweetnacl'
import type { Bus } from '../../bus/api/options.ts'
import type { OpenInvitation, RefusedNewcomer } from '../../bus/api/join-options.ts'
import { newIdentity, signerOf } from '../../bus/io/ed25519.ts'
import { newRealm } from '../../bus/io/grants.ts'
import { identityName } from '../../bus/io/identity.ts'
import { newCode, ROOM, roomKeyOf } from '../../bus/io/joining/code.ts'
import { openInvitation, REQUESTS_MAX } from '../../bus/io/joining/inviter.ts'
import { joinBy } from '../../bus/io/joining/newcomer.ts'
import { answerOf, opened, REQUESTS, requestValue, signedOf } from '../../bus/io/joining/words.ts'
import { first } from '../unit/api/company.ts'
import { attack } from './attack.ts'
import { Segment } from './tap.ts'

const { realm, key, owner } = newRealm('plant')
const until = new Date(Date.now() + 3_600_000)
const what = { realm, key, issuer: owner, until, publish: ['**'], subscribe: ['**'] }

type Refused = RefusedNewcomer[]

async function invited(
  segment: Segment,
): Promise<{ invitation: OpenInvitation; refused: Refused }> {
  const refused: Refused = []
  const told = (one: RefusedNewcomer): void => void refused.push(one)
  const invitation = await openInvitation({ ...what, refused: told }, (on) => segment.bus(on))
  return { invitation, refused }
}

/** Somebody else who has the code, on a bus of its own in the realm of the code. */
function thief(segment: Segment, code: string): Promise<Bus> {
  return segment.bus({ realm: ROOM, key: roomKeyOf(code), identity: newIdentity() })
}

function request(
  code: string,
  more: { identity?: string; sender?: ReturnType<typeof newIdentity> },
) {
  const sender = more.sender ?? newIdentity()
  const { publicKey: box, secretKey } = nacl.box.keyPair()
  const signature = signerOf(sender)(signedOf(roomKeyOf(code), { name: 'x', box }))
  const identity = more.identity ?? identityName(sender)
  return { value: requestValue({ identity, name: 'x', box, signature }), secretKey }
}

const faults = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

describe('joining by a code', () => {
  attack(
    'read on the wire',
    { by: 'outsider', holds: 'neither code, key, name, identity nor rights can be seen' },
    async () => {
      await using segment = new Segment()
      const { invitation } = await invited(segment)
      const joined = await joinBy(invitation.code, { name: 'pump7' }, (on) => segment.bus(on))
      await invitation.close()
      const wire = Buffer.concat(segment.heard.map(({ datagram }) => datagram))
      expect(wire.length).toBeGreaterThan(1000)
      const root = Buffer.from(key.split(' ')[1]!, 'base64url')
      const secrets = [
        invitation.code,
        key.split(' ')[1]!,
        joined.rights.trim(),
        identityName(joined.identity),
        'pump7',
        'plant',
        'join/',
        root,
        Buffer.from(joined.identity.publicKey),
        Buffer.from(joined.identity.secretKey),
      ]
      expect(secrets.filter((secret) => wire.includes(secret))).toEqual([])
    },
  )

  attack(
    'an answer for somebody else',
    { by: 'member', holds: 'who has the code and hears everything opens no answer but its own' },
    async () => {
      await using segment = new Segment()
      const { invitation } = await invited(segment)
      const bus = await thief(segment, invitation.code)
      const heard = first(1, bus.subscribe('join/answers/*'))
      const joined = await joinBy(invitation.code, {}, (on) => segment.bus(on))
      const [answer] = await heard
      const text = JSON.stringify(answer?.value)
      for (const secret of [key.split(' ')[1]!, joined.rights.slice(20, 60)]) {
        expect(text).not.toContain(secret)
        expect(Buffer.from(text, 'base64url').includes(secret)).toBe(false)
      }
      const sealed = answerOf(answer?.value)
      if (!sealed || 'refused' in sealed) throw new Error('no answer was heard')
      const guesses = [roomKeyOf(invitation.code), nacl.box.keyPair().secretKey]
      expect(guesses.map((secret) => opened(sealed, secret))).toEqual([undefined, undefined])
      await invitation.close()
    },
  )

  attack(
    'a second use of the code',
    { by: 'member', holds: 'is refused, told to both sides, and takes nothing from the first' },
    async () => {
      await using segment = new Segment()
      const { invitation, refused } = await invited(segment)
      const joined = await joinBy(invitation.code, { name: 'a' }, (on) => segment.bus(on))
      const again = joinBy(invitation.code, { name: 'b' }, (on) => segment.bus(on))
      await expect(again).rejects.toEqual(faults('DENIED', /somebody else has joined/))
      expect(refused.map(({ name, reason }) => [name, reason])).toEqual([['b', 'used']])
      const { identity } = await invitation.accepted
      expect(identity).toBe(identityName(joined.identity))
      await invitation.close()
    },
  )

  attack(
    'in the name of another identity',
    { by: 'member', holds: 'a request counts only with the signature of whom it names' },
    async () => {
      await using segment = new Segment()
      const { invitation, refused } = await invited(segment)
      const { code } = invitation
      const bus = await thief(segment, code)
      const victim = identityName(newIdentity())
      await bus.matched(REQUESTS)
      bus.publish(REQUESTS, request(code, { identity: victim }).value)
      const other = request(newCode(), {}) // signed for the realm of another code
      bus.publish(REQUESTS, other.value)
      const joined = await joinBy(code, {}, (on) => segment.bus(on))
      expect((await invitation.accepted).identity).toBe(identityName(joined.identity))
      expect(refused).toEqual([])
      await invitation.close()
    },
  )

  attack(
    'asked for again and again',
    {
      by: 'member',
      holds: `${REQUESTS_MAX} requests are answered, then nobody is let in`,
    },
    async () => {
      await using segment = new Segment()
      const { invitation } = await invited(segment)
      const { code } = invitation
      const bus = await thief(segment, code)
      let answers = 0
      bus.subscribe('join/answers/*', () => void (answers += 1))
      await joinBy(code, {}, (on) => segment.bus(on))
      await bus.matched(REQUESTS)
      for (let i = 0; i < 400; i++) bus.publish(REQUESTS, request(code, {}).value)
      await bus.flush()
      const late = joinBy(code, { timeout: 500 }, (on) => segment.bus(on))
      await expect(late).rejects.toEqual(faults('TIMEOUT', /nobody answers/))
      expect(answers).toBeGreaterThan(1)
      expect(answers).toBeLessThanOrEqual(REQUESTS_MAX)
      await invitation.close()
    },
  )

  attack(
    'without the code',
    { by: 'outsider', holds: 'a guess meets nobody, and costs the inviter no answer' },
    async () => {
      await using segment = new Segment()
      const { invitation, refused } = await invited(segment)
      const tries = Array.from({ length: 8 }, () => {
        return joinBy(newCode(), { timeout: 500 }, (on) => segment.bus(on))
      })
      const ends = await Promise.allSettled(tries)
      expect(ends.map(({ status }) => status)).toEqual(Array(8).fill('rejected'))
      expect(refused).toEqual([])
      const joined = await joinBy(invitation.code, {}, (on) => segment.bus(on))
      expect(joined.realm).toBe('plant')
      await invitation.close()
    },
  )
})
