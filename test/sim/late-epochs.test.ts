/** A process that starts with the keys of an epoch that is over, says something, and goes. */
import { describe, expect, it } from 'vitest'
import { EpochRealm as Realm } from './epoch-realm.ts'
import { MARKER } from './plan.ts'
import type { Process, Told } from './process.ts'
import { CLEAR } from './weather.ts'

const LINGER_MS = 2000
/** Nobody opens the keys of before any more. */
const OVER_MS = 40_000

interface Visit {
  readonly told: Told | undefined
  readonly tookMs: number
}

/** Publishes one message and closes at once, as `sixcast pub` does. */
function visit(realm: Realm, visitor: Process): Visit {
  const { world } = realm
  let told: Told | undefined
  let closedAt = Infinity
  world.onClosed = (process, report) => {
    if (process !== visitor) return
    told = report
    closedAt = world.schedule.time
  }
  const from = world.schedule.time
  world.workload.publish(visitor, `${MARKER}/load`, 200)
  visitor.endTurn()
  world.close(visitor, LINGER_MS)
  realm.wait(LINGER_MS * 12)
  return { told, tookMs: closedAt - from }
}

/** A realm whose epoch has changed while one member slept; it is started again by `wake`. */
function slept(seed: number, { weather = CLEAR, epochs = 1, known = true } = {}) {
  const realm = new Realm(seed, weather)
  const { world } = realm
  const [owner, receiver, sleeper] = [realm.member(false), realm.member(true), realm.member(false)]
  const members = known ? [owner, receiver, sleeper] : [owner, receiver]
  const { signer, host } = sleeper.options
  realm.wait(1000)
  world.end(sleeper)
  for (let epoch = 1; epoch <= epochs; epoch++) {
    realm.adopt(owner, realm.page(epoch, { members }))
    realm.wait(OVER_MS)
  }
  return { realm, owner, receiver, wake: () => world.launch({ host, realm: 0, signer }) }
}

describe('a visitor that has slept through a rotation', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('is heard all the same, seed %i', (seed) => {
    const { realm, receiver, wake } = slept(seed, { epochs: 1 + (seed % 3) })
    const { told, tookMs } = visit(realm, wake())
    expect(realm.given(receiver)).toBe(1)
    expect(told?.unconfirmed).toEqual([])
    expect(told?.behind).toBeUndefined()
    expect(tookMs).toBeLessThan(1500)
  })

  it.each([11, 12, 13, 14, 15, 16])(
    'or says that it was not, where a fifth is lost, seed %i',
    (seed) => {
      const { realm, receiver, wake } = slept(seed, { weather: { ...CLEAR, loss: 0.2 } })
      const { told } = visit(realm, wake())
      const isTold = (told?.unconfirmed.length ?? 0) > 0 || told?.behind !== undefined
      expect(realm.given(receiver) === 1 || isTold).toBe(true)
    },
  )

  it('one right behind the other, when nobody repeats what they know', () => {
    const { realm, receiver, wake } = slept(21)
    const [one, other] = [wake(), wake()]
    realm.world.workload.publish(one, `${MARKER}/one`, 10)
    one.endTurn()
    realm.world.close(one, LINGER_MS)
    realm.wait(500)
    const { told } = visit(realm, other)
    expect(realm.given(receiver)).toBe(2)
    expect(told?.behind).toBeUndefined()
  })

  it('says which epoch it has no key of, and does not wait for it', () => {
    const { realm, receiver, wake } = slept(22, { known: false })
    const { told, tookMs } = visit(realm, wake())
    expect(realm.given(receiver)).toBe(0)
    expect(told?.behind).toBe(1)
    expect(tookMs).toBeLessThan(1500)
  })

  it('waits as long as it may for a page that nobody gives, and says so', () => {
    const { realm, owner, receiver, wake } = slept(23)
    // Whoever has only a copy of the key file has no page.
    const [first] = realm.world.realms
    const newest = { ...first!, epoch: 1, epochKey: new Uint8Array(32).fill(1) }
    const before = realm.world.knownTo
    realm.world.knownTo = () => ({ realm: newest })
    realm.member(true)
    realm.world.knownTo = before
    for (const one of [owner, receiver]) realm.world.end(one)
    realm.wait(10_000)
    const visitor = wake()
    realm.wait(1000)
    const { told, tookMs } = visit(realm, visitor)
    expect(told?.behind).toBe(1)
    expect(tookMs).toBeGreaterThanOrEqual(LINGER_MS)
    expect(tookMs).toBeLessThan(LINGER_MS + 1000)
  })
})
