/** When a peer is sure that nobody who is here has not met it. */
import { expect, it } from 'vitest'
import type { Member } from '../../../fuzz/member.ts'
import { Attack } from '../attacking.ts'
import { controlBytes } from '../wire/any.ts'

/**
 * When `met` is told to who asks at 2 s, ms after that, with a standstill of so long each time.
 * `meanwhile`: what happens before
 * that, and before each of them.
 */
function metAfter(stallMs: number, meanwhile: (attack: Attack) => void = () => undefined): number {
  const attack = new Attack({}, { open: true })
  let metAt = Infinity
  attack.target.notice = (output) => {
    if (output.type === 'met') metAt = Math.min(metAt, attack.now)
  }
  attack.wait(2000)
  meanwhile(attack)
  const { peer } = attack.target
  peer.seeking.seek(attack.now, true)
  while (metAt === Infinity && attack.now < 30_000) {
    meanwhile(attack)
    attack.now += stallMs
    attack.target.advance(attack.now)
  }
  return metAt - 2000
}

it('is sure at once when it runs, and after 3 s although one standstill follows the other', () => {
  expect(metAfter(10)).toBeLessThan(100)
  const busy = metAfter(300)
  expect(busy).toBeGreaterThan(300)
  expect(busy).toBeLessThan(4000)
})

it('waits for a stranger that it has asked, for a second, or until that has answered', () => {
  let member: Member | undefined
  const asked = metAfter(10, (attack) => {
    if (member) return
    member = attack.stranger()
    attack.send(member.control(controlBytes(BEACON)))
  })
  expect(asked).toBeGreaterThan(900)
  expect(asked).toBeLessThan(1200)
  let answers = 0
  const answered = metAfter(10, (attack) => {
    if (answers++ === 0) member = attack.stranger()
    if (answers === 1) attack.send(member!.control(controlBytes(BEACON)))
    if (answers === 5) attack.send(member!.hello({ echoes: [attack.target.challenge] }))
  })
  expect(answered).toBeLessThan(300)
})

it('waits for strangers that keep coming for ten seconds, and no longer', () => {
  const junk = metAfter(50, (attack) => {
    attack.send(attack.stranger().control(controlBytes(BEACON)))
  })
  expect(junk).toBeGreaterThan(9000)
  expect(junk).toBeLessThan(11_000)
})

const BEACON = { type: 'beacon', intervalMs: 750, streamCount: 0 } as const
