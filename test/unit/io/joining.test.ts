/** Joining over the bus: codes, what a newcomer is given, and whom an inviter lets in. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { InviteOptions, RefusedNewcomer } from '../../../bus/api/join-options.ts'
import { newIdentity } from '../../../bus/io/ed25519.ts'
import { grant, newRealm } from '../../../bus/io/grants.ts'
import { identityName } from '../../../bus/io/identity.ts'
import { codeOf, looksLikeCode, newCode, roomKeyOf } from '../../../bus/io/joining/code.ts'
import { openInvitation } from '../../../bus/io/joining/inviter.ts'
import { joinBy } from '../../../bus/io/joining/newcomer.ts'
import { isGuestKey } from '../../../bus/io/guest-key.ts'
import { acquainted, type Join, network, values } from '../api/company.ts'

const { realm, key, owner } = newRealm('plant')
const until = new Date(Date.now() + 3_600_000)
const everything = { publish: ['**'], subscribe: ['**'] }

const inviting = (join: Join, more: Partial<InviteOptions> = {}) =>
  openInvitation({ realm, key, issuer: owner, until, ...everything, ...more }, join)

const faults = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

describe('a code', () => {
  it('is seven groups of four digits, each new', () => {
    const codes = Array.from({ length: 100 }, newCode)
    for (const code of codes)
      expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){6}[\dA-HJKMNP-TV-Z]{4}$/)
    expect(new Set(codes).size).toBe(100)
  })

  it('may be written in small letters, without dashes, and with the letters that look alike', () => {
    const secret = fc.uint8Array({ minLength: 16, maxLength: 16 })
    fc.assert(
      fc.property(secret, (bytes) => {
        const code = codeOf(bytes)
        const plain = code.replaceAll('-', '').toLowerCase()
        const alike = code.replaceAll('0', 'o').replaceAll('1', 'l').replaceAll('-', ' ')
        expect(roomKeyOf(plain)).toEqual(roomKeyOf(code))
        expect(roomKeyOf(alike)).toEqual(roomKeyOf(code))
        for (const one of [code, code.toLowerCase(), plain]) expect(looksLikeCode(one)).toBe(true)
      }),
    )
  })

  it('with a slip of the pen is told, and not shown', () => {
    const code = newCode()
    const slip = `${code.startsWith('A') ? 'B' : 'A'}${code.slice(1)}`
    for (const wrong of [slip, code.slice(0, -1), `${code}-AAAA`, code.replace(/.$/, 'U'), '']) {
      expect(() => roomKeyOf(wrong)).toThrow(faults('INVALID_KEY', /^the code has a mistake in it/))
    }
  })

  it('is known for one when a digit is missing, so that no error shows it as a file', () => {
    const code = newCode()
    for (const short of [code, `${code}A`, code.slice(0, -3)]) {
      expect(looksLikeCode(short.replaceAll('-', ''))).toBe(true)
    }
  })

  it('is known for one when groups are missing', () => {
    const groups = newCode().split('-')
    for (let count = 2; count <= groups.length; count++) {
      expect(looksLikeCode(groups.slice(0, count).join('-'))).toBe(true)
      expect(looksLikeCode(groups.slice(0, count).join(' '))).toBe(true)
    }
  })

  it('is not taken for the name of a file', () => {
    for (const name of [
      'site.invitation',
      './A-B',
      'my-files',
      'site-2026',
      'sixcast-invite-1.abc.def',
    ]) {
      expect(looksLikeCode(name)).toBe(false)
    }
  })
})

describe('who joins', () => {
  it('is given what connect takes, for an identity made at home', async () => {
    const join = network()
    await using invitation = await inviting(join, { port: 7000, groups: 16 })
    const joined = await joinBy(invitation.code, { name: 'pump' }, join)
    expect(joined).toMatchObject({ realm, key, port: 7000, groups: 16 })
    const identity = identityName(joined.identity)
    const { rights } = joined
    expect(await invitation.accepted).toEqual({ identity, name: 'pump', rights: rights })
    const issued = { realm, key, issuer: owner, until, ...everything }
    const home = newIdentity()
    const rest = {
      realm,
      key,
      identity: home,
      rights: await grant({ ...issued, to: identityName(home) }),
    }
    const [desk, pump] = [await join(rest), await join(joined)]
    await acquainted(desk, pump)
    const got = values(1, desk.subscribe('hall/*'))
    pump.publish('hall/door', 'open')
    expect(await got).toEqual(['open'])
  })

  it('keeps an identity of before, and no other than the wanted one is let in', async () => {
    const join = network()
    const [me, other] = [newIdentity(), newIdentity()]
    const refused: RefusedNewcomer[] = []
    const only = identityName(me)
    const told = { only, refused: (one: RefusedNewcomer) => void refused.push(one) }
    await using invitation = await inviting(join, told)
    await expect(joinBy(invitation.code, { identity: other, name: 'x' }, join)).rejects.toEqual(
      faults('DENIED', /for another identity/),
    )
    expect(refused).toEqual([{ identity: identityName(other), name: 'x', reason: 'other' }])
    const joined = await joinBy(invitation.code, { identity: me }, join)
    expect(identityName(joined.identity)).toBe(only)
  })

  it('may ask again when its answer was lost with its process, and nobody else may', async () => {
    const join = network()
    const identity = newIdentity()
    await using invitation = await inviting(join)
    const [first, second] = [
      await joinBy(invitation.code, { identity }, join),
      await joinBy(invitation.code, { identity }, join),
    ]
    expect(second.rights).toBe(first.rights)
    await expect(joinBy(invitation.code, {}, join)).rejects.toEqual(
      faults('DENIED', /somebody else has joined by this code/),
    )
  })

  it('is let in if the program of the inviter says so', async () => {
    const join = network()
    const asked: string[] = []
    const admit = ({ name }: { name: string }): boolean => asked.push(name) > 1 && name !== 'evil'
    await using invitation = await inviting(join, { admit })
    const failing = joinBy(invitation.code, { name: 'evil' }, join)
    await expect(failing).rejects.toEqual(faults('DENIED', /for another identity/))
    expect((await joinBy(invitation.code, { name: 'good' }, join)).realm).toBe('plant')
    expect(asked).toEqual(['evil', 'good'])
  })

  it('as a guest has no key but those of its topics', async () => {
    const join = network()
    const topics = ['hall/3/**']
    await using invitation = await inviting(join, {
      publish: topics,
      subscribe: topics,
      guest: true,
    })
    const joined = await joinBy(invitation.code, {}, join)
    expect(isGuestKey(joined.key)).toBe(true)
    expect(joined.key).not.toContain(key.split(' ')[1])
  })

  it('may be invited by somebody whose rights may be handed on, to no more than these', async () => {
    const join = network()
    const deputy = newIdentity()
    const own = { realm, key, issuer: owner, until, publish: ['hall/**'], depth: 1 }
    const rights = await grant({ ...own, to: identityName(deputy) })
    await using invitation = await inviting(join, { issuer: deputy, rights })
    const joined = await joinBy(invitation.code, {}, join)
    const bus = await join(joined)
    expect(() => bus.publish('office/door', 1)).toThrow(faults('DENIED', /office/))
    bus.publish('hall/door', 1)
  })

  it('is told when nobody answers, or when it gives up', async () => {
    const join = network()
    await expect(joinBy(newCode(), { timeout: 300 }, join)).rejects.toEqual(
      faults('TIMEOUT', /^nobody answers to this code after 0.3 s: .*scope and port/),
    )
    const signal = AbortSignal.timeout(100)
    await expect(joinBy(newCode(), { signal }, join)).rejects.toThrow(/timeout/)
    expect(signal.aborted).toBe(true)
  })
})

describe('who invites', () => {
  it('is told at once what it may not grant', async () => {
    const join = network()
    const stranger = newIdentity()
    await expect(inviting(join, { issuer: stranger })).rejects.toEqual(
      faults('DENIED', /not the owner/),
    )
    await expect(inviting(join, { expires: 5 })).rejects.toEqual(
      faults('INVALID_OPTION', /"expires"/),
    )
    await expect(inviting(join, { publish: ['a/{b}'] })).rejects.toEqual(
      faults('INVALID_PATTERN', /has a name/),
    )
  })

  it('learns that nobody came in time, and still answers that the code is too old', async () => {
    const join = network()
    await using invitation = await inviting(join, { expires: 1000 })
    await expect(invitation.accepted).rejects.toEqual(faults('TIMEOUT', /within 1 s/))
    await expect(joinBy(invitation.code, {}, join)).rejects.toEqual(faults('DENIED', /has expired/))
  })

  it('lets nobody in after it has closed', async () => {
    const join = network()
    const invitation = await inviting(join)
    await invitation.close()
    await expect(invitation.accepted).rejects.toEqual(faults('CLOSED', /closed/))
    await expect(joinBy(invitation.code, { timeout: 300 }, join)).rejects.toEqual(
      faults('TIMEOUT', /nobody answers/),
    )
  })
})
