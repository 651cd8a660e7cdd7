/** What a program is told of topics that it has subscribed to and is not given. */
import { describe, expect, it, vi } from 'vitest'
import type { Bus } from '../../../bus/index.ts'
import { newIdentity } from '../../../bus/io/ed25519.ts'
import { grant, newRealm } from '../../../bus/io/grants.ts'
import { guestKeyText } from '../../../bus/io/guest-key.ts'
import { guestKeyOf } from '../../../bus/io/guest-ring.ts'
import { identityName } from '../../../bus/io/identity.ts'
import { parseKey } from '../../../bus/io/key-text.ts'
import { acquainted, network } from './company.ts'

const realm = 'plant'

function told(bus: Bus): string[] {
  const found: string[] = []
  void (async () => {
    for await (const event of bus.events()) {
      if (event.type === 'withheld') found.push(`${event.reason} ${event.topic} ${event.from}`)
    }
  })()
  return found
}

async function estate() {
  const { key, owner } = newRealm(realm)
  const invited = async (publish: string[], subscribe: string[]) => {
    const identity = newIdentity()
    const until = new Date(Date.now() + 3_600_000)
    const to = identityName(identity)
    const rights = await grant({ realm, key, issuer: owner, until, to, publish, subscribe })
    return { realm, key, identity, rights }
  }
  return { key, invited }
}

describe('a topic that is withheld', () => {
  it('is told of by the rights that do not let it be read', async () => {
    const { invited } = await estate()
    const join = network()
    const sensor = await join(await invited(['**'], []))
    const desk = await join(await invited([], ['hall/**']))
    await acquainted(sensor, desk)
    const found = told(desk)
    desk.subscribe('office/*')
    sensor.publish('cellar/door', 1)
    sensor.publish('office/door', 1)
    sensor.publish('hall/door', 1)
    await vi.waitFor(() => expect(found).toEqual([`rights office/door ${sensor.id}`]), WAIT)
  })

  it("is told of by the guest's key that does not open it", async () => {
    const { key, invited } = await estate()
    const join = network()
    const sensor = await join(await invited(['**'], []))
    const ring = guestKeyText(await guestKeyOf(realm, parseKey(key, 'it'), ['hall/**']))
    const guest = await join({ ...(await invited([], ['**'])), key: ring })
    await acquainted(sensor, guest)
    const found = told(guest)
    guest.subscribe('**')
    sensor.publish('office/door', 1)
    await vi.waitFor(() => expect(found).toEqual([`key office/door ${sensor.id}`]), WAIT)
  })

  it('is told of by the proof that its publisher does not give', async () => {
    const join = network()
    const [sensor, desk] = [await join(), await join()]
    await acquainted(sensor, desk)
    const found = told(desk)
    desk.subscribe('a', { proof: 'each' })
    sensor.publish('a', 1)
    await vi.waitFor(() => expect(found).toEqual([`proof a ${sensor.id}`]), WAIT)
  })
})

const WAIT = { timeout: 8000 }
