/** When a peer is sure that nobody who is here has not met it. */
import { expect, it } from 'vitest'
import { Attack } from '../attacking.ts'

/** When `met` is told to who asks at 2 s, ms after that, with a standstill of so long each time. */
function metAfter(stallMs: number): number {
  const attack = new Attack({}, { open: true })
  let metAt = Infinity
  attack.target.notice = (output) => {
    if (output.type === 'met') metAt = Math.min(metAt, attack.now)
  }
  attack.wait(2000)
  const { peer } = attack.target
  peer.seeking.seek(attack.now, true)
  while (metAt === Infinity && attack.now < 30_000) {
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
